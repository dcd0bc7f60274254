#!/bin/bash
# A file size limit (ulimit -f) never ends a program because of the library, whose memfds it limits
# too. The kernel sends SIGXFSZ to a program that writes beyond the limit. The exit status and the
# output are as without the library; one line names a feature that the limit forbids. A message or a
# report that goes beyond the limit does not end the program either.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

# The limit must be seen to work here, or the test says nothing.
(bash -c 'ulimit -f 0; exec dd if=/dev/zero of="$1" bs=4096 count=1' - "$work/file"; exit $?) >/dev/null 2>&1
[ $? = $((128 + 25)) ] || skip "a limit on files has no effect here"

# limited <blocks of 1024 bytes> <variable=value> ... <program> <argument> ...: standard error as a pipe
# has no limit
limited() {
	bash -c 'ulimit -f "$1" && shift && exec env "$@"' - "$1" "LD_PRELOAD=$LIB" "${@:2}"
}

settings=(HUGETLB_MORECORE=thp HUGETLB_MORECORE=yes HUGETLB_MMAP=yes HUGETLB_MMAP=64K,thp
	"HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_OBJECTS=all" HUGETLB_SHM=yes
	"HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=thp" "HUGETLB_ELFMAP=RW HUGETLB_SHARE=1"
	"HUGETLB_MORECORE=thp HUGETLB_ELFMAP=RW HUGETLB_MMAP=yes HUGETLB_ELFMAP_OBJECTS=all")

# Below a page, a page, a huge page, and what is more than most need.
for blocks in 0 4 100 2048 100000; do
	for setting in "${settings[@]}"; do
		# shellcheck disable=SC2086 # words
		limited $blocks $setting "$cases/small-blocks" 20 2>&1 >/dev/null | cat >"$work/err"
		status=${PIPESTATUS[0]}
		[ $status = 0 ] || { show "$work/err"; fail "ulimit -f $blocks, $setting: exit status $status"; }
		[ "$(grep -vc '^libhugetlbfs' "$work/err")" = 0 ] ||
			{ show "$work/err"; fail "ulimit -f $blocks, $setting: another message"; }
	done
done

# expect_line WORDS|none <blocks> <setting> ... <program> ...: it runs well, and this is all that is said.
expect_line() {
	local words=$1 count=1
	shift
	[ "$words" = none ] && count=0
	limited "$@" 2>&1 >/dev/null | cat >"$work/err"
	[ "${PIPESTATUS[0]}" = 0 ] || { show "$work/err"; fail "ulimit -f $*"; }
	[ "$(lines_of_ours "$work/err")" = $count ] || { show "$work/err"; fail "ulimit -f $*: not $count lines"; }
	[ $count = 0 ] || grep -qF "$words" "$work/err" || { show "$work/err"; fail "ulimit -f $*: another line"; }
}

# libc's pages are written to, or, if text and data are copied next, exchanged for some in a file of 100 kB.
for blocks in 0 4 12; do
	expect_line none $blocks HUGETLB_MORECORE=thp EXPECT_THP=0.9 "$cases/small-blocks" 50
	expect_line "a limit on files, ulimit -f, forbids it" $blocks HUGETLB_MORECORE=thp HUGETLB_ELFMAP=W \
		"$cases/small-blocks" 50
done
expect_line none 128 HUGETLB_MORECORE=thp EXPECT_THP=0.9 "$cases/small-blocks" 50

# For a part of a huge page of text that is made small it takes a file as long as the page.
for blocks in 4 200; do
	for backing in hugetlb thp auto; do
		expect_line "text: the process may not make files as long as a huge page (ulimit -f): it stays" \
			$blocks HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=$backing "$cases/text-page-calls" threads
	done
done
expect_line none 3000 HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=thp EXPECT_HUGE_KB=12288 \
	"$cases/text-page-calls" threads

# Messages into a file that may not grow, and a report.
for setting in "HUGETLB_MORECORE=thp HUGETLB_DEBUG=yes" "HUGETLB_REPORT=2" "HUGETLB_REPORT=$work/report"; do
	# shellcheck disable=SC2086 # words
	limited 0 $setting "$cases/small-blocks" 1 2>"$work/err" >/dev/null
	status=$?
	[ $status = 0 ] || fail "ulimit -f 0, $setting, into a file: exit status $status"
done
[ ! -s "$work/err" ] && [ ! -s "$work/report" ] || fail "a file has grown beyond the limit"
