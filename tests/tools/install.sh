#!/bin/bash
# make install writes only below DESTDIR, to LIBDIR or the MULTIARCH directory, and make uninstall
# leaves no file. hugectl, pkg-config and ld.hugetlbfs find the library there.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

root=$(dirname "$0")/../..
compiler=${CC:-cc}
triplet=$("$compiler" -print-multiarch 2>/dev/null)

make_in_root() {
	"${MAKE:-make}" -s -C "$root" BUILD="$BUILD" "$@" >"$work/log" 2>&1 ||
		{ show "$work/log"; fail "make $*"; }
}

files_below() {
	(cd "$1" && find . ! -type d | sort)
}

is_complete() {
	local prefix=$1 libraries=$2 name
	for name in "$libraries"/libhugetlbfs.{so,so.0,a} "$libraries/pkgconfig/libhugetlbfs.pc" \
		"$prefix"/bin/{hugeadm,hugectl,pagesize,ld.hugetlbfs} "$prefix/include/hugetlbfs.h" \
		"$prefix"/share/man/man{1/pagesize.1,3/get_huge_pages.3,7/libhugetlbfs.7,8/hugectl.8} \
		"$prefix/share/bash-completion/completions/hugectl" \
		"$prefix/share/zsh/site-functions/_hugectl" "$prefix/share/doc/libhugetlbfs/HOWTO" \
		"$prefix"/share/libhugetlbfs/{ld,ld.hugetlbfs}; do
		[ -s "$name" ] || fail "$name is not there"
	done
}

# A program that uses the library by name, by the flags that pkg-config has.
write_program() {
	printf '#include <hugetlbfs.h>\nint main(void) { return gethugepagesize() == 0; }\n' \
		>"$work/program.c"
}

is_used() {
	local prefix=$1 libraries=$2 flags
	"$prefix/bin/hugectl" --thp cat /proc/self/maps | grep -qF "$libraries/libhugetlbfs.so.0" ||
		fail "hugectl does not find $libraries"
	if command -v pkg-config >/dev/null; then
		flags=$(PKG_CONFIG_PATH=$libraries/pkgconfig pkg-config --cflags --libs libhugetlbfs)
		[[ " $flags " == *" -I$prefix/include "*"-L$libraries -lhugetlbfs "* ]] ||
			fail "pkg-config says $flags"
	fi
	"$compiler" "$work/program.c" -o "$work/program" -I"$prefix/include" \
		-B "$prefix/share/libhugetlbfs" -Wl,--hugetlbfs-align 2>"$work/err" ||
		{ show "$work/err"; fail "it does not link"; }
	LD_LIBRARY_PATH=$libraries ldd "$work/program" | grep -qF "=> $libraries/libhugetlbfs.so.0" ||
		fail "it is not linked with the library"
	"$prefix/bin/ld.hugetlbfs" --version >"$work/out" 2>&1 || { show "$work/out"; fail "ld.hugetlbfs"; }
}

# try <directory of the library below the prefix> <make variable> ...
try() {
	local libraries=$1 prefix=$work/prefix
	shift
	make_in_root PREFIX="$prefix" "$@" install
	is_complete "$prefix" "$prefix/$libraries"
	is_used "$prefix" "$prefix/$libraries"
	make_in_root PREFIX="$prefix" "$@" uninstall
	files_below "$prefix" >"$work/left"
	[ ! -s "$work/left" ] || { show "$work/left"; fail "uninstall leaves files: $*"; }
	rm -rf "$prefix"
}

# The same files as without DESTDIR, which is not in any of them.
below_destdir() {
	make_in_root PREFIX="$work/prefix" install
	make_in_root PREFIX="$work/prefix" DESTDIR="$work/stage" install
	diff <(files_below "$work/prefix") <(files_below "$work/stage$work/prefix") ||
		fail "other files below DESTDIR"
	grep -rlF "$work/stage" "$work/stage" >"$work/named"
	[ ! -s "$work/named" ] || { show "$work/named"; fail "DESTDIR is in a file"; }
	# what somebody else has put there stays
	touch "$work/stage$work/prefix/bin/other"
	make_in_root PREFIX="$work/prefix" DESTDIR="$work/stage" uninstall
	[ "$(files_below "$work/stage$work/prefix")" = ./bin/other ] || fail "uninstall with DESTDIR"
}

