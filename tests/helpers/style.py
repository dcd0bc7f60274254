# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looks for phrases in texts: style.py [--comments] PHRASES FILE...; prints each, and fails if there are any.

Each line of PHRASES is a regular expression, a tab, and what to write instead. Of C files only the
strings count, or with --comments only the comments; of man pages the text without its requests. Blanks
and line breaks are one blank.
"""
import re
import sys

STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"')
COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|(/\*.*?\*/|//[^\n]*)', re.S)
INCLUDES = re.compile(r"^\s*#\s*include.*$", re.M)
ADJACENT = re.compile(r'"\s*(?:PRI\w+\s*)?"')


def read_phrases(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                phrase, _, instead = line.rstrip("\n").partition("\t")
                yield re.compile(phrase, re.I), instead


def text_of_c(text):
    """The strings, one a paragraph; neighbours are one string."""
    text = ADJACENT.sub("", INCLUDES.sub("", COMMENTS.sub(" ", text)))
    return "\n\n".join(re.sub(r"\\[ntr]", " ", string) for string in STRINGS.findall(text))


def comments_of_c(text):
    """The comments, one a paragraph, without the asterisks of their lines."""
    texts = (match[1][2:] for match in STRING_OR_COMMENT.finditer(text) if match[1])
    return "\n\n".join(re.sub(r"\n\s*\*/?|\*/", "\n", comment) for comment in texts)


def text_of_man(text):
    """Without comments, fonts and requests, whose arguments stay."""
    text = re.sub(r'^[.\']\\".*$', "", text, flags=re.M)
    text = re.sub(r"\\f.|\\c$", "", text, flags=re.M)
    text = re.sub(r"^\.(SH|SS|PP|TP|IP|EX|EE|nf|fi|br|RS|RE)\b", "\n", text, flags=re.M)
    text = re.sub(r"^\.[A-Z]+ ", "", text, flags=re.M)
    return text.replace("\\-", "-").replace("\\ ", " ").replace("\\&", "")


def text_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith((".c", ".h")):
        return comments_of_c(text) if comments else text_of_c(text)
    if re.search(r"\.[1-8]$", path):
        return text_of_man(text)
    return text


arguments = sys.argv[1:]
comments = arguments[0] == "--comments"
arguments = arguments[comments:]
phrases, found = list(read_phrases(arguments[0])), 0
if len(phrases) < 20:
    sys.exit("no phrases in " + arguments[0])
for path in arguments[1:]:
    for paragraph in re.split(r"\n\s*\n", text_of(path)):
        paragraph = " ".join(paragraph.split())
        for phrase, instead in phrases:
            for match in phrase.finditer(paragraph):
                around = paragraph[max(0, match.start() - 40) : match.end() + 40]
                print('%s: "%s" in "%s": write: %s' % (path, match[0].strip(), around, instead))
                found += 1
sys.exit(found > 0)
