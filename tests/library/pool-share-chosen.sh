#!/bin/bash
# With HUGETLB_MORECORE=auto 16 processes that start at once share a pool that has pages for 8: all run,
# the pool is used, and none has more than its equal part and one step. A step doubles what a process has;
# before each its share is computed again.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/together.sh"

set_pool 256
running() {
	awk '{ print int($4) }' /proc/loadavg
}
before=$(running)
together 16 90 HUGETLB_MORECORE=auto
after=$(running)
# Others that run here make the share smaller: some of the pool is then left to them.
least=95
((before <= 2 && after <= 2)) || least=50
((all >= 256 * least / 100)) || fail "auto: ${held[*]} pages, only $all of 256"
for pages in "${held[@]}"; do
	((pages <= 2 * 256 / 16)) || fail "auto: ${held[*]} pages"
done
