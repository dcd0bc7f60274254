#!/bin/bash
# A closed stderr is not written to, nor is a file of the program's own that took its number.
. "$(dirname "$0")/lib.sh"

# Everything there is to say is to be said here, from the start to the end.
settings=(HUGETLB_MORECORE=yes HUGETLB_DEBUG=yes HUGETLB_VERBOSE=99)
preloaded "${settings[@]}" "$programs/small-blocks" 20 2>"$work/err" || fail "exit status $?"
(($(lines_of_ours "$work/err") > 0)) || fail "nothing is said at all"
preloaded "${settings[@]}" "$programs/small-blocks" 20 2>&- || fail "stderr closed: exit status $?"
preloaded "${settings[@]}" "$programs/own-stderr" "$work/own" 2>"$work/err" ||
	fail "stderr replaced: exit status $?"
[ "$(cat "$work/own")" = "of the program" ] || { show "$work/own"; fail "written to a program's file"; }
preloaded "${settings[@]}" HUGETLB_REPORT=2 "$programs/own-stderr" "$work/own" 2>"$work/err"
[ "$(cat "$work/own")" = "of the program" ] || { show "$work/own"; fail "reported to a program's file"; }
preloaded "${settings[@]}" "$programs/own-stderr" "$work/own" 2>&-
[ "$(cat "$work/own")" = "of the program" ] || { show "$work/own"; fail "written to a file as 2"; }
