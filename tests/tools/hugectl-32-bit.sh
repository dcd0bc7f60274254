#!/bin/bash
# hugectl preloads the library of the right word size, also into programs that the first one starts,
# or prints one line when there is none.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

[ "$(uname -m)" = x86_64 ] || skip "needs an x86-64 CPU"
# Whether a file is an ELF file of so many bits: 1 or 2 in its fifth byte.
has_bits() {
	[ "$(head -c 5 "$2" 2>/dev/null | tail -c 1 | od -An -tu1 | tr -d ' ')" = $(($1 / 32)) ]
}

# The directory below a prefix where that kind's libc is, and so its $LIB.
directory_of() {
	local bits=$1 directory
	shift
	for directory; do
		has_bits "$bits" "/$directory/libc.so.6" && echo "$directory" && return
	done
	return 1
}

build_both() {
	write_program_with_a_heap
	"${CC:-cc}" -m32 "$work/program.c" -o "$work/program-32" 2>/dev/null ||
		skip "needs a compiler for 32-bit programs"
	"${CC:-cc}" "$work/program.c" -o "$work/program-64" || fail "does not compile"
	"${MAKE:-make}" -C "$(dirname "$0")/../.." --no-print-directory BUILD="$BUILD/32-bit" \
		CFLAGS="-O2 -g -m32" "$BUILD/32-bit/lib/libhugetlbfs.so" >"$work/build" 2>&1 ||
		{ show "$work/build"; fail "the 32-bit library does not build"; }
}

# Since glibc 2.35 malloc can use huge pages itself.
has_tunable() {
	local version
	version=$(getconf GNU_LIBC_VERSION)
	[ "$(printf '%s\n' 2.35 "${version#* }" | sort -V | head -n 1)" = 2.35 ]
}

without_a_32_bit_library() {
	local reason="hugectl: $work/program-32: no libhugetlbfs.so.0 for this kind of program (32-bit) \
is installed"
	ends 3 --heap "$work/program-32"
	if has_tunable; then
		says "$reason; malloc is asked for huge pages by GLIBC_TUNABLES instead"
		expect_line 'tunables glibc.malloc.hugetlb=2'
	else
		says "$reason"
		expect_line 'tunables -'
	fi
	expect_line 'preload -'
	refuses "${reason#hugectl: } (--require: the program is not started)" --heap --require \
		"$work/program-32"
}

with_both() {
	local prefix=$work/prefix bits library
	mkdir -p "$prefix"/{bin,"$wide","$narrow"}
	cp "$hugectl" "$prefix/bin/"
	cp "$BUILD/lib/libhugetlbfs.so.0" "$prefix/$wide/"
	cp "$BUILD/32-bit/lib/libhugetlbfs.so.0" "$prefix/$narrow/"
	hugectl=$prefix/bin/hugectl
	for bits in 32 64; do
		[ $bits = 32 ] && library=$prefix/$narrow || library=$prefix/$wide
		ends 3 --thp "$work/program-$bits"
		says ""
		# shellcheck disable=SC2016 # the dynamic linker's own
		expect_line "preload $prefix/"'$LIB/libhugetlbfs.so.0'
		grep -qF "$library/libhugetlbfs.so.0" "$work/out" ||
			fail "$bits: its library is not there"
		expect_line 'tunables -'
		# started by a program of this machine's own kind
		"$hugectl" --thp sh -c "'$work/program-$bits'" >"$work/out" 2>"$work/err"
		says ""
		grep -qF "$library/libhugetlbfs.so.0" "$work/out" || fail "$bits: not inherited"
	done
	# and what is printed for a shell is the same
	"$hugectl" --thp --dry-run "$work/program-32" >"$work/command" || fail "--dry-run"
	sh "$work/command" | grep -qF "$prefix/$narrow/libhugetlbfs.so.0" || fail "--dry-run"
	hugectl=$BUILD/bin/hugectl
}

# Each kind alone where $LIB does not lead to it: the path itself.
by_path() {
	local prefix=$work/plain
	mkdir -p "$prefix"/{bin,lib}
	cp "$hugectl" "$prefix/bin/"
	cp "$BUILD/32-bit/lib/libhugetlbfs.so.0" "$prefix/lib/"
	hugectl=$prefix/bin/hugectl
	ends 3 --thp "$work/program-32"
	says ""
	expect_line "preload $prefix/lib/libhugetlbfs.so.0"
	hugectl=$BUILD/bin/hugectl
	ends 3 --thp --library-path "$BUILD/32-bit" "$work/program-32"
	says ""
	expect_line "preload $BUILD/32-bit/lib/libhugetlbfs.so.0"
}

# What is said is true: malloc's own huge pages serve it.
is_served_by_malloc() {
	need_pages 50 2M
	# glibc 2.44 takes the tunable in a 32-bit program and leaves its heap as it is
	GLIBC_TUNABLES=glibc.malloc.hugetlb=2 "$work/program-32" >"$work/out" 2>/dev/null
	grep -q anon_hugepage "$work/out" || return 0
	"$hugectl" --heap "$work/program-32" >"$work/out" 2>/dev/null
	grep -q anon_hugepage "$work/out" || { show "$work/out"; fail "its heap is on small pages"; }
}

build_both
by_path
if wide=$(directory_of 64 lib/x86_64-linux-gnu lib64) &&
	narrow=$(directory_of 32 lib/i386-linux-gnu lib32 lib); then
	with_both
fi
for installed in /usr/{local/,}{lib/i386-linux-gnu,lib32,lib}/libhugetlbfs.so.0; do
	has_bits 32 "$installed" && skip "a library is installed in ${installed%/*}; the rest passes"
done
without_a_32_bit_library
! has_tunable || is_served_by_malloc
