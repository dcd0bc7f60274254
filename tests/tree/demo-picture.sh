#!/bin/bash
# README's picture of memory before and after is what `make demo` prints: the same rows, and figures
# within a tolerance.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

root=$(dirname "$0")/../..
need_program python3
need_pages 200 2M

"${MAKE:-make}" --no-print-directory -s -C "$root" BUILD="$BUILD" programs || fail "make programs"
demo() {
	LC_ALL=C.UTF-8 PYTHONIOENCODING=utf-8 "$root/bench/demo" classic >"$work/output" 2>"$work/errors" || {
		show "$work/output" "$work/errors"
		fail "bench/demo classic"
	}
	[ ! -s "$work/errors" ] || {
		show "$work/errors"
		fail "bench/demo writes to standard error"
	}
	python3 "$root/tests/helpers/demo-picture.py" "$root/README.md" "$work/output" 2>"$work/difference"
}
# At one random address in thirty the array has whole huge pages only: not three times in a row.
demo || demo || demo || {
	show "$work/difference" "$work/output"
	fail "README's picture is not what the demo prints"
}

# A picture with a row less, or with another figure, is noticed.
for change in '/^  libraries/d' 's/^\(  bss  *\)4M/\19M/' 's/74,9/34,9/'; do
	sed "$change" "$root/README.md" >"$work/README.md"
	cmp -s "$root/README.md" "$work/README.md" && fail "README has nothing for $change"
	python3 "$root/tests/helpers/demo-picture.py" "$work/README.md" "$work/output" 2>/dev/null &&
		fail "a picture changed by $change passes"
done
exit 0
