#!/bin/bash
# HUGETLB_REQUIRE=yes stops a program at its start when the huge pages asked for are not available.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

run() {
	preloaded HUGETLB_REQUIRE=yes "$@" /bin/echo started >"$work/out" 2>"$work/err"
}

expect_refusal() {
	run "$@"
	local status=$?
	[ $status = 125 ] || { show "$work/err"; fail "$*: exit status $status, not 125"; }
	[ ! -s "$work/out" ] || fail "$*: the program was started"
	grep -q 'HUGETLB_REQUIRE: the program is not started' "$work/err" || { show "$work/err"; fail "$*: no line says so"; }
	# What was wrong may have a line of its own.
	(($(lines_of_ours "$work/err") <= 2)) || { show "$work/err"; fail "$*: more than two lines"; }
}

expect_refusal HUGETLB_MORECORE=certainly
expect_refusal HUGETLB_MORECORE=3M
expect_refusal HUGETLB_MORECORE=yes GLIBC_TUNABLES=glibc.malloc.hugetlb=1
run HUGETLB_MORECORE=no || fail "nothing was asked for: exit status $?"
run HUGETLB_MORECORE=thp || { show "$work/err"; fail "THP: exit status $?"; }
need_pages 50 2M
run HUGETLB_MORECORE=yes || { show "$work/err"; fail "exit status $?"; }
[ "$(cat "$work/out")" = started ] || fail "no output"
set_pool 0
expect_refusal HUGETLB_MORECORE=yes
