#!/bin/bash
# A program with holes between its segments is completely on huge pages at each of many starts at
# random addresses. The kernel likes to put new mappings into such holes, the library's own lists
# too.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"
. "$(dirname "$0")/../lib/segments.sh"

need_pages 40 2M
write_probe
compile_segments_probe
# shellcheck disable=SC2086
linker_can bfd ${words_of[static-pie]} || skip "no static-PIE can be linked here"
link_segments_probe "$work/program" static-pie bfd align ||
	{ show "$work/program.log"; skip "no static-PIE can be linked by the wrapper here"; }

for ((start = 0; start < 100; start++)); do
	timeout 60 env HUGETLB_ELFMAP=RW "$work/program" $huge_bytes >"$work/out" 2>"$work/err" ||
		{ show "$work/out" "$work/err"; fail "start $start: exit status $?"; }
	[ ! -s "$work/err" ] || { show "$work/out" "$work/err"; fail "start $start: a line"; }
	held_what_it_held "$work/out" || { show "$work/out"; fail "start $start: something was lost"; }
	awk '$1 != "relro" && NF == 6 && $4 != $2 { wrong = 1 } END { exit wrong }' "$work/out" ||
		{ show "$work/out"; fail "start $start: not all is huge"; }
done
