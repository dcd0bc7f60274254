#!/bin/bash
# A program that ends by quick_exit has its report, once, and its own handlers and exit status; one that
# ends by _exit has none.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program python3
# not a script that looks for one
python=$(python3 -c "import sys; print(sys.executable)")

# ended <code>: by the library; its exit status; the report is in $work/report
ended() {
	rm -f "$work/report"
	env LD_PRELOAD="$LIB" HUGETLB_REPORT="$work/report" "$python" -c "import ctypes, os
libc = ctypes.CDLL(None)
$1" >"$work/out" 2>"$work/err"
}

ended 'libc.quick_exit(5)'
status=$?
[ $status = 5 ] || { show "$work/err"; fail "exit status $status"; }
[ "$(grep -c 'process [0-9]*: kB in memory' "$work/report")" = 1 ] ||
	{ show "$work/report" "$work/err"; fail "no table, or two"; }
[ ! -s "$work/err" ] || { show "$work/err"; fail "something to say"; }
ended 'os._exit(6)'
[ $? = 6 ] && [ ! -s "$work/report" ] || fail "_exit has a report"
ended 'raise SystemExit(7)'
[ $? = 7 ] && [ "$(grep -c 'kB in memory' "$work/report")" = 1 ] || fail "exit has no report, or two"
