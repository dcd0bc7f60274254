#!/bin/bash
# HUGETLB_REPORT writes to FIFOs, a full disk, closed descriptors and relative paths without blocking,
# ending or overwriting anything of the program. One line says what could not be written.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

# reported <target> <script> <argument> ...: of a shell with that exit status; its standard error in err.
# timeout(1) must not be one of those that report.
reported() {
	local target=$1 script=$2 status
	shift 2
	timeout 20 bash -c 'export "LD_PRELOAD=$1" "HUGETLB_REPORT=$2"; shift 2; exec bash -c "$@"' - \
		"$LIB" "$target" "$script; exit 7" "$@" 2>"$work/err"
	status=$?
	[ $status = 7 ] || { show "$work/err"; fail "$target, $script: exit status $status"; }
}

# one_line <words>
one_line() {
	[ "$(wc -l <"$work/err")" = 1 ] && grep -qF "WARNING: HUGETLB_REPORT: $1 cannot be written" "$work/err" ||
		{ show "$work/err"; fail "not told, or more than that: $1"; }
}

is_table() {
	[ "$(grep -c 'process [0-9]*: kB in memory, and on each kind of page' "$1")" = 1 ] ||
		{ show "$1"; fail "no table in $1"; }
}

mkfifo "$work/fifo"
reported "$work/fifo" :
one_line "$work/fifo"
reported /dev/full :
one_line /dev/full

# A FIFO with a reader gets the table.
exec 7<>"$work/fifo"
reported "$work/fifo" :
exec 8<"$work/fifo" 7<&-
timeout 100 cat <&8 >"$work/out"
is_table "$work/out"
[ ! -s "$work/err" ] || { show "$work/err"; fail "something to say"; }

# Standard output: a pipe that nobody reads, closed, and a file of the program's.
exec 6>"$work/fifo" 8<&-
reported - : >&6
one_line "standard output"
exec 6>&-
reported - : >&-
one_line "standard output"
reported - 'exec 1>&-'
one_line "standard output"
reported - 'exec 1>"$0"; echo mine' "$work/own"
one_line "standard output"
[ "$(cat "$work/own")" = mine ] || { show "$work/own"; fail "written into the program's file"; }
reported - : >"$work/out"
is_table "$work/out"

# Standard error that became another file gets nothing; it still is the same file after dup.
reported 2 'exec 2>"$0"; echo mine >&2' "$work/own"
[ "$(cat "$work/own")" = mine ] && [ ! -s "$work/err" ] ||
	{ show "$work/own" "$work/err"; fail "written into the program's file as 2"; }
reported 2 'exec 5>&2 2>&- 2>&5'
is_table "$work/err"

# A relative path is below where the program was started.
(cd "$work" && mkdir elsewhere && reported relative 'cd elsewhere') || exit 1
is_table "$work/relative"
[ ! -e "$work/elsewhere/relative" ] || fail "a relative path is below where the program ended"
(cd "$work/elsewhere" && reported relative 'rmdir "$PWD"')
[ $? = 0 ] && one_line "$work/elsewhere/relative"

# A name with a terminal's codes in it.
timeout 20 bash -c 'export "LD_PRELOAD=$1" HUGETLB_REPORT=2; exec -a "$2" bash -c "exit 7"' - "$LIB" \
	$'x\033[31m\302\233\n' 2>"$work/err"
is_table "$work/err"
! LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$work/err" ||
	{ cat -v "$work/err"; fail "a name reaches the terminal as it is"; }
