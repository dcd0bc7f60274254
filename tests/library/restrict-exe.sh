#!/bin/bash
# HUGETLB_RESTRICT_EXE enables the library only in the programs it names.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 150 2M
run() {
	preloaded HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.9 "HUGETLB_RESTRICT_EXE=$1" \
		"$cases/small-blocks" 50 2>"$work/err"
}
for list in small-blocks other:small-blocks small-blocks:other; do
	run "$list" || { show "$work/err"; fail "$list: exit status $?"; }
done
for list in other small-block small-blocks2 "${cases##*/}" other:; do
	run "$list" && fail "$list: takes part all the same"
	no_lines_of_ours "$work/err"
done
