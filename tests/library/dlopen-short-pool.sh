#!/bin/bash
# Libraries loaded by dlopen run on small pages when the pool is too small or empty, with one
# warning.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/dlopen.sh"

source=big-data
make_library "$work/libfirst.so" 1
make_library "$work/libsecond.so" 2 -Wl,-z,max-page-size=0x200000
source=big-text
make_library "$work/libthird.so" 3
libraries=("$work/libfirst.so" "$work/libsecond.so" "$work/libthird.so")

short() {
	preloaded HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_OBJECTS=all "$@" >"$work/out" 2>"$work/err" ||
		{ show "$work/out" "$work/err"; fail "exit status $?: $*"; }
	[ "$(cat "$work/out")" = "done" ] || { show "$work/out"; fail "another output: $*"; }
	[ "$(wc -l <"$work/err")" = 1 ] || { show "$work/err"; fail "not one line: $*"; }
	grep -q 'WARNING: .*: [0-9]* of [0-9]* kB ([0-9]* %) are on hugetlb pages (the pool of 2048 kB pages is short' \
		"$work/err" || { show "$work/err"; fail "another line: $*"; }
	[ "$(pool_value 2M free_hugepages)" = "$pages" ] || fail "pages did not go back: $*"
}

for pages in 5 0; do
	set_pool $pages
	short "$helpers/dlopen-libraries" 2 "${libraries[@]}"
	short "$helpers/dlopen-libraries" threads 2 "${libraries[@]}"
	short "$helpers/dlopen-libraries" forks 8 "${libraries[@]}"
	# where to have fallen short means not to start, it started
	short HUGETLB_REQUIRE=yes "$helpers/dlopen-libraries" 1 "${libraries[@]}"
done
