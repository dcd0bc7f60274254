#!/bin/bash
# Memory of others beside the break: the heap goes on above it, hints near the text are honoured, and a
# break that is raised and lowered again keeps nothing.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 300 2M
program=$helpers/break-and-others

run() {
	preloaded HUGETLB_MORECORE=yes "$program" "$1" >"$work/out" 2>"$work/err" ||
		{ show "$work/out" "$work/err"; fail "$1: exit status $?"; }
	no_lines_of_ours "$work/err"
	cat "$work/out"
}

kb=$(run brk) || { echo "$kb"; exit 1; }
((kb >= 60000)) || fail "beside a raised break $kb of 65536 kB are huge"
taken=$(run hints) || { echo "$taken"; exit 1; }
plain=$("$program" hints)
((taken == plain)) || fail "$taken of $plain hints were honoured"
kb=$(run probe) || { echo "$kb"; exit 1; }
((kb <= 4096)) || fail "$kb kB stay huge after the break was lowered"
