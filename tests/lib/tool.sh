# What the tests of one tool share; sourced after test.sh, with tool_name set: the variable of that
# name is the program (a test may let it be another one). refusal_status is what bad input ends with.
# SPDX-License-Identifier: LGPL-2.1-or-later

# succeeds <argument> ...: exit status 0, and nothing on stderr. Leaves out and err.
succeeds() {
	"${!tool_name}" "$@" >"$work/out" 2>"$work/err" || {
		show "$work/out" "$work/err"
		fail "$tool_name $*: exit status $?"
	}
	[ ! -s "$work/err" ] || {
		show "$work/err"
		fail "$tool_name $* had something to say"
	}
}

# fails_saying <message> <argument> ...: that one line on stderr, and the exit status.
fails_saying() {
	local message=$1 status
	shift
	"${!tool_name}" "$@" >"$work/out" 2>"$work/err"
	status=$?
	[ $status = "$refusal_status" ] ||
		fail "$tool_name $*: exit status $status, not $refusal_status"
	says "$tool_name: $message"
}

# refuses <message> <argument> ...: the same, and nothing on stdout.
refuses() {
	fails_saying "$@"
	[ ! -s "$work/out" ] ||
		{ show "$work/out"; fail "$tool_name ${*:2}: something on standard output"; }
}

# misuses <message> <argument> ...: a command line that the tool can't read: that line, at most one with
# the option that was meant, and the usage.
misuses() {
	local message=$1 status
	shift
	"${!tool_name}" "$@" >"$work/out" 2>"$work/err"
	status=$?
	[ $status = "$refusal_status" ] ||
		fail "$tool_name $*: exit status $status, not $refusal_status"
	is_misuse "$tool_name" "$message" || { show "$work/err"; fail "$tool_name $*: not this line: $message"; }
	[ ! -s "$work/out" ] || { show "$work/out"; fail "$tool_name $*: something on standard output"; }
}

# is_misuse <tool> <message>: is that, and the usage, what is in $work/err?
is_misuse() {
	[ "$(head -n 1 "$work/err")" = "$1: $2" ] &&
		[ "$(tail -n 1 "$work/err")" = "To list the options: $1 --help" ] &&
		[ "$(grep -c "^Usage: $1 " "$work/err")" = 1 ]
}

# One line on stderr, that one.
says() {
	[ "$(cat "$work/err")" = "$1" ] || {
		show "$work/err"
		fail "not this line: $1"
	}
}

# complete_words <word> ...: what bash offers for the last one, by the completion of the tool
complete_words() {
	"${!tool_name}" --print-completion=bash >"$work/bash" || fail "no completion for bash"
	bash -c '. "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2)); "_$2"
		printf "%s\n" "${COMPREPLY[@]}"' - "$work/bash" "$@"
}
