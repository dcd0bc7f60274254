#!/bin/bash
# Addresses of the heap, of arenas and of mappings are as random as without the library, less the bits
# of the page's alignment, also in a program that is not position-independent.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

compiler=${CC:-cc}
need_program "${compiler%% *}"
[ "$(cat /proc/sys/kernel/randomize_va_space)" = 2 ] || skip "randomization is off"
need_pages 100 2M
# shellcheck disable=SC2086 # the compiler may have options
$compiler -std=gnu11 -D_GNU_SOURCE -O1 -no-pie -I"$tests/lib" "$tests/helpers/print-addresses.c" \
	-o "$work/fixed" -pthread 2>"$work/err" || { show "$work/err"; skip "no compiler for this"; }

# distinct <column> <starts> <program> <setting> ...: how many different addresses there were.
distinct() {
	local column=$1 starts=$2 program=$3
	shift 3
	for ((start = 0; start < starts; start++)); do
		env "$@" "$program"
	done 2>/dev/null | awk -v column="$column" '{ print $column }' | sort -u | wc -l
}

# expect <least> <what> <column> <starts> <program> <setting> ...
expect() {
	local least=$1 what=$2 got
	shift 2
	got=$(distinct "$@")
	((got >= least)) || fail "$what: $got different addresses, not $least"
}

ours=(HUGETLB_MORECORE=yes HUGETLB_MMAP=yes "LD_PRELOAD=$LIB" HUGETLB_VERBOSE=0)
pie=$helpers/print-addresses

# 500 starts of a position-independent program: 19 random bits are left of 28 with pages of 2M, so
# about one address comes twice. Arenas lie on multiples of 64M: 14 bits, about eight come twice.
expect 490 "PIE: heap" 1 500 "$pie" "${ours[@]}"
expect 460 "PIE: arena" 2 500 "$pie" "${ours[@]}"
expect 490 "PIE: mapping" 3 500 "$pie" "${ours[@]}"

# Not position-independent: the kernel moves the break by 25 to 30 bits, of which pages of 2M leave 4
# to 9: with 4 bits there are 16 addresses, with 9 bits about 320 of 500 starts.
plain=$(distinct 1 500 "$work/fixed" HUGETLB_VERBOSE=0)
((plain > 400)) || skip "plain heaps begin at $plain of 500 addresses"
expect 15 "no PIE: heap" 1 500 "$work/fixed" "${ours[@]}"
expect 460 "no PIE: mapping" 3 500 "$work/fixed" "${ours[@]}"

# Pages of 1G: larger than what the kernel moves the break by; one of 256 places is taken.
[ -d /sys/kernel/mm/hugepages/hugepages-1048576kB ] || exit 0
expect 20 "no PIE, 1G: heap" 1 40 "$work/fixed" HUGETLB_MORECORE=1G "LD_PRELOAD=$LIB" HUGETLB_VERBOSE=0
