#!/bin/bash
# A large share of the text of stock node and clang is on huge pages while they run, by smaps.
# node's text is in the program, clang's in its libraries.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

[ "$(uname -m)" = x86_64 ] || skip "knows 64-bit programs with pages of 2M"
need_program python3
tested=0

# is_waiting PID: until the process sleeps in a read of its standard input, loaded whole.
is_waiting() {
	local state tries
	for ((tries = 0; tries < 1000; tries++)); do
		[ -e "/proc/$1" ] || return 1
		state=$(cut -d' ' -f1,2 "/proc/$1/syscall" 2>/dev/null)
		[ "$state" = "0 0x0" ] && return 0
		sleep 0.1
	done
	return 1
}

# share_of LEAST OF-WHAT words…: OF-WHAT is "total", or "allowed": what whole pages allow. The program
# must read its standard input.
share_of() {
	local least=$1 of_what=$2 process total allowed huge
	shift 2
	rm -f "$work"/ld.* "$work/input"
	mkfifo "$work/input"
	# Held open until the figures are taken.
	exec 8<>"$work/input"
	(exec env LD_PRELOAD="$LIB" LD_DEBUG=files "LD_DEBUG_OUTPUT=$work/ld" "${settings[@]}" "$@" \
		<&8 >"$work/out" 2>"$work/err") &
	process=$!
	at_end "kill $process 2>/dev/null"
	is_waiting $process || { show "$work/err"; fail "$1 does not wait for input"; }
	no_lines_of_ours "$work/err"
	# shellcheck disable=SC2046
	read -r total allowed huge < <(python3 "$tests/helpers/huge-text.py" $process \
		$([ "$of_what" = allowed ] && ls "$work/ld.$process"))
	kill $process
	wait $process 2>/dev/null
	exec 8>&-
	[ -n "${huge-}" ] || fail "$1: no figures"
	echo "$1: $total kB of executable memory, $allowed kB in whole pages, $huge kB on huge pages"
	((allowed > 0)) || fail "$1 has no whole page of text"
	awk -v huge="$huge" -v whole="${!of_what}" -v least="$least" \
		'BEGIN { exit !(huge >= least * whole) }' || fail "$1: less than $least of $of_what"
	tested=$((tested + 1))
}

need_pages 200 2M
settings=(HUGETLB_ELFMAP=R)
if command -v node >/dev/null; then
	# A node of few functions, in front of a libnode, is not meant.
	(($(stat -Lc %s "$(command -v node)") > 20000000)) &&
		share_of 0.95 total node -e 'require("fs").readSync(0, Buffer.alloc(1))'
fi
settings=(HUGETLB_ELFMAP=R HUGETLB_ELFMAP_OBJECTS=all)
if command -v clang >/dev/null; then
	share_of 0.95 allowed clang -fsyntax-only -x c -
fi
((tested)) || skip "needs node or clang"
