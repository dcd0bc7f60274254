# SPDX-License-Identifier: LGPL-2.1-or-later
"""Renders what one program did on small and on huge pages, side by side.

side_by_side.py need <small> <page kB>
    prints how many huge pages hold the memory of that run, with a reserve
side_by_side.py show <title> <small> <huge> <times> <runs> [<small smaps> <huge smaps>]
    prints the table, and appends one line with the result to the file that SEEN names

<small> and <huge> are the output of `hugestat --json -- program` for the two runs, <times> is that of
turns, and the program itself writes the snapshots of smaps. Every number shown is from there.
"""
import json
import os
import re
import shutil
import sys

# 80 columns in files and pipes; those of the terminal, up to what the bars can use.
WIDTH = min(max(shutil.get_terminal_size().columns, 80), 120)
COLUMN = (WIDTH - 4) // 2
BAR_WIDTH = min((WIDTH - 66) // 2, 20)  # of a row with two bars
LONG_BAR_WIDTH = min(WIDTH - 49, 40)
SHOWN = 3  # entries per column, the largest ones; the others are counted
HEAP_KB = 128  # a writable mapping with less is some library's own data, not malloc's
PART_KB = 512  # parts with less on both sides are in the sum only

# The terminal.

COLOUR = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and (
    "NO_COLOR" not in os.environ
)
# Python's own encoding is UTF-8 in the C locale as well.
LOCALE = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
UTF8 = "utf" in LOCALE.lower() and "utf" in (sys.stdout.encoding or "").lower()
RULE = "─" if UTF8 else "-"
BAR = "█" if UTF8 else "#"
EMPTY = "░" if UTF8 else "-"


def styled(text, code):
    return "\033[%sm%s\033[0m" % (code, text) if COLOUR else text


def bold(text):
    return styled(text, "1")


def two_columns(left, right, style=str):
    print(("  " + style(left.ljust(COLUMN)) + "  " + style(right)).rstrip())


def shortened(text, width):
    return text if len(text) <= width else "…" + text[1 - width :] if UTF8 else text[-width:]


def amount_text(kb):
    for unit, name in ((1 << 20, "G"), (1 << 10, "M")):
        if kb >= unit:
            text = "%.1f" % (kb / unit) if kb < 1000 * unit else "%.0f" % (kb / unit)
            return text.removesuffix(".0") + name
    return "%dK" % kb


def time_text(nanoseconds):
    return "%.2f s" % (nanoseconds / 1e9)


# Where the memory is, as hugestat reports it.


# One row, so that both sides have the same rows: what malloc maps for a large block on small pages
# comes out of the heap's own region on huge pages.
HEAP_AND_MAPPINGS = "heap, mappings"


def row_name(part):
    is_heap = part.startswith("heap") or part.endswith("mappings")
    return HEAP_AND_MAPPINGS if is_heap else part


def read_parts(path):
    """{row: kB in memory, and kB on small pages}, in hugestat's order; the last row is the sum."""
    with open(path) as file:
        measured = json.load(file)
    rows = {}
    for part in measured["parts"]:
        row = rows.setdefault(row_name(part["part"]), {"memory_kb": 0, "small_kb": 0})
        for name in row:
            row[name] += part[name]
    rows["all"] = measured["total"]
    return rows


def huge_share(part):
    memory = part["memory_kb"]
    return (memory - part["small_kb"]) / memory if memory else 0


def part_text(part):
    share = huge_share(part)
    full = int(BAR_WIDTH * round(share, 3))  # full where it says 100.0
    bar = styled(BAR * full, "36") + EMPTY * (BAR_WIDTH - full)
    if not part["memory_kb"]:
        return " " * (BAR_WIDTH + 22)
    return "%7s  %s %5.1f %% huge" % (amount_text(part["memory_kb"]), bar, 100 * share)


def show_parts(small, huge):
    for name, part in small.items():
        if name == "all" or max(part["memory_kb"], huge[name]["memory_kb"]) >= PART_KB:
            line = "  %-15s %s    %s" % (name, part_text(part), part_text(huge[name]))
            print((bold(line) if name == "all" else line).rstrip())


# The lines of /proc/PID/maps.

HEADER = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)")


class Mapping:
    def __init__(self, start, end, permissions, name):
        self.start, self.end = int(start, 16), int(end, 16)
        self.permissions = permissions
        self.name = name
        self.kb = {}

    def pages(self):
        """{page size in kB: kB of it present}, as the kernel counts it."""
        kb = self.kb.get
        thp = kb("AnonHugePages", 0)
        hugetlb = kb("Private_Hugetlb", 0) + kb("Shared_Hugetlb", 0)
        found = {BASE_KB: kb("Rss", 0) - thp, THP_KB: thp}
        if hugetlb:
            found[kb("KernelPageSize", 0)] = hugetlb
        return {page: amount for page, amount in found.items() if amount}

    def present_kb(self):
        return sum(self.pages().values())

    def could_be_heap(self):
        if self.name == "[heap]":
            return self.present_kb() > 0
        if "w" not in self.permissions or self.present_kb() < HEAP_KB:
            return False
        if "_hugepage" in self.name:
            return True
        return not self.name or self.name.startswith(("[anon:", "/memfd:"))


def thp_kb():
    try:
        with open("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size") as file:
            return int(file.read()) // 1024
    except OSError:
        return 0


BASE_KB = os.sysconf("SC_PAGESIZE") // 1024
THP_KB = thp_kb()


