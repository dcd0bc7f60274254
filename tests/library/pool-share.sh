#!/bin/bash
# HUGETLB_LIMIT bounds what each process takes of the pool, so that 16 processes that start at once
# share a pool that has pages for 8.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/together.sh"

set_pool 256

together 16 90 HUGETLB_MORECORE=yes HUGETLB_LIMIT=32M
for pages in "${held[@]}"; do
	((pages == 16)) || fail "HUGETLB_LIMIT=32M: ${held[*]} pages"
done
together 16 90 HUGETLB_MORECORE=yes HUGETLB_LIMIT=5%
for pages in "${held[@]}"; do
	((pages == 12)) || fail "HUGETLB_LIMIT=5%: ${held[*]} pages"
done
[ ! -s "$work/err" ] || { show "$work/err"; fail "lines on stderr"; }

# Mappings and heap have one share.
need_program python3
read -r mapped < <(preloaded HUGETLB_MORECORE=yes HUGETLB_MMAP=yes HUGETLB_LIMIT=20M python3 -c '
import mmap, re
kept = [mmap.mmap(-1, 16 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)]
kept.append([bytes(100000) for _ in range(300)])
print(sum(int(kb) for kb in re.findall("Private_Hugetlb: *([0-9]+)", open("/proc/self/smaps_rollup").read())))')
((mapped == 20480)) || fail "heap and mappings together have $mapped kB"
