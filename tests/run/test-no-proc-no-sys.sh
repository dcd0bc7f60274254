#!/bin/bash
# Without /proc and /sys a program runs, and at most one line says what could not be had.
. "$(dirname "$0")/lib.sh"

need_root
root=$work/root
mkdir -p "$root/tmp"
for file in "$programs/fork" "$programs/threads" "$programs/aligned" "$LIB" /bin/sh; do
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
