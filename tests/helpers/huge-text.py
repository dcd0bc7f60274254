# SPDX-License-Identifier: LGPL-2.1-or-later
"""Of the executable memory of a live process, what could be and what is on huge pages.

huge-text.py PID [<file that LD_DEBUG=files wrote>]
    prints three numbers in kB: executable memory of its program, and with the second argument of
    every library that the file names; what of it whole huge pages allow, inside one segment, or
    inside neighbours of equal rights; and what of it is on huge pages by smaps. Reads program
    headers, load addresses and smaps, and nothing that our library says.
"""
import os
import re
import struct
import sys

HUGE = 2 << 20
SMALL = os.sysconf("SC_PAGESIZE")
AT_PHDR, PT_LOAD, PF_X, PF_W = 3, 1, 1, 2


def segments(path):
    """Offset of the program headers, and (address, bytes in memory, flags) of each PT_LOAD."""
    with open(path, "rb") as file:
        header = file.read(64)
        if header[4] != 2:
            sys.exit("no 64-bit program: " + path)
        offset, entry, count = struct.unpack_from("<Q14xHH", header, 32)
        file.seek(offset)
        found = []
        for _ in range(count):
            kind, flags, _, address, _, _, bytes_in_memory = struct.unpack_from("<IIQQQQQ", file.read(entry))
            if kind == PT_LOAD:
                found.append((address, bytes_in_memory, flags))
    return offset, found


def executable_ranges(path, base):
    """Executable segments, neighbours of equal rights joined."""
    ranges, last = [], None
    for address, amount, flags in segments(path)[1]:
        start = (base + address) // SMALL * SMALL
        end = -(-(base + address + amount) // SMALL) * SMALL
        if flags & PF_X and last == flags:
            ranges[-1] = (ranges[-1][0], end)
        elif flags & PF_X:
            ranges.append((start, end))
        last = flags
    return ranges


def program_base(pid, path):
    with open("/proc/%s/auxv" % pid, "rb") as file:
        words = file.read()
    vector = dict(struct.iter_unpack("<QQ", words))
    offset, loaded = segments(path)
    for address, amount, _ in loaded:
        # The headers lie in the first segment, at their offset in the file.
        return vector[AT_PHDR] - offset - address
    sys.exit("nothing is loaded of " + path)


def libraries(debug_file):
    """(path, base) as ld.so tells them: "file=... needed by", then "dynamic: ... base: ..."."""
    paths, found = {}, []
    with open(debug_file) as file:
        for line in file:
            name = re.search(r"file=(\S+) \[\d+\];  generating link map", line)
            base = re.search(r"base: 0x([0-9a-f]+)", line)
            entry = re.search(r"calling init: (\S+)", line)
            if name:
                current = name[1]
            elif base:
                paths[os.path.basename(current)] = int(base[1], 16)
            elif entry and os.path.basename(entry[1]) in paths:
                found.append((entry[1], paths.pop(os.path.basename(entry[1]))))
    return found


def huge_executable(pid):
    """[(start, end, kB on huge pages)] of the executable mappings."""
    found = []
    with open("/proc/%s/smaps" % pid) as file:
        for line in file:
            header = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
            field = re.match(r"(\w+): +(\d+) kB", line)
            if header:
                executable = "x" in header[3]
                if executable:
                    found.append([int(header[1], 16), int(header[2], 16), 0])
            elif field and executable and field[1] in (
                "Private_Hugetlb", "Shared_Hugetlb", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped",
            ):
                found[-1][2] += int(field[2])
    return found


def main():
    pid = sys.argv[1]
    path = os.readlink("/proc/%s/exe" % pid)
    ranges = executable_ranges(path, program_base(pid, path))
    if len(sys.argv) > 2:
        for library, base in libraries(sys.argv[2]):
            ranges += executable_ranges(library, base)
    mappings = huge_executable(pid)
    total = allowed = huge = 0
    for start, end in ranges:
        total += end - start
        allowed += max(0, end // HUGE - -(-start // HUGE)) * HUGE
    for start, end, kb in mappings:
        if any(first < end and start < last for first, last in ranges):
            huge += kb
    print(total // 1024, allowed // 1024, huge)


main()
