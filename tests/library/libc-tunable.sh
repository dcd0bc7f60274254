#!/bin/bash
# With glibc.malloc.hugetlb set, the library leaves the heap alone and prints one line.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

for tunable in 1 2 2097152; do
	preloaded HUGETLB_MORECORE=yes "GLIBC_TUNABLES=glibc.malloc.hugetlb=$tunable" HUGETLB_DEBUG=yes \
		"$cases/small-blocks" 20 2>"$work/err" || { show "$work/err"; fail "exit status $?"; }
	grep -q 'heapaddr' "$work/err" && fail "the heap was moved all the same"
	preloaded HUGETLB_MORECORE=yes "GLIBC_TUNABLES=glibc.malloc.hugetlb=$tunable" \
		"$cases/small-blocks" 20 2>"$work/err" || { show "$work/err"; fail "exit status $?"; }
	[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "not one line"; }
	grep -q 'glibc.malloc.hugetlb' "$work/err" || { show "$work/err"; fail "it is not named"; }
done
# Other tunables are no such decision.
need_pages 150 2M
same_as_plain HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.99 GLIBC_TUNABLES=glibc.malloc.tcache_count=0 -- \
	"$cases/small-blocks" 50
same_as_plain HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.99 GLIBC_TUNABLES=glibc.malloc.hugetlb=0 -- \
	"$cases/small-blocks" 50
