#!/bin/bash
# HUGETLB_MORECORE=auto leaves small programs as they are, and puts large heaps on huge pages at
# hardly any cost in memory.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program strace
need_pages 400 2M
compact

# memory <words for print-memory>: fills plain, all, thp and hugetlb, in kB.
memory() {
	read -r plain _ _ < <("$helpers/print-memory" "$@")
	read -r all thp hugetlb < <(preloaded HUGETLB_MORECORE=auto HUGETLB_LIMIT=100% "$helpers/print-memory" "$@" \
		2>"$work/err")
	[ -n "$hugetlb" ] || { show "$work/err"; fail "$*: it did not run"; }
	[ ! -s "$work/err" ] || { show "$work/err"; fail "$*: lines on stderr"; }
}

# What the library itself takes of a small process is its own code and data: 400 kB.
within_a_tenth() {
	((all <= plain * 11 / 10 + 400)) || fail "$*: $all kB, plain $plain kB"
}

# least_share <percent> <words>: of what it filled.
least_share() {
	local percent=$1 filled_kb=$((${2} * 1024 * ${4:-1}))
	shift
	((100 * (thp + hugetlb) >= percent * filled_kb)) ||
		fail "$*: of $filled_kb kB $thp kB are on transparent, $hugetlb kB on hugetlb pages"
}

for megabytes in 0 1 2 5 10 20; do
	memory $megabytes
	[ "$thp $hugetlb" = "0 0" ] || fail "$megabytes: $thp kB THP, $hugetlb kB hugetlb"
	within_a_tenth $megabytes
done
for megabytes in 22 23 24 26 30 40 45; do
	memory $megabytes
	within_a_tenth $megabytes
done
for megabytes in 64 100 300; do
	memory $megabytes
	within_a_tenth $megabytes
	least_share 98 $megabytes
	((hugetlb >= (megabytes - 26) * 1024)) || fail "$megabytes: only $hugetlb kB hugetlb"
done

# arenas, one for each thread, and blocks of their own
memory 5 1000 4
[ "$thp $hugetlb" = "0 0" ] || fail "small arenas: $thp kB THP, $hugetlb kB hugetlb"
within_a_tenth small arenas
memory 60 1000 4
within_a_tenth large arenas
least_share 97 60 1000 4
# blocks of 1M: their first 20M, and those that are not filled, stay small
memory 18 1000000
[ "$thp $hugetlb" = "0 0" ] || fail "few blocks: $thp kB THP, $hugetlb kB hugetlb"
for megabytes in 22 24 30 45 64 200; do
	memory $megabytes 1000000
	within_a_tenth $megabytes MB in blocks of 1000000 bytes
done
least_share 98 200
memory 64 1000000
least_share 96 64
memory 300 50000000
within_a_tenth large blocks
least_share 97 300

# A start: nothing is read but the configuration, whether there is SELinux, and where text cannot be written to
# the state of libc's pages; nothing is mapped but these.
strace -f -E LD_PRELOAD="$LIB" -E HUGETLB_MORECORE=auto -o "$work/trace" "$helpers/print-memory" 0 \
	>/dev/null || fail "strace"
awk '/libhugetlbfs.conf/ { begun = 1 } /smaps_rollup/ { exit } begun' "$work/trace" >"$work/start"
! grep -vE '"(/proc/self/pagemap|/sys/fs/selinux/enforce)"' "$work/start" | grep -E '"/(proc|sys)|MAP_HUGETLB|clone'  || fail "it looks around at its start"
(($(grep -c . "$work/start") <= 30)) || { show "$work/start"; fail "many calls"; }
