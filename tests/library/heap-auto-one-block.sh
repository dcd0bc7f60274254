#!/bin/bash
# HUGETLB_MORECORE=auto collapses one large block of malloc that the program has filled, while the
# program's heap grows on, and leaves one that is used sparsely as it is.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
# Needs no huge pages.

# block <megabytes> <step> <seconds>: what it takes plain, for a second, and preloaded, in kB.
block() {
	read -r plain plain_huge < <("$helpers/fill-block" "$1" "$2" 1)
	[ -n "$plain_huge" ] || fail "$*: plain"
	[ "$plain_huge" = 0 ] || skip "transparent huge pages come here by themselves"
	preloaded HUGETLB_MORECORE=auto "$helpers/fill-block" "$@" >"$work/out" 2>"$work/err" ||
		fail "$*: status $?"
	read -r all huge <"$work/out"
	[ ! -s "$work/err" ] || { show "$work/err"; fail "lines on stderr"; }
	((all <= plain * 11 / 10 + 100)) || fail "$*: $all kB, plain $plain kB"
}

grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled && skip "transparent huge pages are off"
compact
block 64 1 20
((100 * huge >= 98 * 64 * 1024)) || fail "of 65536 kB $huge kB are on transparent huge pages"
# a page in each 64 kB, and half of the pages
for step in 65536 8192; do
	block 64 $step 1
	[ "$huge" = 0 ] || fail "used sparsely (1 of $step), and $huge kB are huge"
done
