#!/bin/bash
# With HUGETLB_SHARE=1 the second process maps the first one's copy of the text and takes no page.
# The copy stays when both have ended; its removal returns the pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/share.sh"

mount_for_sharing
align_program
need_pages 20 2M
waiting=() hold=()
before=$(free_pages)
start_waiting 1 "$program"
first=$(free_pages)
((first < before)) || { show "$work/err.1"; fail "the first took no page"; }
start_waiting 2 "$program"
[ "$(free_pages)" = "$first" ] || fail "the second took $((first - $(free_pages))) pages"
inode=$(shared_inode "${waiting[1]}")
[ -n "$inode" ] && [ "$inode" = "$(shared_inode "${waiting[2]}")" ] ||
	fail "inode $inode in the first, $(shared_inode "${waiting[2]}") in the second"
[ "$(copies_there)" = 1 ] || fail "$(copies_there) copies"
[ "$(stat -c %a "$copies")" = 700 ] || fail "the directory's mode"
[ "$(stat -c %a "$copies"/*)" = 444 ] || fail "the copy's mode: $(stat -c %a "$copies"/*)"
for process in "${waiting[@]}"; do
	# 4000 pages of 4K are at least 6 whole ones of 2M
	(($(shared_kb "$process") >= 6 * 2048)) || fail "$(shared_kb "$process") kB are shared"
	[ "$(shared_kb "$process")" = $((2048 * (before - first))) ] || fail "pages that nobody maps"
	ls -l "/proc/$process/fd" | grep -q "$mount" && fail "a descriptor is open"
done
no_lines_of_ours "$work/err.1"
no_lines_of_ours "$work/err.2"
end_waiting 1
end_waiting 2
[ "$(free_pages)" = "$first" ] || fail "the copy's pages are gone with the processes"
expect_version 1 0 "$program"
[ "$(copies_there) $(free_pages)" = "1 $first" ] || fail "a third start made another copy"

# Another name of the same file is the same text.
ln -s "$program" "$work/another-name"
expect_version 1 0 "$work/another-name"
[ "$(copies_there)" = 1 ] || fail "one copy for each name"

# Removed while it is in use: who has it goes on, who comes makes a new one.
start_waiting 3 "$program"
rm "$copies"/*
expect_version 1 0 "$program"
[ "$(copies_there)" = 1 ] || fail "no new copy"
end_waiting 3
[ "$(free_pages)" = "$first" ] || fail "the removed copy's pages did not go back"
rm -r "$copies"
[ "$(free_pages)" = "$before" ] || fail "$((before - $(free_pages))) pages did not go back"

# Many at once, each of them possibly the first.
for i in {1..8}; do
	sharing "$program" >"$work/many.$i" 2>&1 &
done
wait
for i in {1..8}; do
	grep -qx 'version 1' "$work/many.$i" || { show "$work/many.$i"; fail "one of many at once"; }
done
[ "$(copies_there)" = 1 ] || fail "$(copies_there) copies of many at once"
[ "$(free_pages)" = "$first" ] || fail "$((first - $(free_pages))) pages too few after many at once"
