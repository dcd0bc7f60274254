#!/bin/bash
# At least 95 % of the memory of jemalloc, mimalloc and tcmalloc is on huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 300 2M

library_path() {
	{ ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -oE "/.*/$1\.so\.[0-9.]+\$" | head -n 1
}

# with_allocator NAME SETTING...
with_allocator() {
	local name=$1 library
	shift
	library=$(library_path "$name")
	[ -n "$library" ] || { missing="$missing $name"; return; }
	tried=$((tried + 1))
	compact
	env LD_PRELOAD="$library $LIB" "$@" EXPECT_HUGE=0.95 "$cases/small-blocks" 400 2>"$work/err" ||
		{ show "$work/err"; fail "$name $*: exit status $?"; }
	env LD_PRELOAD="$library $LIB" "$@" "$cases/threads" 8 2>>"$work/err" ||
		{ show "$work/err"; fail "threads with $name $*: exit status $?"; }
	env LD_PRELOAD="$library $LIB" "$@" "$cases/fork" both-write 2>>"$work/err" ||
		{ show "$work/err"; fail "fork with $name $*: exit status $?"; }
	no_lines_of_ours "$work/err"
}

tried=0 missing=
for setting in yes 256K yes,thp; do
	with_allocator libjemalloc HUGETLB_MMAP=$setting
	with_allocator libmimalloc HUGETLB_MMAP=$setting
	# It grows by sbrk, and its own mmap goes to the kernel by itself.
	with_allocator libtcmalloc_minimal HUGETLB_MORECORE=yes HUGETLB_MMAP=$setting
done
((tried)) || skip "needs one of$missing"
