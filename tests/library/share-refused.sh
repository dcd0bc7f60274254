#!/bin/bash
# With HUGETLB_SHARE=1, where sharing is impossible or a copy is not trusted, the program uses
# private huge pages and prints one line.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/share.sh"

need_program python3
mount_for_sharing
align_program
need_pages 50 2M
directory=$mount/of-ours

# refused <words of the line> [settings]: and no page is left behind
refused() {
	local words=$1 before
	shift
	before=$(free_pages)
	expect_version 1 1 "$@" HUGETLB_REQUIRE=yes "$program"
	grep -q "WARNING: HUGETLB_SHARE: .*$words.*: text is not shared" "$work/err" ||
		{ show "$work/err"; fail "no line with: $words"; }
	[ "$(free_pages)" = "$before" ] || fail "$words: $((before - $(free_pages))) pages are left behind"
}

refused "cannot be opened" "HUGETLB_SHARE_PATH=$mount/missing"
refused "not on a hugetlbfs" "HUGETLB_SHARE_PATH=$work"
mkdir -m 777 "$directory"
refused "is writable by others" "HUGETLB_SHARE_PATH=$directory"
chmod 755 "$directory"
chown 12345 "$directory"
refused "belongs to another user" "HUGETLB_SHARE_PATH=$directory"
chown 0 "$directory"
expect_version 1 0 "HUGETLB_SHARE_PATH=$directory" "$program"
copy=$(echo "$directory"/*)
[ -f "$copy" ] || fail "no copy in $directory"

chown 12345 "$copy"
refused "belongs to another user" "HUGETLB_SHARE_PATH=$directory"
chown 0 "$copy"
chmod 666 "$copy"
refused "is writable by others" "HUGETLB_SHARE_PATH=$directory"
chmod 444 "$copy"

# Other text of the same name, length and owner, as a confined process could plant it. Its first
# instructions would end the program.
flip() {
	python3 -c 'import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
with mmap.mmap(fd, 0) as copy: copy[:] = bytes(byte ^ 0xff for byte in copy[:])' "$copy" ||
		fail "the copy cannot be changed"
}
flip
refused "does not hold the text of its file" "HUGETLB_SHARE_PATH=$directory"
flip
expect_version 1 0 "HUGETLB_SHARE_PATH=$directory" "$program"

mv "$copy" "$mount/elsewhere"
mkdir "$copy"
refused "is not a file" "HUGETLB_SHARE_PATH=$directory"
rmdir "$copy"
mv "$mount/elsewhere" "$copy"
size=$(stat -c %s "$copy")
truncate -s 2M "$copy"
refused "is not complete" "HUGETLB_SHARE_PATH=$directory"
truncate -s "$size" "$copy"
refused "is not complete" "HUGETLB_SHARE_PATH=$directory"
rm "$copy"

# Mounted so that nothing may be executed from it.
mount -o remount,noexec "$mount" && refused "a mount with noexec"
mount -o remount,exec "$mount"

# Without a name there is no telling whether the file is still the one: of a program that was deleted.
exec 5<"$program"
mv "$program" "$work/renamed"
cp "$work/renamed" "$program"
program=/proc/self/fd/5
rm "$work/renamed"
refused "cannot be read, or differs from memory"
exec 5<&-
program=$work/program

# Not aligned: each start would make a copy that no other one can use.
program=$helpers/shared-text
refused "is at another offset within its huge pages at each start"
program=$work/program

# No mount at all.
"$helpers/own-mounts" true 2>/dev/null || skip "the last part needs mount namespaces"
without_mounts() {
	"$helpers/own-mounts" bash -c 'for mount in $(awk "\$3 == \"hugetlbfs\" { print \$2 }" /proc/mounts); do
		umount "$mount" || exit 99; done; exec "$@"' - "$@"
}
without_mounts env LD_PRELOAD="$LIB" HUGETLB_ELFMAP=R HUGETLB_SHARE=1 "$program" \
	>"$work/out" 2>"$work/err" || { show "$work/err"; fail "no mount: exit status $?"; }
grep -qx 'version 1' "$work/out" || { show "$work/out"; fail "no mount: another output"; }
[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "no mount: not one line"; }
grep -q 'hugetlbfs is not mounted' "$work/err" || { show "$work/err"; fail "no mount: another line"; }
