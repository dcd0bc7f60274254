#!/bin/bash
# hugestat --pages counts transparent huge pages of each size that the kernel makes, by part and mapping.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_root
need_program python3
thp=/sys/kernel/mm/transparent_hugepage
[ -e $thp/hugepages-64kB/enabled ] || skip "this kernel has one size of transparent huge pages (before 6.8)"
before=$(sed 's/.*\[\(.*\)\].*/\1/' $thp/hugepages-64kB/enabled)
at_end "echo $before >$thp/hugepages-64kB/enabled"
echo madvise >$thp/hugepages-64kB/enabled || fail "64K pages can't be switched on"

cat >"$work/memory.py" <<'END'
import ctypes, mmap, sys
# 6M with two whole huge pages of 2M at least, and 1M that is too short for one
def mapping(kb):
    memory = mmap.mmap(-1, kb << 10, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    for page in range(0, kb << 10, 4096):
        memory[page] = 1
    return memory
guard = mmap.mmap(-1, 4096, prot=0)
large = mapping(6 << 10)
guard_2 = mmap.mmap(-1, 4096, prot=0)
short = mapping(1 << 10)
print("%x" % ctypes.addressof(ctypes.c_char.from_buffer(short)), flush=True)
sys.stdin.read()
END
mkfifo "$work/wait"
compact
python3 "$work/memory.py" <"$work/wait" >"$work/address" 2>"$work/err" 9>&- &
program=$!
at_end "exec 8>&-; wait $program 2>/dev/null"
exec 8>"$work/wait"
until_written "$work/address" $program || { show "$work/err"; fail "the program is not ready"; }

"$hugestat" --pages --verbose --json $program >"$work/json" || fail "exit status $?"
python3 - "$work/json" "$work/address" >"$work/said" <<'END' || { show "$work/said"; fail "other sizes"; }
import json, sys
process, address = json.load(open(sys.argv[1]))[0], int(open(sys.argv[2]).read(), 16)
frames = process["frames"]
parts, mappings = frames["thp_kb_by_size_kb"], frames["thp_kb_by_size_kb_of_mappings"]
mapping = [m for m in process["mappings"] if int(m["start"], 16) <= address < int(m["end"], 16)][0]
sizes = mappings[mapping["start"]]
assert sizes.get("64", 0) >= 832, (mapping, sizes)
# all of the parts are all of the mappings, and pages of 2M are those of smaps
total = lambda table, size: sum(sizes.get(size, 0) for sizes in table.values())
for size in ("64", "2048"):
    assert total(parts, size) == total(mappings, size), size
smaps = sum(m.get("AnonHugePages", 0) for m in process["mappings"])
assert total(parts, "2048") >= smaps and smaps >= 4096, (total(parts, "2048"), smaps)
END
"$hugestat" --pages $program >"$work/out" || fail "exit status $?"
grep -qE '^  [a-z ]+ .*64K: [0-9]+ kB' "$work/out" || { show "$work/out"; fail "64K pages are not shown"; }
exec 8>&-
