#!/bin/bash
# Where no copy can be made, the program reads the file and one line says why: files on FUSE and network
# file systems, a read-only root, a mount that the user may not write to, an unprivileged user, no mount,
# an empty pool.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
umount -a -t hugetlbfs
mount_for_files
need_pages 20 2M
file=$disk/data
make_file "$file" 14
before=$(free_pages)
copying=(HUGETLB_MMAP_FILES=yes,2M)

# small_with <words> <file>: on small pages or those of its page cache, no page is taken, and that line
small_with() {
	reads "$2" "${copying[@]}"
	[ "$(lines_of_ours "$work/err")" = 1 ] && grep -q "HUGETLB_MMAP_FILES: .*$1" "$work/err" ||
		{ show "$work/err"; fail "not the line: $1"; }
	[ "$(free_pages "$before")" = "$before" ] || fail "$1: $((before - $(free_pages))) pages are taken"
}

# A file system in user space shows the file, and could show another one at any time.
on_fuse() {
	mkdir "$work/fuse"
	bindfs "$disk" "$work/fuse" 2>"$work/bindfs" || { show "$work/bindfs"; echo "no bindfs here"; return; }
	at_end "umount $work/fuse"
	small_with 'it is on a network, FUSE or unknown file system, where it can change unnoticed' "$work/fuse/data"
	local copying=(HUGETLB_MMAP_FILES=yes)
	small_with 'it is on a network, FUSE or unknown file system, where it can change unnoticed' "$work/fuse/data"
	is_small "on FUSE"
}

on_a_read_only_root() {
	mkdir "$work/memory"
	mount -t tmpfs none "$work/memory" || return
	at_end "umount $work/memory"
	local work=$work/memory
	mount -o remount,bind,ro / 2>/dev/null || { echo "the root can't be made read-only"; return; }
	at_end 'mount -o remount,bind,rw /'
	touch "$disk/new" 2>/dev/null && { echo "the files are on another file system than the root"; return; }
	mount -o remount,ro "$mount"
	HUGETLB_PATH='' small_with 'no hugetlbfs for pages of 2048 kB is mounted that this user may write to' "$file"
	mount -o remount,rw "$mount"
	# the mount is another file system
	reads "$file" "${copying[@]}"
	is_huge "a read-only root"
	mount -o remount,bind,rw /
	rm -r "$copies"
}

by_another_user() {
	command -v setpriv >/dev/null || return 0
	chmod 755 "$work" "$disk"
	cp "$helpers/map-file" "$work/map-file"
	cp "$LIB" "$work/library.so"
	local LIB=$work/library.so helpers=$work line
	for line in 'no hugetlbfs for pages of 2048 kB is mounted that this user may write to' \
		'only its owner and root can find out whether it is open for writing'; do
		setpriv --reuid 12345 --clear-groups env LD_PRELOAD="$LIB" "${copying[@]}" \
			"$helpers/map-file" "$file" >"$work/out" 2>"$work/err" || fail "exit status $?"
		[ "$(head -n 1 "$work/out")" = "$("$helpers/map-file" "$file" | head -n 1)" ] || fail "another sum"
		[ "$(lines_of_ours "$work/err")" = 1 ] && grep -q "$line" "$work/err" ||
			{ show "$work/err"; fail "not the line: $line"; }
		[ "$(free_pages "$before")" = "$before" ] || fail "$((before - $(free_pages))) pages are taken"
		chmod 1777 "$mount"
	done
	# a file of the user's own
	chown 12345 "$file"
	sleep 0.2
	setpriv --reuid 12345 --clear-groups env LD_PRELOAD="$LIB" "${copying[@]}" \
		"$helpers/map-file" "$file" >"$work/out" 2>"$work/err" || fail "exit status $?"
	no_lines_of_ours "$work/err"
	grep -q '^huge 14336 of 14336 kB' "$work/out" || { show "$work/out"; fail "not huge for its owner"; }
	rm -r "$mount/libhugetlbfs-files-12345"
	chown 0 "$file"
	sleep 0.2
}

with_an_empty_pool() {
	set_pool 0
	before=0
	small_with 'no huge pages of 2048 kB are free for a copy' "$file"
	set_pool "$pool_before"
	before=$(free_pages)
}

without_a_mount() {
	umount "$mount"
	small_with 'no hugetlbfs for pages of 2048 kB is mounted that this user may write to' "$file"
	mount -t hugetlbfs -o pagesize=2M none "$mount"
}

on_fuse
on_a_read_only_root
by_another_user
with_an_empty_pool
without_a_mount
