# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares what hugestat says of a process with smaps, pagemap and kpageflags, read here anew.

hugestat-figures.py PID FILE: FILE is the output of hugestat --json --verbose --numa --pages. Prints
the figures by kind; ends with 1 and one line for each figure that differs.
"""

import json
import struct
import sys

HUGETLB_FLAG, THP_FLAG = 1 << 17, 1 << 22

# The kernel's lists, ageing and its own work change these while the process waits: locked, referenced, lru,
# active, idle.
CHANGING_FLAGS = 1 << 0 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 25

# What other processes do changes who shares a page.
CHANGING_FIELDS = ("Pss", "Shared_C", "Shared_D", "Private_C", "Private_D", "Referenced", "SwapPss")


def read_mappings(pid):
    mappings = []
    for line in open(f"/proc/{pid}/smaps"):
        words = line.split()
        if "-" in words[0] and not words[0].endswith(":"):
            start, end = (int(part, 16) for part in words[0].split("-"))
            mappings.append({"start": start, "end": end})
        elif words[-1] == "kB":
            mappings[-1][words[0].rstrip(":")] = int(words[1])
    return mappings


def read_frames(pid, mappings):
    counts = {}
    with open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap, open("/proc/kpageflags", "rb") as flags:
        for mapping in mappings:
            if mapping["start"] >= 1 << 63:
                continue
            pagemap.seek(mapping["start"] // 4096 * 8)
            data = pagemap.read((mapping["end"] - mapping["start"]) // 4096 * 8)
            for (entry,) in struct.iter_unpack("Q", data):
                if entry >> 63:
                    flags.seek((entry & ((1 << 55) - 1)) * 8)
                    flag = struct.unpack("Q", flags.read(8))[0]
                    counts[flag] = counts.get(flag, 0) + 1
    return counts


def by_lasting_flags(rows):
    counts = {}
    for flags, pages in rows:
        flags &= ~CHANGING_FLAGS
        counts[flags] = counts.get(flags, 0) + pages
    return counts


def main():
    pid = int(sys.argv[1])
    said = json.load(open(sys.argv[2]))[0]
    mappings = read_mappings(pid)
    failures = []

    def compare(name, ours, theirs):
        if ours != theirs:
            failures.append(f"{name}: hugestat says {ours}, the kernel {theirs}")

    def total(field):
        return sum(mapping.get(field, 0) for mapping in mappings)

    hugetlb = {}
    for mapping in mappings:
        kb = mapping["Private_Hugetlb"] + mapping["Shared_Hugetlb"]
        if kb:
            size = str(mapping["KernelPageSize"])
            hugetlb[size] = hugetlb.get(size, 0) + kb
    for size, kb in hugetlb.items():
        compare(f"hugetlb of {size} kB", said["total"]["hugetlb_kb"].get(size), kb)
    compare("memory", said["total"]["memory_kb"], total("Rss") + sum(hugetlb.values()))
    for ours, theirs in ("thp_kb", "AnonHugePages"), ("file_thp_kb", "FilePmdMapped"), (
        "shmem_thp_kb",
        "ShmemPmdMapped",
    ):
        compare(ours, said["total"][ours], total(theirs))
    for key in ("memory_kb", "thp_kb", "file_thp_kb", "small_kb"):
        compare(f"parts' {key}", sum(part[key] for part in said["parts"]), said["total"][key])
    compare("mappings", len(said["mappings"]), len(mappings))
    for ours, theirs in zip(said["mappings"], mappings):
        for name, value in theirs.items():
            if name not in ("start", "end") and not name.startswith(CHANGING_FIELDS):
                compare(f"{ours['start']} {name}", ours.get(name), value)
    # numa_maps does not count the pages of [vdso].
    of_nodes = sum(part["memory_kb"] for part in said["parts"] if part["part"] != "vdso")
    compare("nodes", sum(node["memory_kb"] for node in said["nodes"]), of_nodes)
    if "frames" in said:
        counts = read_frames(pid, mappings)
        frames = said["frames"]
        by_flags = [(int(row["flags"], 16), row["pages"]) for row in frames["by_flags"]]
        compare("frames by flags", by_lasting_flags(by_flags), by_lasting_flags(counts.items()))
        compare("frames present", frames["present"], sum(counts.values()))
        of_hugetlb = sum(n for flag, n in counts.items() if flag & HUGETLB_FLAG)
        compare("hugetlb frames", frames["hugetlb"], of_hugetlb)
        compare("hugetlb frames and smaps", of_hugetlb * 4, sum(hugetlb.values()))
        compare(
            "thp frames",
            frames["thp"],
            sum(n for flag, n in counts.items() if flag & THP_FLAG and not flag & HUGETLB_FLAG),
        )
    print(json.dumps({"hugetlb": hugetlb, "thp": total("AnonHugePages"), "file": total("FilePmdMapped")}))
    print("\n".join(failures))
    sys.exit(bool(failures))


main()
