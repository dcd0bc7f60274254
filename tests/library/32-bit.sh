#!/bin/bash
# The heap of a 32-bit program is on huge pages with a 32-bit build of the library.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

[ "$(uname -m)" = x86_64 ] || skip "needs an x86-64 CPU"
echo 'int main(void) { return 0; }' | "${CC:-cc}" -m32 -x c - -o "$work/program" 2>/dev/null ||
	skip "needs a compiler for 32-bit programs"
need_pages 150 2M
cd "$(dirname "$0")/../.." || exit 1
"${MAKE:-make}" --no-print-directory BUILD="$BUILD/32-bit" CFLAGS="-O2 -g -m32" all run-programs \
	>"$work/build" 2>&1 || { show "$work/build"; fail "the 32-bit library does not build"; }
! grep '^src/.*: warning: ' "$work/build" || fail "the 32-bit library builds with warnings"
LIB=$BUILD/32-bit/lib/libhugetlbfs.so
cases=$BUILD/32-bit/tests/cases
same_as_plain HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.99 -- "$cases/small-blocks" 200
compact
same_as_plain HUGETLB_MORECORE=thp EXPECT_THP=0.9 -- "$cases/small-blocks" 200
same_as_plain HUGETLB_MORECORE=yes HUGETLB_MORECORE_SHRINK=yes -- "$cases/calloc-after-free"
same_as_plain HUGETLB_MORECORE=yes -- "$cases/threads" 8
same_as_plain HUGETLB_MORECORE=yes -- "$cases/realloc-patterns"
same_as_plain HUGETLB_MORECORE=yes -- "$cases/sbrk-by-program"
same_as_plain HUGETLB_MORECORE=yes -- "$cases/fork" both-write
same_as_plain HUGETLB_MORECORE=yes -- "$cases/partial-page-calls" protect-none main
same_as_plain HUGETLB_MORECORE=yes -- "$cases/partial-page-calls" unmap large
same_as_plain HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.95 -- "$cases/seccomp-growth"
same_as_plain HUGETLB_MMAP=yes -- "$cases/calls-past-libc" function
same_as_plain HUGETLB_MORECORE=yes -- "$cases/fork-forms" all
same_as_plain HUGETLB_MMAP=64K EXPECT_HUGE_KB=10240 -- "$cases/torture" 11
same_as_plain HUGETLB_MMAP=yes,thp EXPECT_HUGE_KB=2048 -- "$cases/torture" 12 10000 2
# Arenas are small there and lie where the main heap's address space is reserved. One that the kernel
# has joined with its neighbour to one mapping counts as other memory.
preloaded HUGETLB_MORECORE=yes HUGETLB_REPORT="$work/report" "$cases/threads" 8 >"$work/out" ||
	fail "threads under a report: exit status $?"
awk 'sub(/^ *heap \(threads, large blocks\) /, "") { kb = $1; small = $5 }
	END { exit !(kb >= 256 && small == kb) }' "$work/report" ||
	{ show "$work/report"; fail "the report has no arenas on small pages"; }
