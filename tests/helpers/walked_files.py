# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Prints the source files that a trace of walk-trace.c enters, in the order of their first entry:
walked_files.py LIBRARY TRACE. A program may write -1 and -2 into the trace: then only what lies between
the two counts.
"""
import re
import struct
import subprocess
import sys

library, trace = sys.argv[1:]
data = open(trace, "rb").read()
word = "Q" if sys.maxsize > 2**32 else "I"
entered = list(struct.unpack(f"{len(data) // struct.calcsize(word)}{word}", data))
begin, end = (2**(8 * struct.calcsize(word)) - n for n in (1, 2))
if begin in entered:
    entered = entered[entered.index(begin) + 1:entered.index(end)]
entered = list(dict.fromkeys(entered))
lines = subprocess.run(["addr2line", "-e", library], input="\n".join(map(hex, entered)), text=True,
                       capture_output=True, check=True).stdout.split("\n")
files = [re.sub(r"^.*/src/|:.*$", "", line) for line in lines if "/src/" in line]
print("\n".join(dict.fromkeys(files)))
