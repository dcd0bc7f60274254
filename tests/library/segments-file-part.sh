#!/bin/bash
# With HUGETLB_ELFMAP_BACKING=file, text that the page cache holds in small pages takes the next
# backing, and the messages agree with smaps. No huge page of the file goes down the ladder with
# them.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/share.sh"

need_program python3
need_pages 20 2M
align_program
sync "$program"

# The sum of a field over the program's text, file and copies.
in_smaps() {
	awk -v field="$1:" '/^[0-9a-f]+-[0-9a-f]+ / { text = $2 == "r-xp" && /\/program|\/memfd:libhugetlbfs \(|libhugetlbfs.tmp/ }
		text && $1 == field { sum += $2 } END { print sum + 0 }' "$work/smaps"
}

# What the lines say is on pages of that kind.
in_lines() {
	sed -n "s/.*INFO: text of .*: \([0-9]*\) of [0-9]* kB on $1 pages\$/\1/p" "$work/err" |
		awk '{ sum += $1 } END { print sum + 0 }'
}

# Runs the program and leaves its lines and its smaps.
look() {
	local process
	mkfifo "$work/go" || fail "no pipe"
	env LD_PRELOAD="$LIB" HUGETLB_VERBOSE=3 HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING="$1" "$program" wait \
		<"$work/go" >"$work/out" 2>"$work/err" &
	process=$!
	exec 7>"$work/go"
	until grep -q version "$work/out" || ! kill -0 $process 2>/dev/null; do sleep 0.05; done
	cat /proc/$process/smaps >"$work/smaps"
	echo >&7
	exec 7>&-
	wait $process || { show "$work/err" "$work/out"; fail "exit status $?: $1"; }
	rm "$work/go"
	grep -q 'still version 1' "$work/out" || { show "$work/out"; fail "another text: $1"; }
	says "the file's own huge" "$(in_smaps FilePmdMapped)"
	says hugetlb $(($(in_smaps Private_Hugetlb) + $(in_smaps Shared_Hugetlb)))
}

says() {
	[ "$(in_lines "$1")" = "$2" ] ||
		{ show "$work/err" "$work/smaps"; fail "$(in_lines "$1") kB are said to be on $1 pages, and $2 are"; }
}

look file
whole_kb=$(in_smaps FilePmdMapped)
((whole_kb >= 12288)) || skip "this file system keeps no huge pages of a file"

# The first 2M of the text stay small; python's descriptor is the only one of this pipe.
mkfifo "$work/hold" || fail "no pipe"
python3 "$tests/helpers/hold-small-pages.py" "$program" 2097152 2097152 <"$work/hold" >"$work/held" &
holder=$!
exec 8>"$work/hold"
until [ -s "$work/held" ] || ! kill -0 $holder 2>/dev/null; do sleep 0.05; done

look file
(($(in_smaps FilePmdMapped) == whole_kb - 2048)) || skip "the cache can't be made to hold a part small"
(($(in_lines "transparent huge") >= 2048)) || { show "$work/err"; fail "file: what is small stays small"; }
grep -q "are on the file's own huge pages (its cached pages are small" "$work/err" ||
	{ show "$work/err"; fail "no line about the part"; }
look auto
(($(in_smaps FilePmdMapped) == whole_kb - 2048)) ||
	{ show "$work/err" "$work/smaps"; fail "huge pages of the file were copied"; }
(($(in_lines hugetlb) >= 2048)) || { show "$work/err"; fail "what is small stays small"; }
exec 8>&-
wait $holder
