#!/bin/bash
# Addresses of the heap, of arenas, of mappings and of moved text and data are as random as without the
# library, less the bits of the page's alignment, also in a program that is not position-independent.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

compiler=${CC:-cc}
need_program "${compiler%% *}"
[ "$(cat /proc/sys/kernel/randomize_va_space)" = 2 ] || skip "randomization is off"
need_pages 100 2M

# compiled <file> <option> ...
compiled() {
	local file=$1
	shift
	# shellcheck disable=SC2086 # the compiler may have options
	$compiler -std=gnu11 -D_GNU_SOURCE -O1 -I"$tests/lib" "$tests/helpers/print-addresses.c" \
		-o "$file" -pthread "$@" 2>"$work/err" || { show "$work/err"; skip "no compiler for this"; }
}

# 500 addresses of each kind, in $work/addresses: heap, arena, mapping, text, data.
start() {
	local count=$1
	shift
	for ((start = 0; start < count; start++)); do
		env "$@"
	done >"$work/addresses" 2>"$work/err"
	[ "$(wc -l <"$work/addresses")" = "$count" ] || { show "$work/err"; fail "not all started: $*"; }
}

distinct() {
	awk -v column="$1" '{ print $column }' "$work/addresses" | sort -u | wc -l
}

# expect <least> <what> <column>
expect() {
	local got
	got=$(distinct "$3")
	((got >= $1)) || fail "$2: $got different addresses, not $1"
}

ours=(HUGETLB_MORECORE=yes HUGETLB_MMAP=yes "LD_PRELOAD=$LIB" HUGETLB_VERBOSE=0)

# 500 starts of a position-independent program: 19 random bits are left of 28 with pages of 2M, so
# about one address comes twice. Arenas lie on multiples of 64M: 14 bits, about eight come twice.
start 500 "${ours[@]}" "$helpers/print-addresses"
expect 490 "PIE: heap" 1
expect 460 "PIE: arena" 2
expect 490 "PIE: mapping" 3

# Text and data that are moved, and stay where the kernel has put them, on multiples of 2M.
compiled "$work/large" -DLARGE -pie -fPIE -Wl,-z,max-page-size=0x200000 -Wl,-z,common-page-size=0x200000
start 500 HUGETLB_ELFMAP=RW HUGETLB_REQUIRE=yes "LD_PRELOAD=$LIB" HUGETLB_VERBOSE=0 "$work/large"
expect 490 "PIE: moved text" 4
expect 490 "PIE: moved data" 5
expect 490 "PIE: heap beside moved data" 1

# Not position-independent: the kernel moves the break by 25 to 30 bits, of which pages of 2M leave 4
# to 9: with 4 bits there are 16 addresses, with 9 bits about 320 of 500 starts.
compiled "$work/fixed" -no-pie
start 500 HUGETLB_VERBOSE=0 "$work/fixed"
plain=$(distinct 1)
((plain > 400)) || skip "plain heaps begin at $plain of 500 addresses"
start 500 "${ours[@]}" "$work/fixed"
expect 15 "no PIE: heap" 1
expect 460 "no PIE: arena" 2
expect 460 "no PIE: mapping" 3

# Its text and data always lie where they were linked, but what lies above them does not: the break
# begins at a multiple of 2M here, too, and so at one of 512 places, of which 500 starts find about 319.
compiled "$work/large-fixed" -DLARGE -no-pie -Wl,-z,max-page-size=0x200000 -Wl,-z,common-page-size=0x200000
start 500 HUGETLB_ELFMAP=RW HUGETLB_REQUIRE=yes "LD_PRELOAD=$LIB" HUGETLB_VERBOSE=0 "$work/large-fixed"
expect 280 "no PIE: heap beside moved data" 1
expect 460 "no PIE: mapping beside moved data" 3

# Pages of 1G: larger than what the kernel moves the break by; one of 256 places is taken.
[ -d /sys/kernel/mm/hugepages/hugepages-1048576kB ] || exit 0
start 40 HUGETLB_MORECORE=1G "LD_PRELOAD=$LIB" HUGETLB_VERBOSE=0 "$work/fixed"
expect 20 "no PIE, 1G: heap" 1
