#!/bin/bash
# What tools and the report print: no wider than a terminal, wider where there is room; colours and
# signs beyond ASCII on a terminal only, and not where NO_COLOR or the locale forbids them.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program python3
hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat is not built"

# on_terminal <columns> <variable=value> ... -- <program> <argument> ...: its output as a terminal gets it
on_terminal() {
	python3 - "$@" <<-'END' >"$work/screen" 2>"$work/err"
		import fcntl, os, pty, select, struct, sys, termios
		columns, words = int(sys.argv[1]), sys.argv[2:]
		settings, program = words[:words.index("--")], words[words.index("--") + 1:]
		# The program's end stays open here, too: a terminal that nobody has open may lose output.
		terminal, other_end = pty.openpty()
		fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
		pid = os.fork()
		if not pid:
		    os.setsid()
		    fcntl.ioctl(other_end, termios.TIOCSCTTY, 0)
		    for descriptor in 0, 1, 2:
		        os.dup2(other_end, descriptor)
		    os.closerange(3, 100)
		    os.environ.update(setting.split("=", 1) for setting in settings)
		    os.execvp(program[0], program)
		out, ended = b"", False
		while not ended:
		    ended = os.waitpid(pid, os.WNOHANG)[0]
		    while select.select([terminal], [], [], 0 if ended else 0.01)[0]:
		        out += os.read(terminal, 65536)
		sys.stdout.buffer.write(out.replace(b"\r", b""))
	END
}

# no_wider_than <columns> <file>: counted without colours
no_wider_than() {
	sed 's/\x1b\[[0-9;]*m//g' "$2" | python3 -c 'import sys
for line in sys.stdin.buffer.read().decode().splitlines():
    if len(line) > int(sys.argv[1]):
        sys.exit("too wide: " + line)' "$1" || fail "wider than $1 columns"
}

sleep 60 &
process=$!
at_end "kill $process 2>/dev/null"
until [ "$(cat /proc/$process/comm)" = sleep ]; do sleep 0.02; done

for columns in 80 200; do
	on_terminal $columns TERM=xterm LC_ALL=C.UTF-8 -- "$hugestat" $process
	grep -q 'other mappings' "$work/screen" || { show "$work/screen" "$work/err"; fail "no table"; }
	no_wider_than $columns "$work/screen"
	grep -q $'\xe2\x96\x91' "$work/screen" || { show "$work/screen"; fail "no bars of a UTF-8 terminal"; }
	! grep -q -- '----' "$work/screen" || fail "bars of ASCII on a UTF-8 terminal"
	on_terminal $columns TERM=xterm LC_ALL=C NO_COLOR=1 -- "$hugestat" $process
	! grep -qP '[^\x00-\x7f]|\x1b' "$work/screen" || { show "$work/screen"; fail "colours or UTF-8 unasked"; }
	grep -q -- '-----' "$work/screen" || fail "no bars"
done
grep -q 'in memory' "$work/screen" || { show "$work/screen"; fail "200 columns are not used"; }

# --watch, and the library's report
on_terminal 80 TERM=xterm LC_ALL=C.UTF-8 -- "$hugestat" --watch --count=1 $process
grep -q $'\xe2\x96\x91' "$work/screen" || { show "$work/screen"; fail "--watch: no bars of UTF-8"; }
for settings in "LC_ALL=C.UTF-8 yes" "LANG=en_GB.utf8 yes" "LC_CTYPE=de_DE.UTF-8@euro yes" "LANG=C no" \
		"LC_ALL=C no" "LANG=de_DE.ISO-8859-1 no"; do
	# what this test was started with must not decide
	on_terminal 80 TERM=xterm LC_ALL= LC_CTYPE= LANG=C.UTF-8 "${settings% *}" -- \
		env LD_PRELOAD="$LIB" HUGETLB_REPORT=2 "$helpers/print-heap"
	grep -q $'\xe2\x96\x91' "$work/screen" && has_utf8=yes || has_utf8=no
	[ "$has_utf8" = "${settings##* }" ] ||
		{ show "$work/screen" "$work/err"; fail "report with $settings: UTF-8 $has_utf8"; }
	sed -n '/^libhugetlbfs: /,$p' "$work/screen" >"$work/report"
	no_wider_than 80 "$work/report"
done

# A program with huge pages has a bar to colour.
if (($(pool_value 2M free_hugepages) - $(pool_value 2M resv_hugepages) >= 50)); then
	for settings in "TERM=xterm yes" "TERM=xterm NO_COLOR=1 no" "TERM=dumb no"; do
		# shellcheck disable=SC2086 # words
		on_terminal 80 ${settings% *} -- "$hugestat" -- env LD_PRELOAD="$LIB" HUGETLB_MORECORE=yes \
			"$helpers/print-heap"
		grep -q $'\e\\[36m' "$work/screen" && colored=yes || colored=no
		[ "$colored" = "${settings##* }" ] || { show "$work/screen"; fail "$settings: colour $colored"; }
		# shellcheck disable=SC2086 # words
		on_terminal 80 ${settings% *} -- env LD_PRELOAD="$LIB" HUGETLB_MORECORE=yes HUGETLB_REPORT=2 \
			"$helpers/print-heap"
		grep -q $'\e\\[36m' "$work/screen" && colored=yes || colored=no
		[ "$colored" = "${settings##* }" ] || { show "$work/screen"; fail "report, $settings: colour $colored"; }
	done
	LD_PRELOAD=$LIB HUGETLB_MORECORE=yes python3 -c 'import time
block = bytearray(40 << 20)
print("ready", flush=True)
time.sleep(100)' >"$work/ready" &
	python=$!
	at_end "kill $python 2>/dev/null"
	until grep -q ready "$work/ready"; do sleep 0.02; done
	on_terminal 80 TERM=xterm -- "$hugestat" --watch --count=1 $python
	grep -q $'\e\\[36m#*\e\\[0m' "$work/screen" || { show "$work/screen"; fail "--watch: no colour"; }
	no_wider_than 80 "$work/screen"
	kill $python
	# the report in a file and on terminals
	preloaded HUGETLB_MORECORE=yes HUGETLB_MMAP=yes "HUGETLB_REPORT=$work/report" "$helpers/print-heap" \
		>/dev/null || fail "exit status $?"
	no_wider_than 80 "$work/report"
	for columns in 80 200; do
		on_terminal $columns TERM=xterm -- env LD_PRELOAD="$LIB" HUGETLB_MORECORE=yes HUGETLB_REPORT=2 \
			"$helpers/print-heap"
		sed -n '/^libhugetlbfs: /,$p' "$work/screen" >"$work/report"
		no_wider_than $columns "$work/report"
	done
	grep -q 'in memory.*hugetlb 2M' "$work/report" || { show "$work/report"; fail "200 columns are not used"; }
fi

# Files and pipes: plain text of 80 columns.
"$hugestat" $process >"$work/out"
no_wider_than 80 "$work/out"
! grep -qP '[^\x00-\x7f]|\x1b' "$work/out" || { show "$work/out"; fail "colours or UTF-8 in a file"; }
