# For programs/gcc.sh and programs/clang.sh: a generated file, compiled plain and under the library.
# SPDX-License-Identifier: LGPL-2.1-or-later

. "$(dirname "$0")/../../bench/source.bash"

compile_with() {
	need_program "$1"
	generate_source 300 >"$work/source.c"
	same_as_plain "${program_settings[@]}" -- "$1" -O2 -g -S "$work/source.c" -o -
	[ "$plain_status" = 0 ] || { show "$work/plain.err"; fail "$1 itself fails"; }
	"$1" -O2 -c "$work/source.c" -o "$work/plain.o" || fail "$1 itself fails"
	preloaded "${program_settings[@]}" "$1" -O2 -c "$work/source.c" -o "$work/ours.o" || fail "$1 -c"
	cmp "$work/plain.o" "$work/ours.o" || fail "another object"
}
