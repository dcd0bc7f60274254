#!/bin/bash
# The examples build by `make examples`, run, and are the same as in the manual pages. pkg-config
# finds the installed library.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

root=$(dirname "$0")/../..

# The pages quote the examples without their first line, the licence: text between .EX and .EE behind the line that names the file.
quoted() {
	sed -n "/^\.\\\\\" ${1//\//\\/}/,/^\.EE/p" "$root/man/$2" | sed '/^\./d; s/\\-/-/g; s/\\e/\\/g'
}

builds_and_is_quoted() {
	local name=$1 page=$2
	quoted "examples/$name.c" "$page" | diff <(sed 1d "$root/examples/$name.c") - ||
		fail "$page has another examples/$name.c"
	"$BUILD/examples/$name" >"$work/$name.out" 2>&1 || { show "$work/$name.out"; fail "$name"; }
}

installs() {
	local prefix=$work/prefix flags
	"${MAKE:-make}" -s -C "$root" BUILD="$BUILD" PREFIX="$prefix" install >"$work/log" 2>&1 ||
		{ show "$work/log"; fail "make install"; }
	for page in free_huge_pages getpagesizes hugetlbfs_unmap get_huge_pages; do
		[ -s "$prefix/share/man/man3/$page.3" ] || fail "no manual page $page"
	done
	! grep -q @ "$prefix/lib/pkgconfig/libhugetlbfs.pc" || fail "an unfilled pkg-config file"
	if command -v pkg-config >/dev/null; then
		flags=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs libhugetlbfs)
	else
		flags="-I$prefix/include -L$prefix/lib -lhugetlbfs"
	fi
	# shellcheck disable=SC2086 # several flags
	"$CC" "$root/examples/region.c" $flags -o "$work/installed" || fail "does not compile: $flags"
	LD_LIBRARY_PATH=$prefix/lib "$work/installed" >/dev/null || fail "does not run as installed"
	"${MAKE:-make}" -s -C "$root" BUILD="$BUILD" PREFIX="$prefix" uninstall >"$work/log" 2>&1
	find "$prefix" -type f -o -type l >"$work/left"
	[ ! -s "$work/left" ] || { show "$work/left"; fail "make uninstall leaves files"; }
}

"${MAKE:-make}" -s -C "$root" BUILD="$BUILD" examples >"$work/log" 2>&1 ||
	{ show "$work/log"; fail "make examples"; }
builds_and_is_quoted region get_hugepage_region.3
grep -qx 49999995000000 "$work/region.out" || fail "another sum"
builds_and_is_quoted map hugetlbfs_map.3
grep -qE '^got [0-9]+ bytes on (hugetlb|transparent huge|small) pages of [0-9]+$' "$work/map.out" ||
	{ show "$work/map.out"; fail "another line"; }
installs
