#!/bin/bash
# A core file of a program that maps a copy is as large as without the library, and holds nothing of the
# file, unless files were asked for.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

mount_for_files
need_pages 40 2M
[ "$(cat /proc/sys/kernel/core_pattern)" = core ] || skip "core files are not written as core here"
filter=/proc/self/coredump_filter
[ -w $filter ] || skip "the kernel writes no core files"
file=$disk/data
# its bytes cannot be in the program by chance
yes "a line of the file that is mapped $$" | head -c 44M >"$file"
sync "$file"
sleep 0.2
mkfifo "$work/hold"

# crash NAME FILTER WORDS…: NAME.kb is the core file's size, NAME.lines how many lines of the file it has
crash() {
	local name=$1 process
	mkdir "$work/$name"
	(
		cd "$work/$name" && ulimit -c unlimited && echo "$2" >$filter
		shift 2
		exec env "$@" "$helpers/map-file" "$file" wait <"$work/hold" >"$work/$name.out" 2>"$work/$name.err"
	) 2>/dev/null &
	process=$!
	exec 8>"$work/hold"
	until grep -q huge "$work/$name.out" 2>/dev/null; do
		kill -0 $process 2>/dev/null || { show "$work/$name.err"; fail "$name ended"; }
		sleep 0.05
	done
	grep "$mount" "/proc/$process/maps" >"$work/$name.maps"
	kill -ABRT $process # SIGQUIT is ignored: bash starts background programs so
	wait $process 2>/dev/null
	exec 8>&-
	[ -e "$work/$name/core" ] || { show "$work/$name.err"; fail "$name: no core file"; }
	du -k "$work/$name/core" | cut -f 1 >"$work/$name.kb"
	grep -ac "a line of the file that is mapped $$" "$work/$name/core" >"$work/$name.lines"
	rm -r "${work:?}/$name"
}

# The usual pages; hugetlb pages of all kinds, too; and files, of which plain has all in it.
for pages in 0x33 0x73 0x7f; do
	crash plain-$pages $pages A=1
	crash copy-$pages $pages "LD_PRELOAD=$LIB" HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount"
	[ -s "$work/copy-$pages.maps" ] || { show "$work/copy-$pages.err"; fail "no copy is mapped"; }
	no_lines_of_ours "$work/copy-$pages.err"
	(($(cat "$work/copy-$pages.kb") <= $(cat "$work/plain-$pages.kb") + 1000)) ||
		fail "$pages: $(cat "$work/copy-$pages.kb") kB, plain $(cat "$work/plain-$pages.kb")"
	[ $pages = 0x7f ] || [ "$(cat "$work/copy-$pages.lines")" = "$(cat "$work/plain-$pages.lines")" ] ||
		fail "$pages: the core file holds the copy"
done
[ "$(cat "$work/plain-0x33.lines")" = 0 ] && (($(cat "$work/plain-0x7f.lines") > 1000)) ||
	fail "the core files without the library hold something else: this test sees nothing"
