#!/bin/bash
# With HUGETLB_MORECORE=auto 64 processes that start at once share a pool that has pages for 8: all run,
# the pool is used, and none has more than a few times its equal part.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/together.sh"

(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) > 6000000)) || skip "needs 6 GB of memory"
set_pool 160
together 64 44 HUGETLB_MORECORE=auto
[ ! -s "$work/err" ] || { show "$work/err"; fail "lines on stderr"; }
((all >= 160 * 95 / 100)) || fail "${held[*]} pages, only $all of 160"
for pages in "${held[@]}"; do
	((pages <= 8)) || fail "${held[*]} pages"
done
