#!/bin/bash
# With HUGETLB_SHARE=1 a program runs its own text when any one of the library's system calls fails,
# with and without an existing copy. What is left is nothing or a complete copy.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/share.sh"

mount_for_sharing
align_program
need_pages 30 2M
LIB=$BUILD/tests/libhugetlbfs-faults.so
before=$(free_pages)

run() {
	sharing "$@" "$program" >"$work/out" 2>"$work/err" 3>"$work/count" ||
		{ show "$work/err"; fail "$*: exit status $?"; }
	grep -qx 'version 1' "$work/out" || { show "$work/out"; fail "$*: another output"; }
	(($(lines_of_ours "$work/err") <= 2)) || { show "$work/err"; fail "$*: too many lines"; }
}

run FAULT_COUNT_FD=3
calls=$(cat "$work/count")
((calls > 50)) || fail "only $calls calls"
for ((n = 1; n <= calls; n++)); do
	run FAULT_CALL=$n
	[ "$(copies_there)" -le 1 ] || fail "call $n: $(copies_there) files"
	# there is one now; or there is one again
	run
	run FAULT_CALL=$n FAULT_ERRNO=1
	run
	[ "$(copies_there)" = 1 ] || fail "call $n: no copy afterwards"
	rm "$copies"/*
	[ "$(free_pages)" = "$before" ] || fail "call $n: $((before - $(free_pages))) pages are lost"
done
run FAULT_FROM=1
