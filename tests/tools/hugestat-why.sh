#!/bin/bash
# hugestat --why names the reason for each mapping that is not on huge pages, as its program made it so.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program python3
mode=$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null)
[ -n "$mode" ] || skip "this kernel has no transparent huge pages"

cat >"$work/memory.py" <<'END'
import ctypes, json, mmap, sys
def mapping(kb, advice):
    memory = mmap.mmap(-1, kb << 10, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if advice is not None:
        memory.madvise(advice)
    for page in range(0, kb << 10, 4096):
        memory[page] = 1
    return memory
# guards between them: neighbours would become one mapping
kept = {"refused": mapping(6 << 10, mmap.MADV_NOHUGEPAGE), "guard": mmap.mmap(-1, 4096, prot=0),
        "plain": mapping(6 << 10, None), "guard 2": mmap.mmap(-1, 4096, prot=0)}
address = lambda m: ctypes.addressof(ctypes.c_char.from_buffer(m))
print(json.dumps({name: "%x" % address(m) for name, m in kept.items() if "guard" not in name}), flush=True)
sys.stdin.read()
END
mkfifo "$work/wait"
python3 "$work/memory.py" <"$work/wait" >"$work/addresses" 2>"$work/err" 9>&- &
program=$!
at_end "exec 8>&-; wait $program 2>/dev/null"
exec 8>"$work/wait"
until_written "$work/addresses" $program || { show "$work/err"; fail "the program is not ready"; }

"$hugestat" --why --json $program >"$work/json" || fail "exit status $?"
python3 - "$work/json" "$work/addresses" "$mode" >"$work/said" <<'END' || { show "$work/said" "$work/json"; fail "other reasons"; }
import json, sys
found, addresses, mode = json.load(open(sys.argv[1]))[0], json.load(open(sys.argv[2])), sys.argv[3]
assert found["version"] == 1
def why(name):
    at = int(addresses[name], 16)
    # a neighbour of the same kind may begin before it
    below = [m for m in found["mappings"] if int(m["start"], 16) <= at < int(m["start"], 16) + (m["small_kb"] << 10)]
    return below[0]["why"] if below else None
assert why("refused") == "refused", why("refused")
wanted = {"never": ("mode-never",), "madvise": ("not-advised",), "always": (None, "later", "huge")}[mode]
assert why("plain") in wanted, why("plain")
sizes = [m["small_kb"] for m in found["mappings"]]
assert sizes == sorted(sizes, reverse=True) and sum(sizes) > 6 << 10
assert all(m["reason"] for m in found["mappings"])
limit = int(open("/proc/sys/vm/max_map_count").read())
assert found["limits"]["mappings_max"] == limit and 10 < found["limits"]["mappings"] < limit
counters = dict(line.split() for line in open("/proc/vmstat"))
assert all(0 <= int(counters.get(n, 0)) - v < 10000 for n, v in found["machine"].items()), found["machine"]
END
"$hugestat" --why $program >"$work/out" || fail "exit status $?"
grep -qE '^ +[0-9]+ kB  the program refused them' "$work/out" || { show "$work/out"; fail "no sum by reason"; }
! grep -v / "$work/out" | grep '.\{81\}' || fail "more than 80 columns"
[ "$("$hugestat" --why --verbose $program | wc -l)" -gt "$(wc -l <"$work/out")" ] || fail "--verbose shows no more"
"$hugestat" --why 4194305 >"$work/out" 2>&1 && fail "no process is no failure"
"$hugestat" --why >"$work/out" 2>&1 && fail "no operand is no failure"
exec 8>&-
