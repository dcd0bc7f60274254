# Libraries with a big text or big data, for tests of what is loaded late; sourced after test.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later

# make_library <file> <version> [option of compiler or linker ...]; source is big-text or big-data
make_library() {
	local compiler=${CC:-cc} file=$1 version=$2
	shift 2
	need_program "${compiler%% *}"
	# shellcheck disable=SC2086 # the compiler may have options
	$compiler -std=gnu11 -D_GNU_SOURCE -O1 -fPIC -shared -I"$tests/lib" -DVERSION="$version" \
		"$tests/helpers/libraries/${source:-big-text}.c" "$@" -o "$file" 2>"$work/compile" ||
		{ show "$work/compile"; skip "no library can be linked"; }
}

# late <settings> program arguments: its output is "done", and nothing is on stderr; the pool gets all
# of its pages back.
late() {
	local before
	before=$(pool_value 2M free_hugepages)
	preloaded HUGETLB_ELFMAP=R "$@" >"$work/out" 2>"$work/err" ||
		{ show "$work/out" "$work/err"; fail "exit status $?: $*"; }
	[ "$(cat "$work/out")" = "done" ] || { show "$work/out"; fail "another output: $*"; }
	[ ! -s "$work/err" ] || { show "$work/err"; fail "something was said: $*"; }
	[ "$(pool_value 2M free_hugepages)" = "$before" ] || fail "pages did not go back: $*"
}
