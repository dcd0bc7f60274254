#!/bin/bash
# hugectl finds the library and keeps what LD_PRELOAD and LD_LIBRARY_PATH had.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

beside=$BUILD/lib/libhugetlbfs.so.0
triplet=$("${CC:-cc}" -print-multiarch 2>/dev/null)

# preloads <LD_PRELOAD> <LD_LIBRARY_PATH> <option> ...: what `env` sees under $tool; "-" for unset
preloads() {
	local preload=$1 path=$2 expected=
	shift 2
	[ "$preload" = - ] || expected+="LD_PRELOAD=$preload"$'\n'
	[ "$path" = - ] || expected+="LD_LIBRARY_PATH=$path"$'\n'
	env "${before[@]}" "$tool" -q "$@" env 2>"$work/err" | grep -E '^LD_(PRELOAD|LIBRARY_PATH)=' \
		>"$work/out"
	diff <(printf %s "$expected" | sort) <(sort "$work/out") >"$work/diff" || {
		show "$work/diff" "$work/err"
		fail "hugectl $*, after ${before[*]}"
	}
	[ ! -s "$work/err" ] || { show "$work/err"; fail "hugectl $*: a line"; }
}

# A library that does nothing, as somebody else's.
make_other_library() {
	"${CC:-cc}" -shared -x c /dev/null -o "$work/other.so" || fail "no library can be linked"
	cp "$beside" "$work/"
}

variables_are_kept() {
	tool=$hugectl
	before=(-u LD_PRELOAD -u LD_LIBRARY_PATH)
	preloads "$beside" -
	preloads - - --no-preload
	# an empty element means the current directory: none comes of an empty variable
	before=(LD_PRELOAD= LD_LIBRARY_PATH=)
	preloads "$beside" ""
	preloads "$beside" "$BUILD/lib" --library-path "$BUILD"
	# also for who is in another directory then
	(cd "$BUILD/bin" && preloads "$BUILD/bin/../lib/libhugetlbfs.so.0" "$BUILD/bin/../lib" \
		--library-path ../lib) || exit 1
	refuses "--library-path: an empty name is no directory" --library-path= true
	before=("LD_PRELOAD=$work/other.so" LD_LIBRARY_PATH=/nowhere)
	preloads "$beside:$work/other.so" /nowhere
	preloads "$beside:$work/other.so" "$BUILD/lib:/nowhere" --library-path="$BUILD"
	preloads "$work/other.so" "$BUILD/lib:/nowhere" --no-preload --library-path="$BUILD/lib"
	preloads "$work/other.so" /nowhere --no-preload
	# once is enough, also where it was another copy
	before=(-u LD_LIBRARY_PATH "LD_PRELOAD=$work/other.so:$work/libhugetlbfs.so.0 $beside")
	preloads "$beside:$work/other.so" -
	before=("LD_PRELOAD=$beside:$work/other.so" "LD_LIBRARY_PATH=$BUILD/lib")
	preloads "$beside:$work/other.so" "$BUILD/lib" --library-path "$BUILD"
	# the dynamic linker's own list, which blanks may separate as well
	before=(-u LD_LIBRARY_PATH "LD_PRELOAD=$work/other.so $work/other.so")
	preloads "$beside:$work/other.so:$work/other.so" -
}

dynamic_linker_finds_it() {
	tool=$hugectl
	before=(-u LD_PRELOAD "LD_LIBRARY_PATH=$BUILD/lib")
	preloads libhugetlbfs.so.0 "$BUILD/lib" --library-use-path
	LD_LIBRARY_PATH=$BUILD/lib "$hugectl" --library-use-path cat /proc/self/maps |
		grep -q "$beside" || fail "--library-use-path: the library is not there"
	"$hugectl" cat /proc/self/maps | grep -q "$beside" || fail "the library is not there"
	"$hugectl" --no-preload cat /proc/self/maps | grep -q libhugetlbfs && fail "--no-preload"
	refuses "--library-path: no libhugetlbfs.so.0 for $(getconf LONG_BIT)-bit programs in /nowhere" \
		--library-path /nowhere true
}

# An installation in a prefix of its own: install_to <prefix> <directory below it>
install_to() {
	mkdir -p "$1/bin" "$1/$2" && cp "$hugectl" "$1/bin/" && cp "$beside" "$1/$2/" ||
		fail "can't copy to $1"
}

