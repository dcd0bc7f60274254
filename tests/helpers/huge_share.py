# SPDX-License-Identifier: LGPL-2.1-or-later
"""Imported by a test's program: how much of this process's anonymous memory is on huge pages."""
import re


def share():
    huge = total = 0
    counted = False
    for line in open("/proc/self/smaps"):
        first = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)$", line)
        if first:
            name = first.group(1)
            counted = name == "" or name.startswith(("[heap]", "[anon:"))
            continue
        field, _, value = line.partition(":")
        if field in ("Private_Hugetlb", "Shared_Hugetlb"):
            huge += int(value.split()[0])
            total += int(value.split()[0])
        elif counted and field == "Rss":
            total += int(value.split()[0])
        elif counted and field == "AnonHugePages":
            huge += int(value.split()[0])
    return huge / total
