#!/bin/bash
# With HUGETLB_MORECORE=auto 16 processes that start at once share a pool that has pages for 8: all run,
# the pool is used, and none has more than a few times its equal part.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/together.sh"

set_pool 256
# Others that run here make the share smaller.
read -r _ _ _ running _ </proc/loadavg
((${running%/*} <= 2)) || skip "$running: others run here"
together 16 90 HUGETLB_MORECORE=auto
((all >= 256 * 95 / 100)) || fail "auto: ${held[*]} pages, only $all of 256"
for pages in "${held[@]}"; do
	((pages <= 64)) || fail "auto: ${held[*]} pages"
done
