"""Renders what one program did on small and on huge pages, side by side.

side_by_side.py need <smaps> <page kB>
    prints how many huge pages the heap of that snapshot fills, with some to spare
side_by_side.py show <title> <small smaps> <huge smaps> <times> <runs> [<third>]
    prints the table, and appends what was seen, in one line, to the file that SEEN names

Reads the snapshots that the programs took of themselves, and what turns measured: every number
shown is from there. <third> says what the third command was, where turns measured one.
"""
import os
import re
import sys

WIDTH = 96
COLUMN = 46
SHOWN = 3  # entries a column, the largest ones; the others are counted
HEAP_KB = 128  # a writable mapping with less is some library's own data, not malloc's

HEADER = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)")


class Mapping:
    def __init__(self, start, end, permissions, name):
        self.start, self.end = int(start, 16), int(end, 16)
        self.permissions = permissions
        self.name = name
        self.kb = {}

    def pages(self):
        """{(page size in kB, by what): kB of it present}, as the kernel counts it."""
        kb = self.kb.get
        thp = kb("AnonHugePages", 0) + kb("ShmemPmdMapped", 0)
        hugetlb = kb("Private_Hugetlb", 0) + kb("Shared_Hugetlb", 0)
        found = {
            (BASE_KB, ""): kb("Rss", 0) - thp,
            (THP_KB, "THP"): thp,
            (kb("KernelPageSize", 0), "hugetlb"): hugetlb,
        }
        return {page: amount for page, amount in found.items() if amount}

    def present_kb(self):
        return sum(self.pages().values())

    def could_be_heap(self):
        if self.name == "[heap]":
            return self.present_kb() > 0
        if "w" not in self.permissions or self.present_kb() < HEAP_KB:
            return False
        if "hugetlb" in (by for _, by in self.pages()):
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
    """The heap's mappings in order of address, and the one with the static array, or None."""
    mappings, array = [], None
    with open(path) as file:
        for line in file:
            header = HEADER.match(line)
            field = re.match(r"(\w+): +(\d+) kB", line)
            if header:
                mappings.append(Mapping(*header.groups()))
            elif field:
                mappings[-1].kb[field[1]] = int(field[2])
            elif line.startswith("array "):
                array = int(line.split()[1], 16)
    holder = None
    for mapping in mappings:
        if array is not None and mapping.start <= array < mapping.end:
            holder = mapping
    heap = [mapping for mapping in mappings if mapping.could_be_heap() and mapping is not holder]
    return heap, holder


def amount_text(kb):
    for unit, name in ((1 << 20, "G"), (1 << 10, "M")):
        if kb >= unit:
            text = "%.1f" % (kb / unit) if kb < 1000 * unit else "%.0f" % (kb / unit)
            return text.removesuffix(".0") + name
    return "%dK" % kb


def time_text(nanoseconds):
    return "%.2f s" % (nanoseconds / 1e9)


def total_pages(heap):
    total = {}
    for mapping in heap:
        for page, amount in mapping.pages().items():
            total[page] = total.get(page, 0) + amount
    return total


def huge_share(heap):
    total = total_pages(heap)
    everything = sum(total.values())
    return (everything - total.get((BASE_KB, ""), 0)) / everything if everything else 0


# The terminal.

COLOUR = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and (
    "NO_COLOR" not in os.environ
)
UTF8 = "utf" in (sys.stdout.encoding or "").lower()
RULE = "─" if UTF8 else "-"
BAR = "█" if UTF8 else "#"


def styled(text, code):
    return "\033[%sm%s\033[0m" % (code, text) if COLOUR else text


def bold(text):
    return styled(text, "1")


def dim(text):
    return styled(text, "2")


def two_columns(left, right, style=str):
    print(("  " + style(left.ljust(COLUMN)) + "  " + style(right)).rstrip())


def shortened(text, width):
    return text if len(text) <= width else "…" + text[1 - width :] if UTF8 else text[-width:]


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


def run_lines(run):
    pages = ", ".join(
        "%s on %s" % (amount_text(amount), amount_text(page))
        for (page, _), amount in sorted(total_pages(run).items())
    )
    room = COLUMN - 4 - len(pages)
    lines = "  (%d lines)" % len(run) if len(run) > 1 else ""
    yield "%012x-%012x %s%s" % (run[0].start, run[-1].end, run[0].permissions, lines)
    yield "    " + shortened(run[0].name or "(no name)", room - 1).ljust(room) + pages