# A path with blanks is one path, for uninstall above all: its first word may be somebody's directory.
blanks_in_paths() {
	local stage="$work/a stage" prefix="/opt/my own&" flags words
	mkdir -p "$work/a/usr/share/libhugetlbfs" "$work/a/bin"
	touch "$work/a/usr/share/libhugetlbfs/bystander" "$work/a/bin/bystander"
	make_in_root PREFIX="$work/prefix" DESTDIR="$work/plain" install
	make_in_root PREFIX="$prefix" DESTDIR="$stage" install
	diff <(files_below "$work/plain$work/prefix") <(files_below "$stage$prefix") ||
		fail "other files in a path with blanks"
	if command -v pkg-config >/dev/null; then
		flags=$(PKG_CONFIG_PATH="$stage$prefix/lib/pkgconfig" pkg-config --cflags --libs libhugetlbfs)
		eval "words=($flags)"
		[ "${words[*]}" = "-I$prefix/include -L$prefix/lib -lhugetlbfs" ] &&
			[ ${#words[@]} = 3 ] ||
			fail "pkg-config says $flags"
	fi
	make_in_root PREFIX="$prefix" DESTDIR="$stage" uninstall
	[ "$(files_below "$work/a stage")" = "" ] || fail "uninstall leaves files in $stage"
	[ "$(files_below "$work/a" | wc -l)" = 2 ] || fail "uninstall deletes what is not ours"
}

# Only the library, as for a second word size, under both names.
only_the_library() {
	local prefix=$work/second
	make_in_root PREFIX="$prefix" LIBDIR="$prefix/lib32" install-library
	printf '%s\n' ./lib32/libhugetlbfs.{a,so,so.0} | diff - <(files_below "$prefix") ||
		fail "install-library installs something else"
	local name
	for name in libhugetlbfs.so libhugetlbfs.so.0; do
		LD_LIBRARY_PATH=$prefix/lib32 LD_PRELOAD=$name HUGETLB_REPORT=2 /bin/true 2>"$work/err"
		grep -q '^libhugetlbfs: ' "$work/err" || { show "$work/err"; fail "$name is not preloaded"; }
	done
	make_in_root PREFIX="$prefix" LIBDIR="$prefix/lib32" uninstall-library
	[ -z "$(files_below "$prefix")" ] || fail "uninstall-library leaves files"
}

# A machine whose programs still preload the library is told.
uninstall_warns() {
	local goal
	echo '/usr/local/$LIB/libhugetlbfs.so.0' >"$work/preload"
	for goal in uninstall uninstall-library; do
		make_in_root PREFIX="$work/nothing" LD_SO_PRELOAD="$work/preload" $goal
		grep -qx "warning: $work/preload still names libhugetlbfs: each program prints an error until \
that line is removed" "$work/log" || { show "$work/log"; fail "$goal does not warn"; }
	done
	make_in_root PREFIX="$work/nothing" LD_SO_PRELOAD="$work/preload" DESTDIR="$work/stage" uninstall
	! grep -q warning "$work/log" || fail "a stage is no machine that preloads"
	: >"$work/preload"
	make_in_root PREFIX="$work/nothing" LD_SO_PRELOAD="$work/preload" uninstall
	! grep -q warning "$work/log" || fail "a warning without cause"
}

# The original's set-up helper, and its manual page.
helper_is_there() {
	local prefix=$work/helper
	make_in_root PREFIX="$prefix" install
	"$prefix/bin/huge_page_setup_helper.py" --dry-run </dev/null >"$work/out" 2>"$work/err"
	grep -q 'setup: no answer' "$work/err" || { show "$work/err"; fail "the helper does not ask"; }
	[ -s "$prefix/share/man/man8/huge_page_setup_helper.py.8" ] || fail "the helper has no manual page"
	# what the packages' own test does, with this prefix as the system
	if command -v pkg-config >/dev/null && [ -x "$prefix/bin/hugestat" ]; then
		EXAMPLES=$root/examples PKG_CONFIG_PATH=$prefix/lib/pkgconfig PATH=$prefix/bin:$PATH \
			LD_LIBRARY_PATH=$prefix/lib "$root/packaging/debian/tests/examples" \
			>"$work/log" 2>&1 || { show "$work/log"; fail "packaging/debian/tests/examples"; }
	fi
	make_in_root PREFIX="$prefix" uninstall
	[ -z "$(files_below "$prefix")" ] || { files_below "$prefix"; fail "uninstall leaves files"; }
}

# A tarball that builds, without git and without what lies about in this tree.
dist() {
	local tarball version
	version=$(sed -n 's/^VERSION *:= *//p' "$root/Makefile")
	make_in_root BUILD="$work/dist" dist
	tarball=$work/dist/dist/libhugetlbfs-$version.tar.gz
	[ "$(tail -n 1 "$work/log")" = "$tarball" ] || { show "$work/log"; fail "another tarball"; }
	tar -C "$work" -xzf "$tarball" || fail "no tarball"
	if [ -e "$root/.git" ] && command -v git >/dev/null; then
		(cd "$root" && git ls-files | sort) | diff - <(cd "$work/libhugetlbfs-$version" &&
			find . ! -type d | sed 's|^\./||' | sort) || fail "the tarball has other files than git"
	fi
	(cd "$work/libhugetlbfs-$version" && env -i PATH="$PATH" HOME=/nowhere "${MAKE:-make}" -s CC="$compiler" \
		CFLAGS=-O0 >"$work/log" 2>&1 && env -i PATH="$PATH" "${MAKE:-make}" -s dist >>"$work/log" 2>&1) ||
		{ show "$work/log"; fail "the tarball does not build"; }
	tar -tzf "$tarball" | sort >"$work/first"
	tar -tzf "$work/libhugetlbfs-$version/build/dist/libhugetlbfs-$version.tar.gz" | sort |
		diff "$work/first" - || fail "a tarball of the tarball has other files"
}

write_program
only_the_library
uninstall_warns
helper_is_there
dist
blanks_in_paths
try lib
try lib64 LIBDIR="$work/prefix/lib64"
[ -z "$triplet" ] || try "lib/$triplet" MULTIARCH=1
below_destdir
