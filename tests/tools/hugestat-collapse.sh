#!/bin/bash
# hugestat --collapse puts memory of a program that runs on huge pages: its content stays, what is
# sparse stays, the rate is kept, and what is missing is said.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program python3
need_root
[ -e /sys/kernel/mm/transparent_hugepage/enabled ] || skip "this kernel has no transparent huge pages"
! grep -qF '[always]' /sys/kernel/mm/transparent_hugepage/enabled || skip "all memory is on huge pages already"
case $(uname -r) in [0-5].* | 6.0.*) skip "needs Linux 6.1" ;; esac

# 32M that are full, 32M of which each 64th page is there; prints a digest of the memory when asked.
cat >"$work/memory.py" <<'END'
import ctypes, hashlib, mmap, sys
libc = ctypes.CDLL(None)
full = mmap.mmap(-1, 34 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, len(full), 4096):
    full[page] = page >> 12 & 255
sparse = mmap.mmap(-1, 34 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, len(sparse), 64 * 4096):
    sparse[page] = 1
print(hashlib.sha256(full).hexdigest(), flush=True)
for line in sys.stdin:
    print(hashlib.sha256(full).hexdigest(), flush=True)
END

start_program() {
	mkfifo "$work/wait"
	"$@" <"$work/wait" >"$work/digests" 2>&1 9>&- &
	program=$!
	at_end "kill $program 2>/dev/null; wait $program 2>/dev/null"
	exec 8>"$work/wait"
	until_written "$work/digests" $program || fail "the program is not ready"
}

value() {
	python3 -c 'import json, sys; print(eval(sys.argv[2], {"p": json.load(open(sys.argv[1]))[0]}))' \
		"$work/json" "$1"
}

huge_kb() {
	awk '$1 == "AnonHugePages:" { kb += $2 } END { print kb }' /proc/$program/smaps
}

compact
start_program python3 "$work/memory.py"
before=$(huge_kb)
start=$EPOCHREALTIME
"$hugestat" --collapse --part=heap --rate=16M --json $program >"$work/json" || {
	show "$work/json"
	fail "exit status $?"
}
seconds=$(awk -v start="$start" -v now="$EPOCHREALTIME" 'BEGIN { print int(now - start) }')
after=$(huge_kb)
((after - before >= 24 << 10)) || { show "$work/json"; fail "from $before to $after kB on huge pages"; }
((after - before <= 48 << 10)) || fail "sparse memory was put on huge pages: $before to $after kB"
[ "$(value 'p["huge_kb"]')" = "$after" ] || fail "huge_kb is not what smaps have: $after"
(($(value 'p["pages"]["sparse"]') >= 15)) || { show "$work/json"; fail "sparse pages are not counted"; }
((seconds >= 1)) || fail "32M at 16M a second in $seconds s"
echo >&8
until [ "$(wc -l <"$work/digests")" = 2 ]; do sleep 0.05; done
[ "$(uniq "$work/digests" | wc -l)" = 1 ] || fail "the memory has another content"

# For people, and a second time there is nothing to gain.
"$hugestat" --collapse --part heap $program >"$work/out" || { show "$work/out"; fail "exit status $?"; }
grep -qE "^ +[0-9]+ pages of 2048 kB are huge now\$" "$work/out" || { show "$work/out"; fail "not told"; }
! grep '.\{81\}' "$work/out" || fail "more than 80 columns"
[ "$(huge_kb)" = "$after" ] || fail "a second time changes something"

# Text: only what is a file's and executable, if anything.
"$hugestat" --collapse --part=text --json $program >"$work/json" 2>&1
[ "$(huge_kb)" = "$after" ] || fail "--part=text touches anonymous memory"

# Who may not, and what is no process.
if command -v setpriv >/dev/null; then
	chmod 711 "$work"
	cp "$hugestat" "$work/hugestat"
	setpriv --reuid 65534 --clear-groups "$work/hugestat" --collapse $program >"$work/out" 2>"$work/err" &&
		fail "another user's process is collapsed"
	grep -q "another user's" "$work/err" || { show "$work/err"; fail "why not is not told"; }
	mkdir -m 777 "$work/other"
	cat >"$work/own.sh" <<-'END'
		python3 -c "
		x = bytearray(32 << 20)
		for i in range(0, 32 << 20, 4096): x[i] = 1
		print(1, flush=True)
		import time; time.sleep(20)" >"$1/other/ready" &
		until [ -s "$1/other/ready" ]; do sleep 0.05; done
		"$1/hugestat" --collapse $!
		status=$?
		kill $!
		exit $status
	END
	sed -i 's/^\t*//' "$work/own.sh"
	setpriv --reuid 65534 --clear-groups bash "$work/own.sh" "$work" >"$work/out" 2>"$work/err" 8>&- &&
		fail "no right is needed: the man page says that CAP_SYS_NICE is"
	grep -q 'needs CAP_SYS_NICE and the right to trace the process' "$work/err" ||
		{ show "$work/err"; fail "the missing right is not named"; }
fi
refused() {
	"$hugestat" "$@" >"$work/out" 2>"$work/err" && fail "$*: accepted"
	grep -q '^hugestat: ' "$work/err" || { show "$work/err"; fail "$*: not our line"; }
}
refused --collapse
refused --collapse --pages $program
refused --part=heap $program
refused --rate=1M $program
exec 8>&-
