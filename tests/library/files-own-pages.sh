#!/bin/bash
# With HUGETLB_MMAP_FILES=yes a file is on huge pages of its own page cache, whether it was in the cache
# before or not, on a disk and in memory, without a pool; where that is impossible, one line says so.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

make_disk
file=$disk/model
make_file "$file" 101

# Where memory is in pieces the kernel finds fewer huge pages: then as many as it finds for a program that
# asks for them itself, a moment later.
in_page_cache() {
	local by_hand
	((huge >= all * 99 / 100)) && return
	compact
	by_hand=$("$helpers/map-file" "${2:-$file}" by-hand | sed -n 's/^huge \([0-9]*\) .*/\1/p')
	((by_hand < all * 99 / 100 && huge >= by_hand && huge >= all / 2)) ||
		{ show "$work/err"; fail "$1: $huge of $all kB on huge pages, by hand $by_hand"; }
}

# Out of the page cache, which memory in pieces would otherwise keep from huge pages.
forget() {
	dd if="$file" iflag=nocache count=0 status=none
	compact
}

compact
# A kernel or file system without large folios is no failure of ours.
"$helpers/map-file" "$file" >"$work/plain"
reads "$file" HUGETLB_MMAP_FILES=yes
grep -q 'keeps no huge pages of files' "$work/err" && skip "no huge pages in the page cache here"
in_page_cache "a file that was in the cache"
says ""
sync "$file"
forget
reads "$file" HUGETLB_MMAP_FILES=yes
in_page_cache "once more"
# its first bytes were read by read(2) before, as loaders do
forget
head -c 5M "$file" >/dev/null
reads "$file" HUGETLB_MMAP_FILES=yes
in_page_cache "a file whose start was read before"
# by root only, who may drop what others hold
reads "$file" HUGETLB_MMAP_FILES=yes,thp
in_page_cache "with thp"

# In memory.
if [ "$(stat -f -c %T /dev/shm)" = tmpfs ] && [ -w /dev/shm ]; then
	memory=$(mktemp -p /dev/shm)
	at_end "rm -f $memory"
	head -c 32M /dev/urandom >"$memory"
	reads "$memory" HUGETLB_MMAP_FILES=yes
	grep -q 'keeps no huge pages of files' "$work/err" || {
		in_page_cache "a file in memory" "$memory"
		says ""
	}
fi

# Held in small pages by another process, which has it locked, it cannot be dropped: it stays as it is,
# or, where that was asked for, gets a copy of this process's own.
make_file "$disk/held" 40
cat "$disk/held" >/dev/null
"$helpers/hold-file" "$disk/held" >"$work/holding" &
holder=$!
at_end "kill $holder 2>/dev/null; wait $holder 2>/dev/null"
until [ -s "$work/holding" ]; do
	kill -0 $holder 2>/dev/null || skip "40 MB can't be locked"
	sleep 0.05
done
reads "$disk/held" HUGETLB_MMAP_FILES=yes
is_small "a file that is locked in small pages"
says "stays on small pages: its file system or this kernel keeps no huge pages of files, or it is not on disk"
reads "$disk/held" HUGETLB_MMAP_FILES=yes,thp
says ""
is_huge "a private copy"
"$helpers/mapped-files" "$disk" >"$work/plain"
preloaded HUGETLB_MMAP_FILES=yes,thp "$helpers/mapped-files" "$disk" >"$work/out" 2>"$work/err" ||
	{ show "$work/err"; fail "calls with thp: exit status $?"; }
cmp "$work/plain" "$work/out" || fail "calls with thp: another output"
