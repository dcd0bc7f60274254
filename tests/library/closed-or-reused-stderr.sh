#!/bin/bash
# The library does not write to a closed stderr, or to a file of the program that is now descriptor
# 2.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

# Everything there is to say is to be said here, from the start to the end.
settings=(HUGETLB_MORECORE=yes HUGETLB_DEBUG=yes HUGETLB_VERBOSE=99)
preloaded "${settings[@]}" "$cases/small-blocks" 20 2>"$work/err" || fail "exit status $?"
(($(lines_of_ours "$work/err") > 0)) || fail "nothing is said at all"
preloaded "${settings[@]}" "$cases/small-blocks" 20 2>&- || fail "stderr closed: exit status $?"
preloaded "${settings[@]}" "$helpers/open-as-stderr" "$work/own" 2>"$work/err" ||
	fail "stderr replaced: exit status $?"
[ "$(cat "$work/own")" = "of the program" ] || { show "$work/own"; fail "written to a program's file"; }
preloaded "${settings[@]}" HUGETLB_REPORT=2 "$helpers/open-as-stderr" "$work/own" 2>"$work/err"
[ "$(cat "$work/own")" = "of the program" ] || { show "$work/own"; fail "reported to a program's file"; }
preloaded "${settings[@]}" "$helpers/open-as-stderr" "$work/own" 2>&-
[ "$(cat "$work/own")" = "of the program" ] || { show "$work/own"; fail "written to a file as 2"; }

# A report for standard output: no file of the program's own, and no pipe that nobody reads.
# shellcheck disable=SC2016 # the inner shell's
preloaded HUGETLB_REPORT=- bash -c 'exec >"$1"; printf "of the program"' - "$work/own" >"$work/out" ||
	fail "stdout replaced: exit status $?"
[ "$(cat "$work/own")" = "of the program" ] || { show "$work/own"; fail "reported to a program's own output"; }
preloaded HUGETLB_REPORT=- bash -c 'sleep 0.3; :' | true
status=${PIPESTATUS[0]}
[ "$status" = 0 ] || fail "a pipe that nobody reads: exit status $status"
preloaded HUGETLB_REPORT=- bash -c : >"$work/out"
grep -q "in memory" "$work/out" || { show "$work/out"; fail "no report on stdout"; }
