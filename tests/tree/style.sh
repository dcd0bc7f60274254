#!/bin/bash
# Texts avoid the phrases of the list style-phrases: README, HOWTO, man pages, examples, and the strings and
# comments of the sources.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

root=$tests/..
need_program python3

# avoids [--comments] <file> ...
avoids() {
	local option=()
	[ "$1" != --comments ] || { option=("$1"); shift; }
	python3 "$tests/helpers/style.py" "${option[@]}" "$tests/tree/style-phrases" "$@" >"$work/found" 2>&1
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

mapfile -t others < <(find "$root"/{include,tests,bench,examples} -name '*.[ch]')
avoids --comments "${sources[@]}" "${others[@]}" || {
	show "$work/found"
	fail "phrases to avoid in comments, see tests/tree/style-phrases"
}

# finds <phrase> [--comments] <file>
finds() {
	avoids "${@:2}" && fail "not found: $1"
	grep -qF "$1" "$work/found" || { show "$work/found"; fail "no line about: $1"; }
}
printf 'Pages that can not be\nhad.\n' >"$work/text"
finds "be had" "$work/text"
# shellcheck disable=SC2016 # the quotes are C's
printf '/* anew */ #include "anew"\nprintf("it is tol" "d %%s\\n", "as a"\n " rule");\n' >"$work/text.c"
finds "as a rule" "$work/text.c"
! grep -q anew "$work/found" || fail "a comment counts as a string"
printf '/*\n * It takes care\n * of "it".\n */\nprintf("/* anew */");\n' >"$work/text.c"
finds "takes care of" --comments "$work/text.c"
! grep -q anew "$work/found" || fail "a string counts as a comment"
printf '.SH TEXT\nThe\n.B kernel\nstarts\n.I anew\n' >"$work/text.7"
finds "anew" "$work/text.7"
