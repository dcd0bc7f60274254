#!/bin/bash
# valgrind's memcheck finds no error of the library's, and programs run under it as without it: text on
# huge pages, and parts of huge pages that are protected and moved.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program valgrind
need_pages 60 2M

# What memcheck says of the program itself is the same without the library; a frame of ours is in
# these files.
errors_of_ours() {
	grep -cE '\((share|sys|maps|mmap|split|exchange|verify|exact|helper|lock|patch|pagemap|aside)[a-z_]*\.[ch]:[0-9]+\)' "$1"
}

under_valgrind() {
	local settings=$1
	shift
	# shellcheck disable=SC2086
	env LD_PRELOAD="$LIB" $settings valgrind -q "$@" >"$work/out" 2>"$work/err" ||
		fail_with "$work/err" "$* fails under valgrind with $settings"
	[ "$(errors_of_ours "$work/err")" = 0 ] || fail_with "$work/err" "$*: errors of ours"
	valgrind -q "$@" >"$work/plain.out" 2>/dev/null
	cmp -s "$work/plain.out" "$work/out" || fail_with "$work/out" "$*: another output"
}

fail_with() {
	show "$1"
	fail "$2"
}

under_valgrind HUGETLB_ELFMAP=R "$cases/segments-probe" quiet
under_valgrind "HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=thp" "$cases/segments-probe" quiet
under_valgrind HUGETLB_MMAP=yes "$cases/calls-past-libc" in-valgrind
under_valgrind "HUGETLB_MMAP=yes HUGETLB_MORECORE=yes HUGETLB_VERBOSE=0" "$cases/fork" child-exits
