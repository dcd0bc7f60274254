#!/bin/bash
# Every call on a mapped file, or a part of it, gives with HUGETLB_MMAP_FILES what it gives plain: on a
# shared copy, on a private one, on the file's own page cache, and where files stay as they are.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

mount_for_files
need_pages 30 2M
program=$helpers/mapped-files
mkdir "$disk/files"
"$program" "$disk/files" >"$work/plain" || fail "the program itself fails"

# as_plain <lines> <settings>: the same output, and so many lines of ours
as_plain() {
	local lines=$1
	shift
	preloaded "$@" "$program" "$disk/files" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "$*: exit status $?"; }
	diff "$work/plain" "$work/out" >"$work/diff" || { show "$work/diff"; fail "$*: another output"; }
	[ "$(lines_of_ours "$work/err")" = "$lines" ] || { show "$work/err"; fail "$*: not $lines lines"; }
}

before=$(free_pages)
compact
as_plain 1 HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount" EXPECT_NAME=libhugetlbfs-files
grep -q 'WARNING: HUGETLB_MMAP_FILES: .*/a file: it is \(open for writing\|being changed\); using huge pages of its page cache' \
	"$work/err" || { show "$work/err"; fail "another line"; }
rm -rf "$copies"
[ "$(free_pages "$before")" = "$before" ] || fail "$((before - $(free_pages))) pages are lost"
as_plain 0 HUGETLB_MMAP_FILES=yes
as_plain 1 HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$work"
grep -q 'no hugetlbfs for pages of 2048 kB is mounted' "$work/err" ||
	{ show "$work/err"; fail "another line without a mount"; }
