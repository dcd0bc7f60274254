#!/bin/bash
# HUGETLB_PATH: each feature takes its pages from the mount of its page size; one for which there is no
# mount takes them without, and a path that serves no feature gets a warning.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_pages 50 2M
need_pages 1 1G
for size in 2M 1G; do
	mkdir "$work/$size"
	mount -t hugetlbfs -o "pagesize=$size" none "$work/$size" || skip "hugetlbfs can't be mounted"
	at_end "umount $work/$size"
done

# maps <setting> ...: the mappings of a program with a heap and an anonymous mapping of 8M.
maps() {
	preloaded "$@" "$helpers/print-heap-and-mapping" \
		>"$work/maps" 2>"$work/err" || { show "$work/err"; fail "$*: exit status $?"; }
}

mapped_from() {
	grep -q "$work/$1/.*(deleted)" "$work/maps"
}

both=(HUGETLB_MORECORE=1G HUGETLB_MMAP=yes)
maps "${both[@]}" "HUGETLB_PATH=$work/2M:$work/1G"
no_lines_of_ours "$work/err"
mapped_from 1G || { show "$work/maps"; fail "the heap is not on the mount of 1G"; }
mapped_from 2M || { show "$work/maps"; fail "the mapping is not on the mount of 2M"; }

# One mount serves the feature of its size; the other feature has its pages without one: no loss.
maps "${both[@]}" "HUGETLB_PATH=$work/1G"
mapped_from 1G || { show "$work/maps"; fail "one path: the heap is not on the mount of 1G"; }
no_lines_of_ours "$work/err"
grep -q 'anon_hugepage' "$work/maps" || { show "$work/maps"; fail "one path: the mapping is small"; }
maps "${both[@]}" "HUGETLB_PATH=$work/1G" HUGETLB_VERBOSE=3
grep -q 'mappings: HUGETLB_PATH=.* is no hugetlbfs mount for pages of 2048 kB' "$work/err" ||
	{ show "$work/err"; fail "one path: no line at INFO"; }

# A path that serves nothing is a mistake of the user: of another size, or no mount at all.
for path in "$work/1G" "$work"; do
	maps HUGETLB_MMAP=yes "HUGETLB_PATH=$path"
	[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "$path: not one line"; }
	grep -q 'WARNING: mappings: HUGETLB_PATH=.* is no hugetlbfs mount for pages of 2048 kB' "$work/err" ||
		{ show "$work/err"; fail "$path: another line"; }
done
