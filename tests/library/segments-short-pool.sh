#!/bin/bash
# Text and data lose nothing when the pool is empty, too small, or drained and filled by other
# processes. The child process loses nothing either; one line per process says what was not
# available.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"
. "$(dirname "$0")/../lib/segments.sh"

write_probe
compile_segments_probe
for link in stock align; do
	link_segments_probe "$work/$link" pie bfd $link || { show "$work/$link.log"; fail "no probe"; }
done

# run LINK words…: with a child that writes, too. Says nothing of what it said itself.
run() {
	local link=$1 status
	shift
	# shellcheck disable=SC2046
	timeout 100 env $(library_for pie "$link") "$@" "$work/$link" $huge_bytes fork >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 0 ] && held_what_it_held "$work/out" || {
		show "$work/err" "$work/out"
		fail "$link, $*, pool of $(pool_value 2M nr_hugepages): exit status $status"
	}
	grep -v '^libhugetlbfs \[.*WARNING: ' "$work/err" && fail "$link, $*: another line"
	# Of each process one line about each of heap, text and data.
	[ -z "$(sed 's/WARNING: \([a-z]*\):.*/\1/' "$work/err" | sort | uniq -d)" ] ||
		{ show "$work/err"; fail "$link, $*: two lines about the same"; }
}

# pages_of ROWS COLUMN: of the rows whose name matches, the sum of a column of the probe's output.
pages_of() {
	awk -v rows="$1" -v column="$2" '$1 ~ rows { sum += $column } END { print sum + 0 }' "$work/out"
}

expect_a_line() {
	[ "$(lines_of_ours "$work/err")" -ge 1 ] || { show "$work/out"; fail "$*: no line"; }
}

# An empty pool: the next rungs of the ladder, unless hugetlb and nothing else is asked for.
set_pool 0
for link in stock align; do
	run $link HUGETLB_ELFMAP=RW
	expect_a_line "$link, empty pool"
	run $link HUGETLB_ELFMAP=RW HUGETLB_MORECORE=yes
	run $link HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=hugetlb
	expect_a_line "$link, empty pool, hugetlb only"
	(($(pages_of 'data|bss' 5) == 0)) || { show "$work/out"; fail "$link: hugetlb alone was asked for"; }
	run $link HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=thp
	no_lines_of_ours "$work/err"
	(($(pages_of 'text|const|data|bss' 5) >= 8)) || { show "$work/out"; fail "$link: not on THP"; }
	HUGETLB_REQUIRE=yes timeout 100 env LD_PRELOAD="$LIB" HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=hugetlb \
		"$work/$link" >"$work/out" 2>"$work/err"
	[ $? = 125 ] || { show "$work/out" "$work/err"; fail "$link: started in spite of HUGETLB_REQUIRE"; }
	grep -q HUGETLB_REQUIRE "$work/err" || { show "$work/err"; fail "$link: refused without a line"; }
done

# From one page to more than enough, one after the other: what there is is used, and the child of a
# program that took the last page is well.
for link in stock align; do
	for ((pages = 1; pages <= 20; pages++)); do
		set_pool $pages
		run $link HUGETLB_ELFMAP=RW
		# The first ones may be those of the headers and of RELRO, which the probe does not show.
		((pages < 4 || $(pages_of 'text|const|data|bss' 4) >= 1)) || {
			show "$work/out" "$work/err"
			fail "$link: none of a pool of $pages is used"
		}
		[ "$(pool_value 2M free_hugepages)" = $pages ] || fail "$link: pages are lost"
	done
done

# Others take what is free, and give it back, as fast as they can.
set_pool 24
"$helpers/pool-drainer" &
drainer=$!
at_end "kill $drainer 2>/dev/null; wait $drainer 2>/dev/null"
for ((turn = 0; turn < 40; turn++)); do
	for link in stock align; do
		run $link HUGETLB_ELFMAP=RW
		run $link HUGETLB_ELFMAP=RW HUGETLB_MORECORE=yes HUGETLB_ELFMAP_OBJECTS=all
	done
done
kill $drainer || fail "nobody drained the pool"
wait $drainer 2>/dev/null
[ "$(pool_value 2M free_hugepages)" = 24 ] || fail "pages are lost"
