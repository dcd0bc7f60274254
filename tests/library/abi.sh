#!/bin/bash
# The library exports the documented symbols, needs only libc, and runs a program that was linked
# with the original libhugetlbfs.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

root=$(dirname "$0")/../..

# Name and version of each symbol that the library gives.
exported() {
	readelf -W --dyn-syms "$1" |
		awk '$5 ~ /GLOBAL|WEAK/ && $7 != "UND" && $4 != "OBJECT" { print $8 }' | sort
}

symbols() {
	cat >"$work/expected" <<-END
		_Exit
		_Fork
		_exit
		clone
		free_huge_pages@@HTLBFS_2.0
		free_hugepage_region@@HTLBFS_2.1
		get_huge_pages@@HTLBFS_2.0
		get_hugepage_region@@HTLBFS_2.1
		gethugepagesize@@VERS_1.0
		gethugepagesizes@@HTLBFS_2.1
		getpagesizes@@HTLBFS_2.1
		hugetlbfs_backing@@HUGETLBFS_3.0
		hugetlbfs_find_path@@VERS_1.0
		hugetlbfs_find_path_for_size@@HTLBFS_2.1
		hugetlbfs_map@@HUGETLBFS_3.0
		hugetlbfs_test_path@@VERS_1.0
		hugetlbfs_unlinked_fd@@VERS_1.0
		hugetlbfs_unlinked_fd_for_size@@HTLBFS_2.1
		hugetlbfs_unmap@@HUGETLBFS_3.0
		shmget
	END
	exported "$LIB" >"$work/exported"
	diff "$work/expected" "$work/exported" || fail "other symbols than these"
	readelf -W --dyn-syms "$LIB" | awk '$7 != "UND" && $4 == "OBJECT" { print $8 }' |
		grep -vE '^(VERS_1.0|HTLBFS_2.[01]|HUGETLBFS_3.0)(@@.*)?$' >"$work/data"
	[ ! -s "$work/data" ] || { show "$work/data"; fail "data is exported"; }
}

needs_an_old_c_library_only() {
	local newest
	newest=$(readelf -W --dyn-syms "$LIB" | grep -oE '@GLIBC_[0-9.]+' | sort -uV | tail -n 1)
	[ "$(printf '%s\n@GLIBC_2.17\n' "$newest" | sort -V | tail -n 1)" = @GLIBC_2.17 ] ||
		fail "needs $newest"
	[ "$(readelf -d "$LIB" | grep -c NEEDED)" = 1 ] || fail "needs more than libc"
	readelf -d "$LIB" | grep -q 'SONAME.*\[libhugetlbfs.so.0\]' || fail "another soname"
}

# Of the library's own names a static program sees those of the header, and shmget. _Fork, clone, _exit and
# _Exit are libc's there.
archive_hides_the_rest() {
	nm -g --defined-only "$BUILD/lib/libhugetlbfs.a" | awk 'NF == 3 { print $3 }' | sort \
		>"$work/static"
	sed 's/@.*//; /^_Fork$/d; /^clone$/d; /^_[Ee]xit$/d' "$work/expected" | diff - "$work/static" || fail "other names in the archive"
}

needed_name() {
	readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(libhugetlbfs[^]]*\)\]/\1/p'
}

header_compiles() {
	local standard
	printf '#include <hugetlbfs.h>\nint main(void) { return !(GHR_DEFAULT & GHR_COLOR); }\n' \
		>"$work/use.c"
	cp "$work/use.c" "$work/use.cc"
	for standard in c99 c11 c17; do
		"$CC" "-std=$standard" -pedantic -Wall -Wextra -Werror -Wstrict-prototypes \
			-I"$root/include" -c "$work/use.c" -o "$work/use.o" || fail "header in $standard"
	done
	command -v c++ >/dev/null || skip "needs c++ for the header; the rest passes"
	for standard in c++98 c++11 c++17; do
		c++ "-std=$standard" -pedantic -Wall -Wextra -Werror -I"$root/include" \
			"$work/use.cc" -o "$work/use" || fail "header in $standard"
	done
}

# Debian's packages, unpacked here and kept: sets $original.
get_original() {
	local kept=$BUILD/tests/original
	original=$kept/root
	[ -f "$kept/complete" ] && return
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return
	rm -rf "$kept"
	mkdir -p "$kept" || return
	(
		cd "$kept" || exit
		timeout 60 apt-get -q download libhugetlbfs0 libhugetlbfs-dev >log 2>&1 || exit
		for package in *.deb; do
			dpkg-deb -x "$package" root || exit
		done
		touch complete
	)
	[ -f "$kept/complete" ]
}

