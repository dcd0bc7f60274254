#!/bin/bash
# The heap of gperftools' tcmalloc, which grows by sbrk, is on huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 150 2M
library=$({ ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -oE '/.*/libtcmalloc(_minimal)?\.so\.[0-9]+$' |
	head -n 1)
[ -n "$library" ] || skip "needs libtcmalloc"
for order in "$library $LIB" "$LIB $library"; do
	env LD_PRELOAD="$order" HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.95 "$cases/small-blocks" 200 \
		2>"$work/err" || { show "$work/err"; fail "LD_PRELOAD=$order: exit status $?"; }
	env LD_PRELOAD="$order" HUGETLB_MORECORE=yes "$cases/threads" 8 2>>"$work/err" ||
		{ show "$work/err"; fail "threads with LD_PRELOAD=$order: exit status $?"; }
	env LD_PRELOAD="$order" HUGETLB_MORECORE=yes "$cases/fork" both-write 2>>"$work/err" ||
		{ show "$work/err"; fail "fork with LD_PRELOAD=$order: exit status $?"; }
	no_lines_of_ours "$work/err"
done
