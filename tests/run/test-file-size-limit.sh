#!/bin/bash
# A limit on the size of files (ulimit -f), and a reader that is gone: the kernel ends a program for
# a write that goes beyond, and the library's own writes are none of the program's.
. "$(dirname "$0")/lib.sh"

# limited KB COMMAND…: what it says goes through a pipe, as no file can be written.
limited() {
	# shellcheck disable=SC2016 # expands in the inner shell
	bash -c 'ulimit -f "$0" && exec "$@"' "$@" 2>&1 | cat >"$work/out"
	return "${PIPESTATUS[0]}"
}

runs_under() {
	local kb=$1
	shift
	limited "$kb" env LD_PRELOAD="$LIB" "$@" || {
		local status=$?
		show "$work/out"
		fail "ulimit -f $kb, $*: exit status $status"
	}
}

# 4: the first of libc's pages goes into a file, the next does not.
heap_is_huge_all_the_same() {
	local kb
	for kb in 0 4 12; do
		runs_under $kb HUGETLB_MORECORE=thp EXPECT_THP=0.9 "$programs/small-blocks" 50
		no_lines_of_ours "$work/out"
		runs_under $kb HUGETLB_MORECORE=thp HUGETLB_MMAP=yes,thp "$programs/fork" both-write
		no_lines_of_ours "$work/out"
	done
}

only_line_is() {
	[ "$(lines_of_ours "$work/out")" = 1 ] || { show "$work/out"; fail "not one line"; }
	grep -qF "$1" "$work/out" || { show "$work/out"; fail "another line"; }
}

# A part of a huge page of text could not be made small, for which a file as long is needed.
text_stays_where_it_is() {
	local kb backing
	for kb in 0 4; do
		for backing in hugetlb thp auto; do
			runs_under $kb HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=$backing \
				"$programs/text-misuse" threads
			only_line_is "WARNING: text: the process may not make files as long as a huge page (ulimit -f): it stays"
		done
	done
	runs_under 3000 HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=thp EXPECT_HUGE_KB=12288 \
		"$programs/text-misuse" threads
	no_lines_of_ours "$work/out"
}

files_at_their_limit() {
	head -c 1024 /dev/zero >"$work/full"
	# shellcheck disable=SC2016
	bash -c 'ulimit -f 1 && exec "$@"' - env LD_PRELOAD="$LIB" HUGETLB_MORECORE=thp HUGETLB_DEBUG=yes \
		HUGETLB_REPORT=2 "$programs/small-blocks" 5 >/dev/null 2>>"$work/full" ||
		fail "stderr is a full file: exit status $?"
	[ "$(stat -c %s "$work/full")" = 1024 ] || fail "more was written than the limit allows"
	runs_under 1 HUGETLB_MORECORE=thp HUGETLB_REPORT="$work/full" "$programs/small-blocks" 5
	[ "$(stat -c %s "$work/full")" = 1024 ] || fail "the report is longer than the limit allows"
}

report_that_nobody_reads() {
	local status
	status=$({
		env LD_PRELOAD="$LIB" HUGETLB_MORECORE=thp HUGETLB_REPORT=- sleep 0.3 >&3
		echo $? >&4
	} 3> >(:) 4>&1)
	[ "$status" = 0 ] || fail "a report to a pipe without a reader: exit status $status"
}

heap_is_huge_all_the_same
text_stays_where_it_is
files_at_their_limit
report_that_nobody_reads