# Every function of the original's header, printing what does not differ between two libraries.
write_original_program() {
	cat >"$work/program.c" <<-'END'
		/* the original's header does not know size_t by itself */
		#include <stddef.h>
		#include <hugetlbfs.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>

		static int compare(const void *a, const void *b)
		{
			return *(const long *)a < *(const long *)b ? -1 : 1;
		}

		static void print_sizes(int get(long *, int))
		{
			long sizes[20];
			int count = get(sizes, 20);

			qsort(sizes, count, sizeof(*sizes), compare);
			for (int i = 0; i < count; i++)
				printf("%ld ", sizes[i]);
			printf("%d\n", count == get(NULL, 0));
		}

		int main(void)
		{
			long page = gethugepagesize();
			const char *path;
			char *region;
			int fd;

			printf("%ld\n", page);
			print_sizes(gethugepagesizes);
			print_sizes(getpagesizes);
			path = hugetlbfs_find_path();
			printf("%s %s\n", path, hugetlbfs_find_path_for_size(page));
			printf("%d %d %d\n", hugetlbfs_test_path(path), hugetlbfs_test_path("/proc"),
			       hugetlbfs_test_path("/nowhere"));
			fd = hugetlbfs_unlinked_fd();
			printf("%d %d\n", fd >= 0, ftruncate(fd, page));
			close(fd);
			close(hugetlbfs_unlinked_fd_for_size(page));
			region = get_huge_pages(2 * page, GHP_DEFAULT);
			memset(region, 1, 2 * page);
			printf("%d\n", region[2 * page - 1]);
			free_huge_pages(region);
			for (int i = 0; i < 3; i++) {
				static const ghr_t flags[] = {GHR_DEFAULT, GHR_STRICT, GHR_FALLBACK};

				region = get_hugepage_region(page + 5, flags[i]);
				memset(region, 1, page + 5);
				printf("%d\n", region[page + 4]);
				free_hugepage_region(region);
			}
			return 0;
		}
	END
}

program_of_the_original() {
	local libraries
	get_original || skip "Debian's libhugetlbfs can't be had; the rest passes"
	libraries=$(dirname "$(find "$original" -name libhugetlbfs.so.0 | head -n 1)")
	write_original_program
	"$CC" -I"$original/usr/include" "$work/program.c" -o "$work/theirs" -L"$libraries" \
		-lhugetlbfs 2>"$work/err" || { show "$work/err"; skip "does not link with the original"; }
	"$CC" -I"$root/include" "$work/program.c" -o "$work/ours" -L"$BUILD/lib" -lhugetlbfs ||
		fail "does not link with ours"
	[ "$(needed_name "$work/theirs")" = libhugetlbfs.so.0 ] || fail "the original is not linked"
	[ "$(needed_name "$work/ours")" = libhugetlbfs.so.0 ] || fail "another needed name"
	mkdir "$work/mount"
	mount -t hugetlbfs -o pagesize=2M none "$work/mount" || fail "hugetlbfs can't be mounted"
	at_end "umount $work/mount"
	export HUGETLB_PATH=$work/mount
	LD_LIBRARY_PATH=$BUILD/lib "$work/theirs" >"$work/theirs.out" 2>&1 ||
		{ show "$work/theirs.out"; fail "it does not run on ours"; }
	LD_LIBRARY_PATH=$libraries "$work/theirs" >"$work/plain.out" 2>&1 ||
		{ show "$work/plain.out"; skip "it does not run on the original; on ours it does"; }
	LD_LIBRARY_PATH=$BUILD/lib "$work/ours" >"$work/ours.out" 2>&1 || fail "ours does not run"
	diff "$work/plain.out" "$work/theirs.out" || fail "another output on ours"
	diff "$work/ours.out" "$work/theirs.out" || fail "another output of ours"
	# and the other way round: what is linked with ours runs on the original
	LD_LIBRARY_PATH=$libraries "$work/ours" >"$work/back.out" 2>&1 || fail "ours on the original"
	diff "$work/plain.out" "$work/back.out" || fail "another output on the original"
}

need_program readelf nm
symbols
needs_an_old_c_library_only
archive_hides_the_rest
header_compiles
need_root
need_pages 20 2M
program_of_the_original
