#!/bin/bash
# The program's own mappings work when any one of the library's system calls fails; see
# lib/every-call-fails.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/every-call-fails.sh"

begin_program "$helpers/every-call"
each_call_fails_once "$ENOMEM,$EPERM,$EINTR,$EAGAIN" HUGETLB_MMAP=256K,thp
all_calls_fail_from_each_on $ENOMEM HUGETLB_MMAP=256K,thp
begin_program /bin/pwd
started_or_refused 4 HUGETLB_MMAP=yes,thp
need_pages 60 2M
begin_program "$helpers/every-call"
each_call_fails_once "$ENOMEM $EPERM,$EINTR,$EAGAIN" HUGETLB_MMAP=256K FAULT_LATE=1
all_calls_fail_from_each_on $ENOMEM HUGETLB_MMAP=256K
