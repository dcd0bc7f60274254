#!/bin/bash
# HUGETLB_REPORT prints a table at exit, on stderr, stdout or in a file, whose figures agree with
# the kernel's and with hugestat's.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 50 2M
run() {
	preloaded HUGETLB_MORECORE=yes "HUGETLB_REPORT=$1" "$helpers/print-heap" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
}

# One figure of a table, by its row and column: figure FILE "heap (main)" hugetlb-2M. Nothing where
# there is no such column.
figure() {
	awk -v row="$2" -v column="$3" '
		/^ +(in )?memory / {
			sub(/in memory/, "memory")
			sub(/file THP/, "file-THP")
			gsub(/hugetlb /, "")
			for (i = 1; i <= NF; i++)
				if ($i == column || "hugetlb-" $i == column)
					at = i
		}
		at && index($0, "  " row) == 1 && substr($0, 3 + length(row)) ~ /^ +[0-9]/ {
			split(substr($0, 3 + length(row)), figures)
			print figures[at]
			exit
		}' "$1"
}

# On standard output one may begin within a line: the program's last ones come from its buffer later.
tables() {
	grep -c 'libhugetlbfs: .*kB in memory, and on each kind of page' "$1"
}

run "$work/report"
no_lines_of_ours "$work/err"
hugetlb=$(figure "$work/report" "heap (main)" hugetlb-2M)
[ -n "$hugetlb" ] || { show "$work/report"; fail "no figure of the heap"; }
mapped=0
while read -r from to; do
	mapped=$((mapped + (16#$to - 16#$from) / 1024))
done < <(sed -nE 's/^([0-9a-f]+)-([0-9a-f]+) .*anon_hugepage.*/\1 \2/p' "$work/out")
((mapped >= 20480)) || { show "$work/out"; fail "only $mapped kB are on huge pages"; }
((hugetlb == mapped)) || { show "$work/report"; fail "$mapped kB are mapped, $hugetlb kB reported"; }
for column in THP file-THP small; do
	[ "$(figure "$work/report" "heap (main)" $column)" = 0 ] ||
		{ show "$work/report"; fail "the heap is on other pages"; }
done
for part in text data libraries; do
	(($(figure "$work/report" $part memory) > 0)) || { show "$work/report"; fail "no $part"; }
done
grep -qF "  HUGETLB_MORECORE (heap): $hugetlb of $hugetlb kB on huge pages, 100.0 %" \
	"$work/report" || { show "$work/report"; fail "what was asked for is not told"; }

# A second process adds its own table.
run "$work/report"
[ "$(tables "$work/report")" = 2 ] || { show "$work/report"; fail "not two tables"; }
run 2
[ "$(tables "$work/err")" = 1 ] || { show "$work/err"; fail "no table on stderr"; }
run -
[ "$(tables "$work/out")" = 1 ] || { tail "$work/out"; fail "no table on stdout"; }
run /nowhere/report
[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "no line for a bad path"; }

# Memory that the program mapped itself, of every kind.
kinds() {
	compact
	preloaded "HUGETLB_REPORT=$work/kinds" "$@" "$helpers/page-kinds" hugetlb=3 thp=4 shm=2 \
		shared=10 stack </dev/null >"$work/out" 2>"$work/err" || fail "exit status $?"
}
kinds HUGETLB_SHM=yes
no_lines_of_ours "$work/err"
[ "$(figure "$work/kinds" "other mappings" hugetlb-2M)" = 6144 ] || { show "$work/kinds"; fail "mappings"; }
! grep -q '^thp yes' "$work/out" || [ "$(figure "$work/kinds" "other mappings" THP)" = 8192 ] ||
	{ show "$work/kinds"; fail "THP"; }
[ "$(figure "$work/kinds" "shared memory" small)" = 40 ] || { show "$work/kinds"; fail "shared"; }
(($(figure "$work/kinds" stacks small) >= 100)) || { show "$work/kinds"; fail "stacks"; }
(($(figure "$work/kinds" "heap (threads, large blocks)" small) >= 96)) || { show "$work/kinds"; fail "arenas"; }
if grep -q '^shm yes' "$work/out"; then
	[ "$(figure "$work/kinds" "shared memory" hugetlb-2M)" = 4096 ] ||
		{ show "$work/kinds"; fail "shm"; }
	grep -qF "  HUGETLB_SHM (shared memory): 4096 of 4136 kB on huge pages, 99.0 %" "$work/kinds" ||
		{ show "$work/kinds"; fail "HUGETLB_SHM is not told"; }
fi
! grep -q HUGETLB_MORECORE "$work/kinds" || fail "the heap was not asked for"
rm "$work/kinds"
kinds
grep -q "no variable asks for huge pages" "$work/kinds" || fail "nothing was asked for"

# Text and data of the program itself, also where their pages come from elsewhere.
cat >"$work/segments.c" <<-'END'
	#include <string.h>
	static char data[8 << 20] = {1}, bss[8 << 20];
	const char text[8 << 20] = {1};
	int main(void)
	{
	        memset(data, 2, sizeof(data));
	        memset(bss, 2, sizeof(bss));
	        return text[0] != 1;
	}
END
"${CC:-cc}" -o "$work/segments" "$work/segments.c" || fail "the program does not compile"
preloaded HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=hugetlb "HUGETLB_REPORT=$work/segments.report" \
	"$work/segments" 2>"$work/err" || { show "$work/err"; fail "exit status $?"; }
no_lines_of_ours "$work/err"
(($(figure "$work/segments.report" text hugetlb-2M) >= 6144)) ||
	{ show "$work/segments.report"; fail "the text is not on huge pages"; }
(($(figure "$work/segments.report" data hugetlb-2M) + $(figure "$work/segments.report" bss hugetlb-2M) >= 14336)) ||
	{ show "$work/segments.report"; fail "data and bss are not on huge pages"; }
grep -q "  HUGETLB_ELFMAP (text): [0-9]* of [0-9]* kB" "$work/segments.report" &&
	grep -q "  HUGETLB_ELFMAP (data, bss): [0-9]* of [0-9]* kB" "$work/segments.report" ||
	{ show "$work/segments.report"; fail "HUGETLB_ELFMAP is not told"; }

# The next step: the largest part on small pages that no option covers.
if ! grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null; then
	cat >"$work/next.c" <<-'END'
		#include <string.h>
		#include <sys/mman.h>
		static char bss[20 << 20];
		int main(int argc, char **argv)
		{
		        (void)argv;
		        memset(bss, 1, sizeof(bss));
		        if (argc > 1)
		                memset(mmap(0, 40 << 20, PROT_READ | PROT_WRITE,
		                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 40 << 20);
		        return bss[1] != 1;
		}
	END
	"${CC:-cc}" -o "$work/next" "$work/next.c" || fail "the program does not compile"
	next_step() {
		local expected=$1
		shift
		rm -f "$work/next.report"
		preloaded "HUGETLB_REPORT=$work/next.report" "$@" || fail "exit status $?"
		[ "$(tail -n 1 "$work/next.report" | grep 'on small pages: try')" = "$expected" ] ||
			{ show "$work/next.report"; fail "the next step is not: $expected"; }
	}
	next_step "  bss: 20 MB on small pages: try hugectl --data (HUGETLB_ELFMAP=W)" "$work/next"
	next_step "  other mappings: 40 MB on small pages: try hugectl --mmap (HUGETLB_MMAP=yes)" \
		"$work/next" map
	next_step "  bss: 20 MB on small pages: try hugectl --data (HUGETLB_ELFMAP=W)" \
		HUGETLB_MMAP=1M,thp "$work/next" map
	next_step "" HUGETLB_ELFMAP=W HUGETLB_ELFMAP_BACKING=thp "$work/next"
fi

# hugestat says the same of the same process: it looks when the report has been written.
if [ -x "$BUILD/bin/hugestat" ]; then
	rm "$work/report"
	"$BUILD/bin/hugestat" -- env LD_PRELOAD="$LIB" HUGETLB_MORECORE=yes "HUGETLB_REPORT=$work/report" \
		"$helpers/print-heap" >"$work/out" 2>"$work/table"
	grep -q 'kB in memory' "$work/table" || { show "$work/table"; fail "no table of hugestat's"; }
	for part in data bss "heap (main)" "heap (threads, large blocks)" "other mappings" "shared memory"; do
		for column in memory hugetlb-2M THP file-THP small; do
			[ "$(figure "$work/table" "$part" $column)" = \
				"$(figure "$work/report" "$part" $column)" ] || {
				show "$work/table" "$work/report"
				fail "hugestat has another figure for $part, $column"
			}
		done
	done
fi

# A heap on small pages is not reported as anything else, and the reason is there.
set_pool 0
preloaded HUGETLB_MORECORE=yes HUGETLB_VERBOSE=0 "HUGETLB_REPORT=$work/short" "$helpers/print-heap" \
	>"$work/out" || fail "exit status $?"
[ -z "$(figure "$work/short" "heap (main)" hugetlb-2M)" ] || fail "hugetlb pages without a pool"
(($(figure "$work/short" "heap (main)" THP) + $(figure "$work/short" "heap (main)" small) >= 20480)) ||
	{ show "$work/short"; fail "figures with an empty pool"; }
grep -q 'not hugetlb' "$work/short" || { show "$work/short"; fail "no reason with an empty pool"; }
