#!/bin/bash
# HUGETLB_DEBUG and HUGETLB_VERBOSE print the lines that people and tools search for, when they are
# true.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 50 2M
for setting in HUGETLB_DEBUG=yes HUGETLB_VERBOSE=99; do
	preloaded HUGETLB_MORECORE=yes "$setting" "$cases/small-blocks" 20 2>"$work/err" ||
		fail "exit status $?"
	while read -r line; do
		grep -qE "^libhugetlbfs \[[^]:]+:[0-9]+\]: (INFO|DEBUG): .*$line" "$work/err" ||
			{ show "$work/err"; fail "$setting: no line with $line"; }
	done <<-'END'
		Found pagesize 2048 kB
		Detected page sizes:
		 +Size: 2048 kB \(default\)
		setup_morecore\(\): heapaddr = 0x[0-9a-f]+
		hugetlbfs_morecore\([0-9-]+\) = \.\.\.
		heapbase = 0x[0-9a-f]+, heaptop = 0x[0-9a-f]+, mapsize = [0-9a-f]+, delta=[0-9-]+
		Attempting to map [0-9]+ bytes
		\.\.\. = 0x[0-9a-f]+
	END
	grep -v '^libhugetlbfs \[' "$work/err" && fail "a line without our prefix"
done
preloaded HUGETLB_MORECORE=yes HUGETLB_VERBOSE=0 HUGETLB_MORECORE_SHRINK=perhaps /bin/true 2>"$work/err"
[ ! -s "$work/err" ] || { show "$work/err"; fail "HUGETLB_VERBOSE=0 is not silent"; }