def present_kb(run):
    return sum(mapping.present_kb() for mapping in run)


def column_lines(heap, array):
    runs = neighbours(heap)
    shown = sorted(runs, key=present_kb, reverse=True)[:SHOWN]
    lines = []
    for run in sorted(shown, key=lambda run: run[0].start):
        lines += run_lines(run)
    others = [run for run in runs if run not in shown]
    if others:
        lines.append("and %d lines more with %s" % (
            sum(len(run) for run in others), amount_text(sum(present_kb(run) for run in others))))
    if array:
        lines += ["", "the static array (not heap)"] + list(run_lines([array]))
    return lines


def show_mappings(small, huge):
    left, right = column_lines(*small), column_lines(*huge)
    # The array's lines at the same height.
    for lines, other in ((left, right), (right, left)):
        gap = len(other) - len(lines)
        if gap > 0:
            at = lines.index("") if "" in lines else len(lines)
            lines[at:at] = [""] * gap
    for pair in zip(left, right):
        two_columns(*pair)


def show_row(label, left, right):
    print("  %-26s %16s %16s" % (label, left, right))


def show_bars(label, values, text):
    """Bars in proportion, the longest one full. values: (name, value) pairs."""
    longest = max(value for _, value in values) or 1
    for name, value in values:
        length = round(40 * value / longest)
        bar = BAR * length if length or not value else ("▏" if UTF8 else "|")
        print("  %-12s %-6s %s %s" % (label, name, styled(bar, "36"), text(value)))
        label = ""


NAMES = ("small", "huge", "small*")


def show(title, small_path, huge_path, times_path, runs, third=None):
    small, huge = read_snapshot(small_path), read_snapshot(huge_path)
    with open(times_path) as file:
        measured = [[float(number) for number in line.split()] for line in file]
    times = list(zip(NAMES, (numbers[1] for numbers in measured)))
    faults = list(zip(NAMES, (numbers[4] for numbers in measured)))
    ratio = times[1][1] / times[0][1]

    print()
    print(bold("%s %s %s" % (RULE * 2, title, RULE * (WIDTH - len(title) - 4))))
    print()
    two_columns("SMALL PAGES", "HUGE PAGES", bold)
    show_mappings(small, huge)
    print()
    show_row("the heap", "small pages", "huge pages")
    left, right = total_pages(small[0]), total_pages(huge[0])
    for page in sorted(set(left) | set(right)):
        label = "on %s pages%s" % (amount_text(page[0]), " (%s)" % page[1] if page[1] else "")
        show_row("  " + label, *(amount_text(side[page]) if page in side else "0"
                                 for side in (left, right)))
    share = huge_share(huge[0])
    show_row("  share on huge pages", "%.1f %%" % (100 * huge_share(small[0])),
             "%.1f %%" % (100 * share))
    print()
    show_bars("page faults", faults, "{:,.0f}".format)
    show_bars("time", times, time_text)
    print("                      medians of %s runs, taken in turn; huge takes %s of small's time"
          % (runs, bold("%.2f" % ratio)))
    if third:
        print("                      * " + third)

    name = title.split(":")[0]
    seen = "%s: %.1f %% of its heap on huge pages; %s page faults, was %s; %.2f of the time" % (
        name, 100 * share, "{:,.0f}".format(faults[1][1]), "{:,.0f}".format(faults[0][1]), ratio)
    with open(os.environ["SEEN"], "a") as file:
        print(seen, file=file)
        if any("(deleted)" in mapping.name for mapping in huge[0]):
            print("(deleted)", file=file)


def need(path, page_kb):
    heap, _ = read_snapshot(path)
    kb = sum(mapping.present_kb() for mapping in heap)
    # Each mapping ends in a page that it fills in part.
    return (kb * 105 // 100) // page_kb + len(heap) + 4


if __name__ == "__main__":
    if sys.argv[1] == "need":
        print(need(sys.argv[2], int(sys.argv[3])))
    else:
        show(*sys.argv[2:])
