#!/bin/bash
# A program that ends by quick_exit or _exit has its report, once, and its own handlers and exit status; a
# forked child has its own, and a child of vfork none of its parent.
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
# tables <number> <status> <code>
tables() {
	ended "$3"
	status=$?
	[ $status = "$2" ] || { show "$work/err"; fail "$3: exit status $status"; }
	[ "$(grep -c 'kB in memory' "$work/report")" = "$1" ] || { show "$work/report"; fail "$3: not $1 tables"; }
	[ "$(grep 'kB in memory' "$work/report" | sort -u | wc -l)" = "$1" ] ||
		{ show "$work/report"; fail "$3: a process has two"; }
	[ ! -s "$work/err" ] || { show "$work/err"; fail "$3: something to say"; }
}
tables 1 6 'os._exit(6)'
tables 1 8 'libc._Exit(8)'
tables 1 7 'raise SystemExit(7)'
tables 1 3 'import threading, time
threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
os._exit(3)'
tables 2 4 'if os.fork() == 0: os._exit(5)
os.wait(); raise SystemExit(4)'
# _exit of an exit handler comes after the table or before it
tables 1 9 'import atexit
atexit.register(os._exit, 9)'
# in the child of vfork, which uses its parent's memory, and in the parent after it; before python 3.10
# it is fork, whose child has a table
of_both=1
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || of_both=2
tables $of_both 2 'import subprocess
try: subprocess.run(["/nowhere"])
except OSError: os._exit(2)'
# a crash handler on a stack of its own
tables 1 11 'import faulthandler, signal
signal.signal(signal.SIGUSR1, lambda *_: os._exit(11))
os.kill(os.getpid(), signal.SIGUSR1)'
