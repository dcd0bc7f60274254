#!/bin/bash
# HUGETLB_REPORT: a table at exit, on stderr, on stdout or in a file, whose figures are the kernel's.
. "$(dirname "$0")/lib.sh"

need_pages 50 2M
run() {
	preloaded HUGETLB_MORECORE=yes "HUGETLB_REPORT=$1" "$programs/print-heap" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
}
# Of the row "heap": kB on hugetlb pages, on transparent ones, on small ones.
figures() {
	sed -nE 's/^.* heap +([0-9]+) kB +([0-9]+) kB +([0-9]+) kB.*/\1 \2 \3/p' "$1"
}

run "$work/report"
no_lines_of_ours "$work/err"
read -r hugetlb thp small <<<"$(figures "$work/report")"
[ -n "${small-}" ] || { show "$work/report"; fail "no row with all figures"; }
mapped=0
while read -r from to; do
	mapped=$((mapped + (16#$to - 16#$from) / 1024))
done < <(sed -nE 's/^([0-9a-f]+)-([0-9a-f]+) .*anon_hugepage.*/\1 \2/p' "$work/out")
((mapped >= 20480)) || { show "$work/out"; fail "only $mapped kB are on huge pages"; }
((hugetlb == mapped)) || { show "$work/report"; fail "$mapped kB are mapped, $hugetlb kB reported"; }
((thp == 0 && small <= 1024)) || { show "$work/report"; fail "too much on other pages"; }

# A second process adds its own table.
run "$work/report"
[ "$(figures "$work/report" | wc -l)" = 2 ] || { show "$work/report"; fail "not two tables"; }
run 2
[ "$(figures "$work/err" | wc -l)" = 1 ] || { show "$work/err"; fail "no table on stderr"; }
run -
[ "$(figures "$work/out" | wc -l)" = 1 ] || { tail "$work/out"; fail "no table on stdout"; }
run /nowhere/report
[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "no line for a bad path"; }

# A heap on small pages is not reported as anything else, and the reason is there.
set_pool 0
preloaded HUGETLB_MORECORE=yes HUGETLB_VERBOSE=0 "HUGETLB_REPORT=$work/short" "$programs/print-heap" \
	>"$work/out" || fail "exit status $?"
read -r hugetlb thp small <<<"$(figures "$work/short")"
((hugetlb == 0 && thp + small >= 20480)) || { show "$work/short"; fail "figures with an empty pool"; }
grep -q 'not hugetlb' "$work/short" || { show "$work/short"; fail "no reason with an empty pool"; }
