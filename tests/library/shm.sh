#!/bin/bash
# HUGETLB_SHM puts System V shared memory of any size on huge pages, or on small pages with one
# warning. Without it, and for existing segments, shmget is the system's.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

shm=$helpers/shm
megabyte=$((1 << 20))

# Runs the program under the library; its output and ours are in $work.
run() {
	preloaded "$@" >"$work/out" 2>"$work/err" || { show "$work/out" "$work/err"; fail "$*"; }
}

prints() {
	diff <(printf '%s\n' "$@") "$work/out" || { show "$work/err"; fail "another output"; }
}

off_is_the_system() {
	same_as_plain HUGETLB_SHM=no -- "$shm" new 5000 100000
	same_as_plain HUGETLB_MORECORE=no -- "$shm" keys
	same_as_plain HUGETLB_SHM=no -- "$shm" bad
}

any_size_is_rounded() {
	run HUGETLB_SHM=yes "$shm" new 1 5000 $((2 * megabyte)) $((2 * megabyte + 1))
	prints "1 bytes: segment of 2097152, pages of 2048 kB" \
		"5000 bytes: segment of 2097152, pages of 2048 kB" \
		"2097152 bytes: segment of 2097152, pages of 2048 kB" \
		"2097153 bytes: segment of 4194304, pages of 2048 kB"
	no_lines_of_ours "$work/err"
	run HUGETLB_SHM=2M "$shm" new 5000
	prints "5000 bytes: segment of 2097152, pages of 2048 kB"
	run HUGETLB_SHM=yes HUGETLB_NO_RESERVE=yes "$shm" new 5000
	prints "5000 bytes: segment of 2097152, pages of 2048 kB"
	run HUGETLB_SHM=yes "$shm" keys
	prints "5000 bytes: segment of 2097152, pages of 2048 kB"
	run HUGETLB_SHM=yes "$shm" idle-size
	prints "5000 bytes: segment of 2097152, pages of 2048 kB"
	no_lines_of_ours "$work/err"
}

# What is wrong in itself fails as ever, and is no matter of huge pages.
errors_are_the_systems() {
	same_as_plain HUGETLB_SHM=yes -- "$shm" bad
}

a_short_pool_costs_one_line() {
	set_pool 1
	run HUGETLB_SHM=yes "$shm" new 5000 5000 5000
	prints "5000 bytes: segment of 2097152, pages of 2048 kB" \
		"5000 bytes: segment of 5000, pages of 4 kB" "5000 bytes: segment of 5000, pages of 4 kB"
	[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "not one line"; }
	grep -q "WARNING: shm: no huge pages of 2048 kB for a segment of 5000 bytes: the pool has too few pages (ENOMEM); it is on small pages (reported once)$" \
		"$work/err" || { show "$work/err"; fail "another line"; }
	run HUGETLB_SHM=yes HUGETLB_VERBOSE=0 "$shm" new 9000000
	prints "9000000 bytes: segment of 9000000, pages of 4 kB"
	[ ! -s "$work/err" ] || fail "a line in spite of HUGETLB_VERBOSE=0"
}

# A size that the machine lacks, and the heap's own line does not take the place of this one.
other_sizes() {
	run HUGETLB_SHM=4M "$shm" new 5000
	prints "5000 bytes: segment of 5000, pages of 4 kB"
	grep -q "no huge pages of 4096 kB .*(EINVAL)" "$work/err" || { show "$work/err"; fail "4M"; }
	(($(pool_value 1G free_hugepages) >= 1)) || return 0
	run HUGETLB_SHM=1G "$shm" new 5000
	prints "5000 bytes: segment of 1073741824, pages of 1048576 kB"
	run HUGETLB_SHM=yes HUGETLB_DEFAULT_PAGE_SIZE=1G "$shm" new 5000
	prints "5000 bytes: segment of 1073741824, pages of 1048576 kB"
}

# In a static program there is neither a constructor nor a next definition to be found.
static_programs() {
	"${CC:-cc}" -static -std=gnu11 -D_GNU_SOURCE -I"$tests/lib" "$tests/helpers/shm.c" \
		-o "$work/shm" -L"$BUILD/lib" -lhugetlbfs 2>"$work/err" || {
		show "$work/err"
		skip "no static program can be linked; the rest passes"
	}
	env HUGETLB_SHM=yes "$work/shm" new 5000 >"$work/out" 2>"$work/err" || fail "static"
	prints "5000 bytes: segment of 2097152, pages of 2048 kB"
	[ ! -s "$work/err" ] || { show "$work/err"; fail "static: there are lines"; }
	"$work/shm" new 5000 >"$work/out" || fail "static, off"
	prints "5000 bytes: segment of 5000, pages of 4 kB"
}

off_is_the_system
need_root
need_pages 20 2M
any_size_is_rounded
errors_are_the_systems
other_sizes
static_programs
a_short_pool_costs_one_line
