#!/bin/bash
# A value that is not understood gives one line on stderr and does no harm. An empty value means
# unset, or gives a line too.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

garbage=("certainly" "" " " "2Q" "-1" "99999999999999999999999999" "0x" "2M garbage" "2MM" "%s%n%x"
	"$(printf 'x%.0s' {1..5000})" $'\001\377' "=" "yes=no" "/nowhere/at all")
variables=(HUGETLB_MORECORE HUGETLB_DEFAULT_PAGE_SIZE HUGETLB_MORECORE_HEAPBASE HUGETLB_MORECORE_SHRINK
	HUGETLB_NO_RESERVE HUGETLB_VERBOSE HUGETLB_PATH HUGETLB_RESTRICT_EXE HUGETLB_FORK HUGETLB_SHM
	HUGETLB_ELFMAP HUGETLB_ELFMAP_OBJECTS HUGETLB_ELFMAP_BACKING HUGETLB_ELFMAP_MERGE HUGETLB_FORCE_ELFMAP HUGETLB_MINIMAL_COPY HUGETLB_SHARE HUGETLB_SHARE_PATH
	HUGETLB_FEATURES HUGETLB_DEBUG HUGETLB_NO_PREFAULT HUGETLB_CONFIG)

run() {
	preloaded "$@" /bin/sh -c 'echo output; exit 3' >"$work/out" 2>"$work/err"
	local status=$?
	[ $status = 3 ] || { show "$work/err"; fail "${*:0:80}: exit status $status"; }
	[ "$(cat "$work/out")" = output ] || { show "$work/out"; fail "${*:0:80}: another output"; }
	grep -v '^libhugetlbfs' "$work/err" >"$work/foreign" && { show "$work/foreign"; fail "${*:0:80}"; }
	return 0
}

for variable in "${variables[@]}"; do
	for value in "${garbage[@]}"; do
		run "$variable=$value"
		# Debugging is asked for by any value, and so are levels.
		[[ $variable = HUGETLB_DEBUG || $variable = HUGETLB_VERBOSE ]] && continue
		(($(lines_of_ours "$work/err") <= 1)) ||
			{ show "$work/err"; fail "$variable=$value: more than one line"; }
	done
done

# Where a value can only be wrong, the line is there, names the variable, and the heap is not touched.
for setting in HUGETLB_MORECORE=certainly HUGETLB_MORECORE=2Q HUGETLB_MORECORE=99999999999999999999999 \
	HUGETLB_MORECORE=3M HUGETLB_DEFAULT_PAGE_SIZE=2Q HUGETLB_MORECORE_HEAPBASE=zero \
	HUGETLB_MORECORE_SHRINK=perhaps HUGETLB_NO_RESERVE=perhaps HUGETLB_VERBOSE=loud \
	HUGETLB_FORK=spoon HUGETLB_CONFIG=relative/path; do
	run HUGETLB_MORECORE=thp "$setting"
	[ "$(lines_of_ours "$work/err")" = 1 ] ||
		{ show "$work/err"; fail "$setting: not one line"; }
	grep -q "${setting%=*}" "$work/err" || { show "$work/err"; fail "$setting is not named"; }
done

# A default size that the machine lacks is a matter of one line; all features use the system's.
run HUGETLB_MORECORE=yes HUGETLB_MMAP=yes HUGETLB_ELFMAP=RW HUGETLB_DEFAULT_PAGE_SIZE=4M
[ "$(grep -c 'HUGETLB_DEFAULT_PAGE_SIZE.*using the system' "$work/err")" = 1 ] ||
	{ show "$work/err"; fail "a default size that is missing: not one line"; }
