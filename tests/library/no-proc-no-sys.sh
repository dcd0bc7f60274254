#!/bin/bash
# A program runs without /proc and /sys, with at most one line about what is missing.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
root=$work/root
mkdir -p "$root/tmp"
for file in "$cases/fork" "$cases/threads" "$cases/aligned" "$cases/segments-probe" "$LIB" /bin/sh; do
	cp -L "$file" "$root/${file##*/}"
	for library in $(ldd "$file" 2>/dev/null | grep -oE '/[^ ]+'); do
		mkdir -p "$root/$(dirname "$library")"
		cp -Lu "$library" "$root/$library"
	done
done
mkdir -p "$root/bin"
cp -L /bin/sh "$root/bin/sh"

for command in "fork both-write" "threads 8" aligned; do
	for setting in yes thp 2M; do
		# shellcheck disable=SC2086
		chroot "$root" /bin/sh -c "LD_PRELOAD=/libhugetlbfs.so HUGETLB_MORECORE=$setting exec /$command" \
			>"$work/out" 2>"$work/err" || { show "$work/err"; fail "$command, $setting: $?"; }
		(($(lines_of_ours "$work/err") <= 1)) ||
			{ show "$work/err"; fail "$command, $setting: more than one line"; }
	done
done

for setting in HUGETLB_ELFMAP=RW "HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_OBJECTS=all" HUGETLB_ELFMAP=R=2M:W=2M \
	"HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=thp" "HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=file" \
	"HUGETLB_ELFMAP=RW HUGETLB_MORECORE=2M"; do
	# shellcheck disable=SC2086
	chroot "$root" /bin/sh -c "LD_PRELOAD=/libhugetlbfs.so $setting exec /segments-probe fork quiet" \
		>"$work/out" 2>"$work/err" || { show "$work/err"; fail "$setting: $?"; }
	(($(lines_of_ours "$work/err") <= 2)) || { show "$work/err"; fail "$setting: more than two lines"; }
	[ -z "$(uniq -d "$work/err")" ] || { show "$work/err"; fail "$setting: a line twice"; }
done
