#!/bin/bash
# Text and data work when any one of the library's system calls fails; see lib/every-call-fails.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/every-call-fails.sh"

# The same program with segments that have huge pages of their own, copied to either kind.
link_for_huge_pages() {
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -DBLOCKS=40 -O2 -I"$tests/lib" "$tests/helpers/every-call.c" \
		-o "$work/relinked" -pthread \
		-Wl,-z,max-page-size=0x200000,-z,common-page-size=0x200000 || fail "can't link"
}

segments_on() {
	local backing=HUGETLB_ELFMAP_BACKING=$1
	each_call_fails_once "$ENOMEM,$EPERM,$EINTR,$EAGAIN" HUGETLB_ELFMAP=RW "$backing" FAULT_LATE=1
	all_calls_fail_from_each_on $ENOMEM HUGETLB_ELFMAP=RW "$backing"
}

link_for_huge_pages
begin_program "$work/relinked"
segments_on thp
need_pages 60 2M
segments_on hugetlb
each_call_fails_once "$ENOMEM,$EPERM" HUGETLB_ELFMAP=RW HUGETLB_MORECORE=yes
started_or_refused 4 HUGETLB_ELFMAP=RW
