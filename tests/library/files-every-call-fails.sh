#!/bin/bash
# A program reads the file that it maps when any one of the library's system calls fails: with a copy that
# is there or has to be made, in its page cache, and with a private copy. What is left of a copy is nothing
# or all of it.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/every-call-fails.sh"
. "$(dirname "$0")/../lib/files.sh"

make_disk
export EVERY_CALL_FILE=$disk/file
need_program perl
perl -e 'print pack("Q*", $_ * 1024 .. $_ * 1024 + 1023) for 0 .. 799' >"$EVERY_CALL_FILE" || fail "no file"
sync "$EVERY_CALL_FILE"
sleep 0.2

begin_program "$helpers/every-call-file"
each_call_fails_once "$ENOMEM,$EPERM,$EINTR,$EAGAIN" HUGETLB_MMAP_FILES=yes
all_calls_fail_from_each_on $ENOMEM HUGETLB_MMAP_FILES=yes
each_call_fails_once "$EPERM,$ENOMEM" HUGETLB_MMAP_FILES=yes,thp

mount_for_files
need_pages 20 2M
copying=(HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount")
before=$(free_pages)

# once <settings>: as plain, with one line at most
once() {
	run "${copying[@]}" "$@"
	as_plain $? "$@"
}

count_calls "${copying[@]}"
for ((n = 1; n <= calls; n++)); do
	rm -rf "$copies"
	once FAULT_CALL=$n FAULT_ERRNO=$((n % 2 ? ENOMEM : EPERM))
	case $(copies_there) in
	0 | 1) ;;
	*) fail "call $n: $(copies_there) files" ;;
	esac
	# there is one now; or there is one again
	once
	[ "$(copies_there)" = 1 ] || fail "call $n: $(copies_there) files afterwards"
	((n % 2)) || once FAULT_CALL=$n FAULT_ERRNO=$EINTR
	rm -r "$copies"
	[ "$(free_pages "$before")" = "$before" ] || fail "call $n: $((before - $(free_pages))) pages are lost"
done
all_calls_fail_from_each_on $EPERM "${copying[@]}"
rm -rf "$copies"
[ "$(free_pages "$before")" = "$before" ] || fail "$((before - $(free_pages))) pages are lost"
