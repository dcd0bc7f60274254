#!/bin/bash
# The texts for users avoid the phrases of the list style-phrases: README, HOWTO, man pages, examples, and
# the strings of the sources.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

root=$tests/..
need_program python3

# avoids <file> ...
avoids() {
	python3 "$tests/helpers/style.py" "$tests/tree/style-phrases" "$@" >"$work/found" 2>&1
}

mapfile -t examples < <(find "$root/examples" -type f)
avoids "$root"/{README.md,HOWTO,NEWS,CONTRIBUTING.md,bench/README.md} "$root"/man/*.[1-8] "${examples[@]}" || {
	show "$work/found"
	fail "phrases to avoid, see tests/tree/style-phrases"
}

mapfile -t sources < <(find "$root/src" -name '*.[ch]')
avoids "${sources[@]}" || {
	show "$work/found"
	fail "phrases to avoid in strings, see tests/tree/style-phrases"
}

# finds <phrase> <file>
finds() {
	avoids "$2" && fail "not found: $1"
	grep -qF "$1" "$work/found" || { show "$work/found"; fail "no line about: $1"; }
}
printf 'Pages that can not be\nhad.\n' >"$work/text"
finds "be had" "$work/text"
# shellcheck disable=SC2016 # the quotes are C's
printf '/* anew */ #include "anew"\nprintf("it is tol" "d %%s\\n", "as a"\n " rule");\n' >"$work/text.c"
finds "as a rule" "$work/text.c"
! grep -q anew "$work/found" || fail "a comment counts as text for users"
printf '.SH TEXT\nThe\n.B kernel\nstarts\n.I anew\n' >"$work/text.7"
finds "anew" "$work/text.7"
