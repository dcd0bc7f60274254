#!/bin/bash
# HUGETLB_PATH makes the heap take its pages from that mount, and leaves no file there.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_pages 150 2M
mkdir "$work/mount"
mount -t hugetlbfs -o pagesize=2M none "$work/mount" || skip "hugetlbfs can't be mounted"
at_end "umount $work/mount"
same_as_plain HUGETLB_MORECORE=yes "HUGETLB_PATH=$work/mount" EXPECT_HUGETLB=0.99 -- \
	"$cases/small-blocks" 200
[ -z "$(ls -A "$work/mount")" ] || fail "left behind: $(ls -A "$work/mount")"
preloaded HUGETLB_MORECORE=yes "HUGETLB_PATH=$work/mount" "$helpers/print-heap" >"$work/out"
grep -q "$work/mount/.*(deleted)" "$work/out" || { show "$work/out"; fail "the heap is elsewhere"; }

# A directory that is no hugetlbfs, or not there, costs one line and no more.
for path in "$work" "$work/missing" /dev/null; do
	preloaded HUGETLB_MORECORE=yes "HUGETLB_PATH=$path" "$cases/small-blocks" 20 2>"$work/err" ||
		{ show "$work/err"; fail "$path: exit status $?"; }
	[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "$path: not one line"; }
done
