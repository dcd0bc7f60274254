#!/bin/bash
# HUGETLB_MMAP=auto collapses a mapping that the program has filled, and leaves a sparse one as it is.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program python3
# Fills one mapping, touches each megabyte of the other, and goes on mapping until that is huge.
cat >"$work/program.py" <<'E2'
import mmap, re, time
def huge_kb(): return sum(int(kb) for kb in re.findall("AnonHugePages: *([0-9]+)", open("/proc/self/smaps_rollup").read()))
def rss_kb(): return sum(int(kb) for kb in re.findall("Rss: *([0-9]+)", open("/proc/self/smaps_rollup").read()))
private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
full, sparse = (mmap.mmap(-1, 64 << 20, private) for _ in range(2))
full.write(b"x" * (64 << 20))
for at in range(0, 64 << 20, 1 << 20): sparse[at] = 1
before = rss_kb()
end = time.monotonic() + 60
while time.monotonic() < end and huge_kb() < 60000:
    busy = time.monotonic() + 0.05
    while time.monotonic() < busy: pass
    mmap.mmap(-1, 1 << 20, private).close()
assert full[:] == b"x" * (64 << 20)
print(huge_kb(), rss_kb() - before)
E2
compact
python3 "$work/program.py" >"$work/plain" || fail "plain"
read -r huge more < <(preloaded HUGETLB_MMAP=auto python3 "$work/program.py" 2>"$work/err")
[ ! -s "$work/err" ] || { show "$work/err"; fail "lines on stderr"; }
read -r plain_huge _ <"$work/plain"
[ "$plain_huge" = 0 ] || skip "transparent huge pages come here by themselves"
((huge >= 56000 && huge <= 66000)) || fail "$huge kB are on transparent huge pages, of 65536"
((more <= 4096)) || fail "$more kB more are in memory"
