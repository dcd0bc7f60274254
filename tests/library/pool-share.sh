#!/bin/bash
# HUGETLB_LIMIT bounds what each process takes of the pool, so that 16 processes that start at once
# share a pool that has pages for 8.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

set_pool 256

# sixteen <settings>: 16 processes that need an eighth of the pool each and are there together; their
# hugetlb pages go to ${held[@]}.
sixteen() {
	local i
	mkfifo "$work/wait"
	for ((i = 0; i < 16; i++)); do
		preloaded HOLD=1 "$@" "$helpers/print-memory" 90 <"$work/wait" \
			>"$work/$i.out" 2>>"$work/err" &
	done
	exec 8>"$work/wait"
	for ((i = 0; i < 16; i++)); do
		while [ ! -s "$work/$i.out" ]; do
			sleep 0.05
			kill -0 $! 2>/dev/null || fail "$*: a process ended early"
		done
	done
	held=()
	for ((i = 0; i < 16; i++)); do
		held+=($(($(cut -d' ' -f3 "$work/$i.out") / 2048)))
	done
	exec 8>&-
	wait
	rm "$work"/*.out "$work/wait"
	all=$(IFS=+; echo $((${held[*]})))
}

sixteen HUGETLB_MORECORE=yes HUGETLB_LIMIT=32M
for pages in "${held[@]}"; do
	((pages == 16)) || fail "HUGETLB_LIMIT=32M: ${held[*]} pages"
done
sixteen HUGETLB_MORECORE=yes HUGETLB_LIMIT=5%
for pages in "${held[@]}"; do
	((pages == 12)) || fail "HUGETLB_LIMIT=5%: ${held[*]} pages"
done
[ ! -s "$work/err" ] || { show "$work/err"; fail "lines on stderr"; }

# The chosen share: the pool is used, and nobody has more than some of its equal part.
sixteen HUGETLB_MORECORE=auto
((all >= 256 * 95 / 100)) || fail "auto: ${held[*]} pages, only $all of 256"
for pages in "${held[@]}"; do
	((pages <= 64)) || fail "auto: ${held[*]} pages"
done

# Mappings and heap have one share.
need_program python3
read -r mapped < <(preloaded HUGETLB_MORECORE=yes HUGETLB_MMAP=yes HUGETLB_LIMIT=20M python3 -c '
import mmap, re
kept = [mmap.mmap(-1, 16 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)]
kept.append([bytes(100000) for _ in range(300)])
print(sum(int(kb) for kb in re.findall("Private_Hugetlb: *([0-9]+)", open("/proc/self/smaps_rollup").read())))')
((mapped == 20480)) || fail "heap and mappings together have $mapped kB"
