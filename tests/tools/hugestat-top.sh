#!/bin/bash
# hugestat --top: processes with huge pages first, with the kernel's own sums; faults per second from the
# second picture on.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program python3
need_pages 40 2M

cat >"$work/memory.py" <<'END'
import mmap, sys, time
huge = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
for page in range(0, 64 << 20, 2 << 20):
    huge[page] = 1
print("ready", flush=True)
while True:
    small = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    small.madvise(mmap.MADV_NOHUGEPAGE)
    for page in range(0, 4 << 20, 4096):
        small[page] = 1
    small.close()
    time.sleep(0.01)
END
python3 "$work/memory.py" >"$work/ready" 2>"$work/err" 9>&- &
program=$!
at_end "kill $program 2>/dev/null; wait $program 2>/dev/null"
until_written "$work/ready" $program || { show "$work/err"; fail "the program is not ready"; }

"$hugestat" --top --interval=0.3 --count=3 --json >"$work/json" || fail "exit status $?"
python3 - "$work/json" $program >"$work/said" <<'END' || { show "$work/said"; fail "other figures"; }
import json, sys
pictures = [json.loads(line) for line in open(sys.argv[1])]
assert len(pictures) == 3 and all(p["version"] == 1 for p in pictures)
for number, picture in enumerate(pictures):
    rows = picture["processes"]
    huge = [r["hugetlb_kb"] + r["thp_kb"] + r["file_thp_kb"] for r in rows]
    assert huge == sorted(huge, reverse=True), huge
    row = [r for r in rows if r["pid"] == int(sys.argv[2])][0]
    assert row["hugetlb_kb"] == 64 << 10 and row["memory_kb"] >= 68 << 10, row
    assert (row["faults_per_second"] is None) == (number == 0), row
    assert number == 0 or row["faults_per_second"] > 1000, row
END
"$hugestat" --top --count=1 >"$work/out" || fail "exit status $?"
grep -qE "^ *$program +[0-9]+ +64 .* python3" "$work/out" || { show "$work/out"; fail "the program has no row"; }
! grep '.\{97\}' "$work/out" || fail "the table is too wide"
! grep -q $'\033' "$work/out" || fail "a terminal's codes in a file"
"$hugestat" --top $program >"$work/out" 2>&1 && fail "--top of one process"
"$hugestat" --top --users >"$work/out" 2>&1 && fail "--top --users"
exit 0
