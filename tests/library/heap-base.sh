#!/bin/bash
# HUGETLB_MORECORE_HEAPBASE sets the address of the heap; an address that is not available gives one
# line.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 50 2M
preloaded HUGETLB_MORECORE=yes HUGETLB_MORECORE_HEAPBASE=0x600000000000 HUGETLB_DEBUG=yes \
	"$cases/small-blocks" 40 2>"$work/err" || { show "$work/err"; fail "exit status $?"; }
grep -q 'heapaddr = 0x600000000000' "$work/err" || { show "$work/err"; fail "another heapaddr"; }
# Not on a huge page's boundary, in the kernel's half, and where the program itself is not.
for base in 300000001000 ffff800000000000 1000 7fffffffffff; do
	preloaded HUGETLB_MORECORE=yes HUGETLB_MORECORE_HEAPBASE=0x$base "$cases/small-blocks" 40 \
		2>"$work/err" || { show "$work/err"; fail "$base: exit status $?"; }
	(($(lines_of_ours "$work/err") <= 1)) || { show "$work/err"; fail "$base: more than one line"; }
done