found_beside_the_tool() {
	local directory
	before=(-u LD_PRELOAD -u LD_LIBRARY_PATH)
	for directory in lib lib64 ${triplet:+lib/$triplet}; do
		install_to "$work/prefix" "$directory"
		tool=$work/prefix/bin/hugectl
		preloads "$work/prefix/$directory/libhugetlbfs.so.0" -
		# a link to it is no other place
		ln -s "$tool" "$work/link"
		tool=$work/link
		preloads "$work/prefix/$directory/libhugetlbfs.so.0" -
		rm "$work/link"
	done
	# of several the one that its distribution would have
	rm -rf "$work/prefix"
	# what is no library, or for another CPU, is passed over
	mkdir -p "$work/prefix/lib64"
	echo no library >"$work/prefix/lib64/libhugetlbfs.so.0"
	install_to "$work/prefix" lib
	tool=$work/prefix/bin/hugectl
	preloads "$work/prefix/lib/libhugetlbfs.so.0" -
	rm -rf "$work/prefix"
}

# LD_PRELOAD can't say a path with a blank: the name and the directory do. With a colon neither can.
odd_paths() {
	before=(-u LD_PRELOAD LD_LIBRARY_PATH=/nowhere)
	install_to "$work/my prefix" lib
	tool="$work/my prefix/bin/hugectl"
	preloads libhugetlbfs.so.0 "$work/my prefix/lib:/nowhere"
	"$tool" cat /proc/self/maps | grep -q "$work/my prefix/lib/libhugetlbfs.so.0" ||
		fail "not preloaded from a path with a blank"
	install_to "$work/a:b" lib
	hugectl=$work/a:b/bin/hugectl
	refuses "$work/a:b/lib/libhugetlbfs.so.0 can't be preloaded: its path has a colon or \
semicolon in it" true
	hugectl=$BUILD/bin/hugectl
}

# With none near it, the dynamic linker has the last word, and says it where there is none.
not_installed() {
	[ ! -e /usr/lib/libhugetlbfs.so.0 ] && [ ! -e "/usr/lib/$triplet/libhugetlbfs.so.0" ] &&
		[ ! -e /usr/local/lib/libhugetlbfs.so.0 ] &&
		[ ! -e "/usr/local/lib/$triplet/libhugetlbfs.so.0" ] || return 0
	mkdir -p "$work/alone" && cp "$hugectl" "$work/alone/"
	"$work/alone/hugectl" --heap echo runs >"$work/out" 2>"$work/err" || fail "it does not run"
	[ "$(cat "$work/out")" = runs ] || fail "no output without the library"
	grep -q "^ERROR: ld.so: object 'libhugetlbfs.so.0' from LD_PRELOAD cannot be preloaded" \
		"$work/err" || { show "$work/err"; fail "no line of the dynamic linker"; }
	hugectl=$work/alone/hugectl
	refuses "$(command -v env): no libhugetlbfs.so.0 for this kind of program \
($(getconf LONG_BIT)-bit) is installed (--require: the program is not started)" --require --heap env
	hugectl=$work/alone/hugectl
	refuses "no-such-program: no libhugetlbfs.so.0 for this kind of program ($(getconf LONG_BIT)-bit) \
is installed (--require: the program is not started)" --require no-such-program
	hugectl=$BUILD/bin/hugectl
}

# AddressSanitizer's runtime ends the program where another library was loaded before it.
what_insists_on_being_first() {
	local program=$work/sanitized
	"${CC:-cc}" -shared -x c /dev/null -o "$work/libasan.so.77" -Wl,-soname,libasan.so.77 &&
		echo 'int main(void) { return 0; }' | "${CC:-cc}" -x c - -o "$program" \
			-Wl,--no-as-needed -x none "$work/libasan.so.77" \
			-Wl,-rpath,"$work" ||
		fail "no program can be linked"
	env -u LD_PRELOAD "$hugectl" --thp --dry-run "$program" >"$work/out" || fail "--dry-run"
	grep -qxF "LD_PRELOAD='libasan.so.77:$beside'" "$work/out" || {
		show "$work/out"
		fail "the runtime is not first"
	}
	LD_PRELOAD=$work/other.so succeeds --thp "$program"
	env -u LD_PRELOAD "$hugectl" --thp --no-preload --dry-run "$program" >"$work/out"
	! grep -q LD_PRELOAD "$work/out" || { show "$work/out"; fail "--no-preload sets it"; }
	echo '#include <stdlib.h>
		int main(void) { free(malloc(5000)); return 7; }' |
		"${CC:-cc}" -fsanitize=address -x c - -o "$program" 2>"$work/err" || return 0
	"$hugectl" --heap=thp "$program" 2>"$work/err"
	[ $? = 7 ] || { show "$work/err"; fail "a program with AddressSanitizer does not run"; }
}

make_other_library
variables_are_kept
what_insists_on_being_first
dynamic_linker_finds_it
found_beside_the_tool
odd_paths
not_installed
