# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares README's picture with what bench/demo prints: demo-picture.py README.md OUTPUT.

The rows must be the same, in the same order. Sizes may differ by a quarter or by 1M, shares of huge
pages by 10 points, page faults by a third. Times depend on the machine: only their rows count.
"""
import re
import sys

MEMORY_ROW = re.compile(r"(\S.*?) {2,}([\d.]+[KMG]) +\S+ +([\d.]+) % huge +([\d.]+[KMG]) +\S+ +([\d.]+) % huge$")
BAR_ROW = re.compile(r"(page faults|time|) *(small|huge) +\S+ ([\d,.]+)")
UNITS = {"K": 1, "M": 1 << 10, "G": 1 << 20}


def kb(size):
    return float(size[:-1]) * UNITS[size[-1]]


def picture_of(path):
    """[(row's name, [(kind of figure, figure)])], from the heading of the memory to the times."""
    rows, label, inside = [], "", False
    with open(path, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.startswith("in memory "):
                rows.append((" ".join(line.split()), []))
                inside = True
                continue
            memory, bar = MEMORY_ROW.match(line), BAR_ROW.match(line)
            if not inside or not (memory or bar):
                if inside and line and "medians" not in line:
                    break
                continue
            if memory:
                name, small, small_share, huge, huge_share = memory.groups()
                rows.append((name, [("size", kb(small)), ("share", float(small_share)),
                                    ("size", kb(huge)), ("share", float(huge_share))]))
                continue
            label = bar[1] or label
            figures = [("faults", float(bar[3].replace(",", "")))] if label == "page faults" else []
            rows.append((label + " " + bar[2], figures))
    return rows


def differ(kind, ours, theirs):
    allowed = {"size": max(1024, ours / 4), "share": 10, "faults": ours / 3}[kind]
    return abs(ours - theirs) > allowed


readme, output = picture_of(sys.argv[1]), picture_of(sys.argv[2])
if len(readme) < 7:
    sys.exit("README has no picture")
if [name for name, _ in readme] != [name for name, _ in output]:
    sys.exit("rows of README: %s\nrows of the demo: %s" % (
        [name for name, _ in readme], [name for name, _ in output]))
for (name, figures), (_, measured) in zip(readme, output):
    for (kind, ours), (_, theirs) in zip(figures, measured):
        if differ(kind, ours, theirs):
            sys.exit("%s: README has %s %g, the demo %g" % (name, kind, ours, theirs))