def read_snapshot(path):
    """The mappings of the static array, and those of the heap, in order of address."""
    mappings, array = [], (0, 0)
    with open(path) as file:
        for line in file:
            header = HEADER.match(line)
            field = re.match(r"(\w+): +(\d+) kB", line)
            if header:
                mappings.append(Mapping(*header.groups()))
            elif field:
                mappings[-1].kb[field[1]] = int(field[2])
            elif line.startswith("array "):
                array = [int(address, 16) for address in line.split()[1:]]
    of_array = [mapping for mapping in mappings if mapping.start < array[1] and array[0] < mapping.end]
    heap = [mapping for mapping in mappings if mapping.could_be_heap() and mapping not in of_array]
    return of_array, heap


def neighbours(mappings):
    """Runs of lines that differ in the address only and leave no gap: one after the other."""
    runs = []
    for mapping in mappings:
        if runs:
            last = runs[-1][-1]
            if (last.end, last.permissions, last.name) == (
                mapping.start, mapping.permissions, mapping.name
            ):
                runs[-1].append(mapping)
                continue
        runs.append([mapping])
    return runs


def total_pages(mappings):
    total = {}
    for mapping in mappings:
        for page, amount in mapping.pages().items():
            total[page] = total.get(page, 0) + amount
    return total


def run_lines(run):
    pages = ", ".join(
        "%s on %s" % (amount_text(amount), amount_text(page))
        for page, amount in sorted(total_pages(run).items())
    )
    space = COLUMN - 2 - len(pages)
    yield "%012x-%012x %s" % (run[0].start, run[-1].end, run[0].permissions)
    yield "  " + shortened(run[0].name or "(no name)", space - 1).ljust(space) + pages
    if len(run) > 1:
        yield "  in %d lines" % len(run)


def present_kb(run):
    return sum(mapping.present_kb() for mapping in run)


def column_lines(mappings):
    runs = neighbours(mappings)
    shown = sorted(runs, key=present_kb, reverse=True)[:SHOWN]
    lines = []
    for run in sorted(shown, key=lambda run: run[0].start):
        lines += run_lines(run)
    others = [run for run in runs if run not in shown]
    if others:
        lines.append("and %d more lines with %s" % (
            sum(len(run) for run in others), amount_text(sum(present_kb(run) for run in others))))
    return lines


def show_mappings(label, small, huge):
    left, right = column_lines(small), column_lines(huge)
    height = max(len(left), len(right))
    print("  " + label)
    for pair in zip(left + [""] * (height - len(left)), right + [""] * (height - len(right))):
        two_columns(*pair)
    print()


# What turns measured.


def show_bars(label, values, text, spans=("", "")):
    """Bars in proportion, the longest one full. values: (name, value) pairs; spans: remarks."""
    longest = max(value for _, value in values) or 1
    for (name, value), span in zip(values, spans):
        length = round(LONG_BAR_WIDTH * value / longest)
        bar = BAR * length if length or not value else ("▏" if UTF8 else "|")
        print("  %-12s %-6s %s %s" % (label, name, styled(bar, "36"), text(value) + span))
        label = ""


def verdict(small, huge):
    """small, huge: least, median and greatest time."""
    percent = round(100 * abs(1 - huge[1] / small[1]))
    if not percent:
        return "no difference"
    text = "%d %% %s on huge pages" % (percent, "faster" if huge[1] < small[1] else "slower")
    return text if huge[2] < small[0] or small[2] < huge[0] else text + " (not sure)"


def show(title, small_path, huge_path, times_path, runs, *snapshots):
    small, huge = read_parts(small_path), read_parts(huge_path)
    with open(times_path) as file:
        measured = [[float(number) for number in line.split()] for line in file]
    times = list(zip(("small", "huge"), (numbers[1] for numbers in measured)))
    faults = list(zip(("small", "huge"), (numbers[4] for numbers in measured)))
    result = verdict(*(numbers[:3] for numbers in measured))

    print()
    print(bold("%s %s %s" % (RULE * 2, title, RULE * (WIDTH - len(title) - 4))))
    print()
    if snapshots:
        (small_array, small_heap), (huge_array, huge_heap) = map(read_snapshot, snapshots)
        two_columns("SMALL PAGES", "HUGE PAGES", bold)
        show_mappings("the static array, in /proc/PID/maps", small_array, huge_array)
        show_mappings("the heap", small_heap, huge_heap)
    heading = "  %-15s  %-*s  %s" % ("in memory", BAR_WIDTH + 23, "SMALL PAGES", "HUGE PAGES")
    print(bold(heading))
    show_parts(small, huge)
    print()
    show_bars("page faults", faults, "{:,.0f}".format)
    # the span of the runs shows how much other work on the machine affects the time
    spans = [" (%s to %s)" % (time_text(numbers[0]), time_text(numbers[2])) for numbers in measured]
    show_bars("time", times, time_text, spans)
    print("  %-12s %s, medians of %s runs in turn" % ("", bold(result), runs))

    seen = "%s: %.1f %% huge; page faults %s -> %s; %s" % (
        title.split(":")[0], 100 * huge_share(huge["all"]), "{:,.0f}".format(faults[0][1]),
        "{:,.0f}".format(faults[1][1]), result.replace(" on huge pages", ""))
    with open(os.environ["SEEN"], "a") as file:
        print(seen, file=file)


def need(path, page_kb):
    parts = read_parts(path)
    # The whole text is copied, also the parts that the plain run did not have in memory; and the last
    # page of each part is only partly used.
    kb = parts["all"]["memory_kb"] + parts["text"]["memory_kb"]
    return (kb * 105 // 100) // page_kb + len(parts)


if __name__ == "__main__":
    if sys.argv[1] == "need":
        print(need(sys.argv[2], int(sys.argv[3])))
    else:
        show(*sys.argv[2:])
