# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Compares src/README.md and src/tools/README.md with the tree: source_map.py SRC. Prints what disagrees and
exits with 1: a file that has no place on the map, a name that has no file, an include that the map does
not allow, a tool that includes another tool's header, files that include each other in a circle (a .c and
its .h are one), and a file that takes the lock of regions without being named where the map says who does.
"""
import pathlib
import re
import sys

src = pathlib.Path(sys.argv[1])
problems = []

# Sections of the map: "### <folder>/ uses <folders>" and the names in backquotes below.
allowed, named = {}, {}
for section in re.split(r"^### ", (src / "README.md").read_text(), flags=re.M)[1:]:
    head, _, body = section.partition("\n")
    match = re.match(r"(\S+?)/?(?:<cpu>/)? uses (.*)$", head)
    folder = match[1].rstrip("/")
    body = re.split(r"^## ", body, flags=re.M)[0]
    allowed[folder] = set(match[2].split()) - {"nothing"}
    named[folder] = set(re.findall(r"`([a-z0-9_]+)`", body))

# The tools have a page of their own: "### <folder>/", and what is no folder above the first.
tools = (src / "tools" / "README.md").read_text()
for section in re.split(r"^### ", tools, flags=re.M):
    head, _, body = section.partition("\n")
    folder = head.rstrip("/") if head.endswith("/") else "."
    body = re.split(r"^## ", body, flags=re.M)[0]
    named[f"tools/{folder}"] = set(re.findall(r"`([a-z0-9_]+)`", body))


def floor_of(path):
    parts = path.relative_to(src).parts
    return parts[0] if len(parts) > 1 else "."


def folder_of(path):
    """Of a tool: its own folder; otherwise the floor."""
    parts = path.relative_to(src).parts
    if parts[0] != "tools":
        return floor_of(path)
    return f"tools/{parts[1]}" if len(parts) > 2 else "tools/."


def unit_of(path):
    return path.relative_to(src).with_suffix("")


files = sorted(p for p in src.rglob("*") if p.suffix in (".c", ".h"))
edges = {}
present = {}
for path in files:
    floor = floor_of(path)
    folder = folder_of(path)
    present.setdefault(folder, set()).add(path.stem)
    for include in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
        target = next((t for t in (src / include, path.parent / include) if t.exists()), None)
        if target is None:
            continue
        target = target.resolve().relative_to(src.resolve())
        other = floor_of(src / target)
        if other != floor and other not in allowed.get(floor, ()):
            problems.append(f"{path.relative_to(src)} includes {target}: "
                            f"{floor}/ does not use {other}/")
        if other == floor == "tools" and folder_of(src / target) not in (folder, "tools/common"):
            problems.append(f"{path.relative_to(src)} includes {target} of another tool")
        if unit_of(src / target) != unit_of(path):
            edges.setdefault(unit_of(path), set()).add(unit_of(src / target))

for floor, names in sorted(present.items()):
    for name in sorted(names - named.get(floor, set())):
        page = "src/tools/README.md" if floor.startswith("tools") else "src/README.md"
        problems.append(f"{floor}/{name} has no place in {page}")
for floor, names in sorted(named.items()):
    if floor in (".", "tools"):
        continue
    for name in sorted(names - present.get(floor, set())):
        problems.append(f"the map names {floor}/{name}, which is not there")


def find_circle():
    """Depth first: a unit that is met again on its own path closes a circle."""
    state, path = {}, []

    def visit(unit):
        state[unit] = 1
        path.append(unit)
        for other in sorted(edges.get(unit, ())):
            if state.get(other) == 1:
                return path[path.index(other):] + [other]
            if other not in state:
                found = visit(other)
                if found:
                    return found
        path.pop()
        state[unit] = 2
        return None

    for unit in sorted(edges):
        if unit not in state:
            found = visit(unit)
            if found:
                return found
    return None


locks = (src / "README.md").read_text().split("## Locks\n")[1].split("Under it:")[0]
for path in files:
    unit = str(unit_of(path))
    if unit == "region/lock" or not re.search(r"\block_(take|run)\(", path.read_text()):
        continue
    known = unit.startswith("calls/") or unit in locks or (
        unit.startswith("region/") and re.search(rf"in region/ by [^;]*\b{path.stem}\b", locks))
    if not known:
        problems.append(f"{unit} takes the lock of regions: src/README.md, Locks, does not say so")

circle = find_circle()
if circle:
    problems.append("a circle of includes: " + " -> ".join(map(str, circle)))
print("\n".join(problems) or "the map agrees with the tree")
sys.exit(bool(problems))
