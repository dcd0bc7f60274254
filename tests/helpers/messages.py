# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Prints what is constant in each line that the library can write, one piece a line: messages.py SRC.
Lines of debugging are left out, and so are the tools, the tables of the report, and what is no text
for people: a string of less than three words.
"""
import pathlib
import re
import sys

LEFT_OUT = ("tools/", "arch/", "usage/", "report.c", "options/table.c", "base/log.c")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRINGS = re.compile(r'(?:"(?:[^"\\]|\\.)*"\s*)+')
NOT_SAID = re.compile(r"\b(?:log_debug|_Static_assert)\([^\"]*" + STRINGS.pattern)
ONE_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
CONVERSION = re.compile(r"%[0-9]*[lz]*[a-z]")

root = pathlib.Path(sys.argv[1])
for path in sorted(root.rglob("*.[ch]")):
    if str(path.relative_to(root)).startswith(LEFT_OUT):
        continue
    text = NOT_SAID.sub(";", COMMENT.sub("", path.read_text()))
    for strings in STRINGS.findall(text):
        message = "".join(ONE_STRING.findall(strings))
        if message.count(" ") < 2:
            continue
        for piece in CONVERSION.split(message.replace("%%", "%")):
            if len(piece.strip()) >= 6:
                print(piece.strip())
