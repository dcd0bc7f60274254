#!/bin/bash
# With HUGETLB_SHARE=1 and a pool smaller than the text, the program gets no signal and leaves no
# partial copy and no page. A writer that is killed at any time leaves nothing either.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/share.sh"

mount_for_sharing
align_program
for pages in 0 1 3; do
	set_pool $pages
	sharing "$program" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "a pool of $pages: exit status $?"; }
	grep -qx 'version 1' "$work/out" || { show "$work/out"; fail "a pool of $pages: another output"; }
	grep -q "cannot take . huge pages of 2048 kB" "$work/err" ||
		{ show "$work/err"; fail "a pool of $pages: nothing is said"; }
	[ "$(copies_there)" = 0 ] || fail "a pool of $pages: a copy"
	[ "$(free_pages)" = $pages ] || fail "a pool of $pages: $(free_pages) left"
done

# A process that was killed may take a moment to be gone.
pages_come_back() {
	local i
	for ((i = 0; i < 1500; i++)); do
		[ "$(free_pages)" != "$1" ] || return 0
		sleep 0.02
	done
	return 1
}

set_pool 20
for ((delay = 1; delay <= 40; delay++)); do
	sharing timeout -s KILL "$(printf '0.%04d' $((delay * 2)))" "$program" \
		>/dev/null 2>&1
	case $(copies_there) in
	0) pages_come_back 20 || fail "killed after $((delay * 2)) / 10 ms: $(free_pages) of 20 pages" ;;
	1) killed_late=yes ;;
	*) fail "killed: $(copies_there) files" ;;
	esac
	# what there is, is whole
	[ "$(copies_there)" = 0 ] || { expect_version 1 0 "$program"; rm "$copies"/*; }
done
[ -n "${killed_late-}" ] || expect_version 1 0 "$program"
