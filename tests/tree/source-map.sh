#!/bin/bash
# src/README.md and src/tools/README.md: every source file has its place on the map, no include goes
# against the arrows, and only the files named there take the lock of regions.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program python3
python3 "$tests/helpers/source_map.py" "$tests/../src" >"$work/out" || { cat "$work/out"; exit 1; }

# The check itself finds what it is for: an arrow that points up, a file without a place, a circle.
cp -r "$tests/../src" "$work/src"
broken() {
	python3 "$tests/helpers/source_map.py" "$work/src" >"$work/out" && fail "$1: not found"
	grep -q "$2" "$work/out" || { show "$work/out"; fail "$1: something else was found"; }
	rm -rf "$work/src"
	cp -r "$tests/../src" "$work/src"
}
echo '#include "heap/heap.h"' >>"$work/src/region/region.h"
broken "an arrow that points up" 'region/region.h includes heap/heap.h'
echo >"$work/src/region/nowhere.c"
broken "a file without a place" 'region/nowhere'
echo >"$work/src/tools/hugeadm/nowhere.c"
broken "a tool's file without a place" 'hugeadm/nowhere'
echo '#include "tools/hugestat/users.h"' >>"$work/src/tools/hugectl/hugectl.h"
broken "a tool that uses another" 'hugectl/hugectl.h includes tools/hugestat/users.h of another tool'
echo '#include "region/registry.h"' >>"$work/src/region/region.c"
broken "a circle" 'circle'
sed -i '/^### options/,/^$/s/`config`/`configuration`/' "$work/src/README.md"
broken "a file that is gone" 'options/configuration'
echo 'static inline bool f(void) { return lock_take(); }' >>"$work/src/mmap/density.h"
broken "a file that takes the lock" 'mmap/density takes the lock'
