# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares hugestat --users --json with a sum over smaps and with /sys.

hugestat-users.py HOLDERS JSON [GROUP]: the line of page-holders.py, and the output; GROUP is the
hugetlb cgroup that they are in. Prints one line for each figure that differs, and ends with 1 then.
"""

import json
import os
import re
import sys

HUGE_KB = 2048
held = json.load(open(sys.argv[1]))
users = json.load(open(sys.argv[2]))["users"]
differences = []


def expect(what, found, wanted):
    if found != wanted:
        differences.append(f"{what}: {found}, not {wanted}")


def pool_file(name):
    return int(open(f"/sys/kernel/mm/hugepages/hugepages-{HUGE_KB}kB/{name}").read())


def smaps_pages(pid):
    text = open(f"/proc/{pid}/smaps").read()
    return sum(int(kb) for kb in re.findall(r"(?:Private|Shared)_Hugetlb: *(\d+) kB", text)) // HUGE_KB


rows = [row for row in users["holders"] if row["page_kb"] == HUGE_KB]
by_pid = {row["pid"]: row for row in rows if row["kind"] == "process"}
by_name = {row["name"]: row for row in rows}
by_id = {row["id"]: row for row in rows if row["kind"] == "shm"}

# Every page of the pool is somebody's, and no page is two holders'.
in_use = pool_file("nr_hugepages") - pool_file("free_hugepages")
expect("pages in use", sum(row["in_use"] for row in rows), in_use)
expect("pages reserved", sum(row["reserved"] for row in rows), pool_file("resv_hugepages"))
for pool in users["pools"]:
    if pool["page_kb"] == HUGE_KB:
        expect("the pool's pages in use", (pool["in_use"], pool["in_use_held"]), (in_use, in_use))
        reserved = pool_file("resv_hugepages")
        expect("the pool's reserved pages", (pool["reserved"], pool["reserved_held"]), (reserved, reserved))
        expect("the pool's pages", pool["total"], pool_file("nr_hugepages"))

# What a process maps is its own or counted for another holder. A file that is only open is in no smaps.
for name, pid in held["pids"].items():
    row = by_pid[pid]
    if name != "memfd":
        expect(f"{name}: pages", row["in_use"] + row["shared"], smaps_pages(pid))

# in use, reserved, shared: as page-holders.py has taken them
for name, wanted in {
    "anonymous": (3, 2, 0),
    "parent": (6, 1, 0),
    "child": (1, 0, 5),
    "unreserved": (1, 0, 0),
    "first": (0, 0, 2),
    "second": (0, 0, 1),
    "file": (0, 0, 2),
    "memfd": (4, 2, 0),
    "namespace": (0, 0, 1),
}.items():
    row = by_pid[held["pids"][name]]
    expect(name, (row["in_use"], row["reserved"], row["shared"]), wanted)
    expect(f"{name}: user", row["uid"], os.getuid())
    if len(sys.argv) > 3:
        group = os.path.dirname(sys.argv[3]) if name == "unreserved" else sys.argv[3]
        expect(f"{name}: cgroup", row["cgroup"], group)

used, idle = by_id[held["used"]], by_id[held["idle"]]
expect("segment", (used["in_use"], used["reserved"], used["key"]), (2, 1, held["key"]))
expect("segment's processes", sorted(used["pids"]), sorted(held["pids"][n] for n in ("first", "second")))
expect("idle segment", (idle["in_use"], idle["reserved"], idle["left_over"]), (1, 1, True))
expect("its user", (used["uid"], idle["uid"]), (os.getuid(), os.getuid()))
expect("its command", idle["command"], f"ipcrm -m {held['idle']}")
for name, row in by_name.items():
    if name.endswith("/below/left over"):
        expect("file", (row["in_use"], row["reserved"], row["left_over"]), (1, 2, True))
        expect("its command", row["command"], f"rm '{name}'")
        expect("its user", row["uid"], held["other user"])
        break
else:
    differences.append("the file that is left over is not there")

hidden = [row for name, row in by_name.items() if name.endswith("/hidden by another mount")]
expect(
    "file of another mount namespace",
    [(row["in_use"], row["reserved"], row["pids"], row["left_over"]) for row in hidden],
    [(1, 0, [held["pids"]["namespace"]], False)],
)
expect("largest first", rows, sorted(rows, key=lambda row: -row["in_use"] - row["reserved"]))

# Nodes: of pages that a process maps, all.
for row in rows:
    if row["in_use"] and not row.get("left_over"):
        mapped = row["in_use"] - (3 if row.get("pid") == held["pids"]["memfd"] else 0)
        expect(f"{row['name']}: nodes", sum(n["in_use"] for n in row["nodes"]), mapped)
if len(sys.argv) > 3:
    own = [by_pid[pid] for name, pid in held["pids"].items() if name != "unreserved"] + [used, idle]
    own += [row for row in rows if row["kind"] == "file"]
    group = [g for g in users["cgroups"] if g["path"] == sys.argv[3] and g["page_kb"] == HUGE_KB]
    wanted = [(sum(r["in_use"] for r in own), sum(r["reserved"] for r in own))]
    expect("cgroup", [(g["in_use"], g["reserved"]) for g in group], wanted)
    above = [g for g in users["cgroups"] if g["path"] == os.path.dirname(sys.argv[3])]
    expect("the group above it", [(g["in_use"], g["reserved"]) for g in above], [(1, 0)])
print("\n".join(differences))
sys.exit(1 if differences else 0)
