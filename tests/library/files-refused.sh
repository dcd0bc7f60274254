#!/bin/bash
# With HUGETLB_MMAP_FILES, where a file cannot be copied or a copy is not to be trusted, the program
# reads the file and one line says why.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need_program python3
mount_for_files
need_pages 40 2M
file=$disk/data
make_file "$file" 22
copying=(HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount")
before=$(free_pages)

# refused <words>: the file is read, in its page cache, and no page is taken
refused() {
	local free
	free=$(free_pages)
	reads "$file" "${copying[@]}"
	says "$1; using huge pages of its page cache"
	[ "$(free_pages "$free")" = "$free" ] || fail "$1: $((free - $(free_pages))) pages are taken"
}

exec 5>>"$file"
refused "it is open for writing"
exec 5>&-
# without a pause: what was changed 0.1 s ago is not being changed
python3 -c 'import os, sys
os.utime(sys.argv[1])
print("begun", flush=True)
while True:
    os.utime(sys.argv[1])' "$file" >"$work/begun" &
toucher=$!
at_end "kill $toucher 2>/dev/null; wait $toucher 2>/dev/null"
until_written "$work/begun" $toucher || fail "nobody changes it"
refused "it is being changed"
kill $toucher
wait $toucher 2>/dev/null
sleep 0.2

reads "$file" "${copying[@]}"
is_huge "a copy"
copy=$(echo "$copies"/file-*)
chown 12345 "$copies"
refused "libhugetlbfs-files-0 belongs to another user"
chown 0 "$copies"
chmod 770 "$copies"
refused "libhugetlbfs-files-0 is writable by others"
chmod 700 "$copies"
chown 12345 "$copy"
refused "its copy .* belongs to another user"
chown 0 "$copy"
chmod 660 "$copy"
refused "its copy .* is writable by others"
chmod 400 "$copy"
truncate -s 2M "$copy"
truncate -s 22M "$copy"
refused "its copy .* is not complete"
mv "$copy" "$mount/elsewhere"
mkdir "$copy"
refused "its copy .* is not a file"
rmdir "$copy"
rm "$mount/elsewhere"

# A pool with too few pages serves the start of the file; an empty one nothing.
set_pool 4
reads "$file" "${copying[@]}"
((huge >= 8192)) || { show "$work/err"; fail "a pool of 4 pages: $huge kB"; }
[ "$(free_pages) $(stat -c %s "$copies"/file-*)" = "0 8388608" ] || fail "a pool of 4 pages is not used"
says ""
rm "$copies"/*
set_pool 0
refused "no huge pages of 2048 kB are free for a copy (ENO.*)"
[ "$(copies_there)" = 0 ] || fail "something is left of a copy"

# Without a page cache in huge pages: the file as it is.
copying+=(HUGETLB_VERBOSE=2)
mount -t tmpfs -o size=64m none "$disk" || skip "no tmpfs"
at_end "umount $disk"
make_file "$file" 22
reads "$file" HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount"
says "it is in memory already, and a copy would be a second one\(; using huge pages of its page cache\|\)"
