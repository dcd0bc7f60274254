#!/bin/bash
# The heap works when any one of its system calls fails. Its settings and its report are tried too;
# see lib/every-call-fails.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/every-call-fails.sh"

begin_program "$helpers/every-call"
each_call_fails_once "$ENOMEM,$EPERM,$EINTR,$EAGAIN" HUGETLB_MORECORE=thp
all_calls_fail_from_each_on $ENOMEM HUGETLB_MORECORE=thp
begin_program /bin/pwd
printf '%s\n' '[program=pwd path=* user=root]' 'MORECORE = thp' >"$work/config"
each_call_fails_once "$ENOMEM $EPERM,$EINTR,$EAGAIN" "HUGETLB_CONFIG=$work/config"
each_call_fails_once "$ENOMEM,$EINTR" HUGETLB_MORECORE=thp "HUGETLB_REPORT=$work/report"
all_calls_fail_from_each_on $ENOMEM HUGETLB_MORECORE=thp "HUGETLB_REPORT=$work/report"
started_or_refused 3 HUGETLB_MORECORE=thp
each_call_fails_once "$ENOMEM,$EPERM" HUGETLB_MORECORE=auto
need_pages 60 2M
started_or_refused 1 HUGETLB_MORECORE=yes
begin_program "$helpers/every-call"
each_call_fails_once "$ENOMEM $EPERM,$EINTR,$EAGAIN" HUGETLB_MORECORE=yes FAULT_LATE=1
all_calls_fail_from_each_on $EPERM HUGETLB_MORECORE=yes HUGETLB_MORECORE_SHRINK=yes
