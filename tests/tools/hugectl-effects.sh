#!/bin/bash
# hugectl's options have their effect on a program, by the kernel's figures.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

# The shares of the heap are checked by the program itself: see heap_share.h.
heap() {
	compact
	EXPECT_HUGETLB=0.99 succeeds --heap "$cases/small-blocks" 50
	EXPECT_HUGETLB=0.99 succeeds --heap=2M "$cases/small-blocks" 50
	EXPECT_THP=0.9 succeeds --thp "$cases/small-blocks" 50
	EXPECT_THP=0.9 succeeds --heap=thp "$cases/small-blocks" 50
	EXPECT_HUGETLB=0.99 succeeds --heap --no-reserve "$cases/small-blocks" 50
	EXPECT_HUGETLB=0.99 succeeds --heap --no-prefault "$cases/small-blocks" 50
	EXPECT_HUGETLB=0.99 succeeds --heap --default-page-size 2M "$cases/small-blocks" 50
	EXPECT_HUGETLB=1 succeeds --heap --shrink "$cases/shrink"
	EXPECT_HUGE=0.9 succeeds --heap --fork copy "$cases/fork" both-write
	EXPECT_THP=0.9 succeeds --heap --verbose 0 --exact strict,none "$cases/small-blocks" 50
	# and without it is not there
	EXPECT_HUGETLB=0.99 "$hugectl" "$cases/small-blocks" 50 >/dev/null 2>&1 &&
		fail "the heap is on huge pages unasked"
	(($(pool_value 1G free_hugepages) >= 1)) || return 0
	EXPECT_HUGETLB=0.99 succeeds --heap=1G "$cases/small-blocks" 50
	EXPECT_HUGETLB=0.99 succeeds --heap --default-page-size=1G "$cases/small-blocks" 50
}

# What is small is left as it is, and what is filled is huge.
automatic() {
	succeeds --auto "$helpers/print-memory" 5
	[[ $(cat "$work/out") == *" 0 0" ]] || { show "$work/out"; fail "--auto: a small heap"; }
	EXPECT_HUGE=0.95 succeeds --auto "$cases/small-blocks" 100
	[ ! -s "$work/err" ] || { show "$work/err"; fail "--auto prints something"; }
}

where_the_heap_is() {
	succeeds --heap --heap-base 600000000000 "$helpers/print-heap"
	grep -q '^600000000000-.*anon_hugepage' "$work/out" || { show "$work/out"; fail "--heap-base"; }
	succeeds --heap --features=no_map_hugetlb "$helpers/print-heap"
	grep -q '/memfd:libhugetlbfs (deleted)' "$work/out" || { show "$work/out"; fail "--features"; }
	[ "$(id -u)" = 0 ] || return 0
	mkdir "$work/mount"
	mount -t hugetlbfs -o pagesize=2M none "$work/mount" || return 0
	at_end "umount $work/mount"
	succeeds --heap --path "$work/mount" "$helpers/print-heap"
	grep -q "$work/mount/.*(deleted)" "$work/out" || { show "$work/out"; fail "--path"; }
}

shared_memory() {
	[ "$(id -u)" = 0 ] || return 0
	succeeds --shm "$helpers/shm" new 5000
	[ "$(cat "$work/out")" = "5000 bytes: segment of 2097152, pages of 2048 kB" ] ||
		{ show "$work/out"; fail "--shm"; }
	succeeds --quiet "$helpers/shm" new 5000
	[ "$(cat "$work/out")" = "5000 bytes: segment of 5000, pages of 4 kB" ] ||
		{ show "$work/out"; fail "huge pages unasked"; }
}

what_is_told() {
	local heap_row='^ *heap \(main\) +2[0-9]{4} +2[0-9]{4} +0 +0 +0 '
	succeeds --heap "--report=$work/report" "$helpers/print-heap"
	grep -qE "$heap_row" "$work/report" || { show "$work/report"; fail "--report=file"; }
	"$hugectl" --heap --report "$helpers/print-heap" >/dev/null 2>"$work/err"
	grep -qE "$heap_row" "$work/err" || { show "$work/err"; fail "--report"; }
	"$hugectl" --heap --debug "$cases/small-blocks" 5 2>"$work/err"
	grep -q 'DEBUG: ' "$work/err" || { show "$work/err"; fail "--debug"; }
	"$hugectl" --heap -v "$cases/small-blocks" 5 2>"$work/err"
	grep -qx 'hugectl: HUGETLB_MORECORE=yes' "$work/err" || { show "$work/err"; fail "-v"; }
	grep -q 'INFO: .*heapaddr = ' "$work/err" || { show "$work/err"; fail "-v of the library"; }
	grep -q 'DEBUG: ' "$work/err" && fail "-v tells too much"
	"$hugectl" --heap --verbose 99 "$cases/small-blocks" 5 2>"$work/err"
	grep -q 'DEBUG: ' "$work/err" || { show "$work/err"; fail "--verbose"; }
}

which_programs() {
	EXPECT_HUGETLB=0.99 succeeds --heap --restrict-exe=other:small-blocks \
		"$cases/small-blocks" 50
	EXPECT_HUGETLB=0.99 "$hugectl" --heap --restrict-exe other "$cases/small-blocks" 50 \
		>/dev/null 2>&1 && fail "--restrict-exe does not restrict"
	return 0
}

kind_of_mapping=
# 64M that a program maps itself: kB on huge pages of the pool, and on transparent ones
own_mapping() {
	local program='import mmap
m = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS'"$kind_of_mapping"')
for i in range(0, 64 << 20, 4096): m[i] = 1
rows = [l.split() for l in open("/proc/self/smaps")]
print(*(sum(int(r[1]) for r in rows if r[0] == n) for n in ("Private_Hugetlb:", "AnonHugePages:")))'
	(($#)) || set -- --quiet
	succeeds "$@" python3 -c "$program"
	read -r hugetlb_kb thp_kb <"$work/out"
}

mappings() {
	command -v python3 >/dev/null || return 0
	own_mapping
	((hugetlb_kb == 0)) || fail "a mapping is on huge pages unasked"
	own_mapping --mmap
	((hugetlb_kb >= 60000)) || { show "$work/out"; fail "--mmap"; }
	own_mapping --mmap=1M,thp
	((hugetlb_kb == 0 && thp_kb >= 60000)) || { show "$work/out"; fail "--mmap=1M,thp"; }
	own_mapping --mmap --mmap-limit 8M
	((hugetlb_kb < 60000)) || { show "$work/out"; fail "--mmap-limit"; }
	own_mapping --mmap --limit 8M
	((hugetlb_kb == 8192)) || { show "$work/out"; fail "--limit"; }
	# executable memory as a compiler of code maps it, and a stack as libc does (0x20000: MAP_STACK)
	is_also code ", prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC" stacks
	is_also stacks " | 0x20000" code
}

# is_also <value> <kind of mapping> <other value>: on transparent pages with the one, not with the
# other. Where the system gives such pages to everybody, it has them either way.
is_also() {
	kind_of_mapping=$2
	own_mapping --mmap "--mmap-also=$1"
	((thp_kb >= 60000)) || { show "$work/out"; fail "--mmap-also=$1"; }
	own_mapping --mmap --mmap-also "$3"
	((thp_kb < 60000)) || grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled ||
		{ show "$work/out"; fail "--mmap-also=$3 is for $1 as well"; }
	kind_of_mapping=
}

# In its page cache, or with a line why not; of another name it is not looked at.
mapped_files() {
	local disk
	disk=$(mktemp -d -p /var/tmp)
	at_end "rm -rf $disk"
	head -c 9M /dev/urandom >"$disk/a.model"
	sync "$disk/a.model" # pages that are not yet on the disk stay as they are
	"$hugectl" --verbose 3 --files "$helpers/map-file" "$disk/a.model" 2>"$work/err" || fail "--files"
	grep -q 'HUGETLB_MMAP_FILES: .*/a.model' "$work/err" || { show "$work/err"; fail "--files"; }
	"$hugectl" --verbose 3 --files=yes --files-only '*.gguf' "$helpers/map-file" "$disk/a.model" \
		2>"$work/err" || fail "--files-only"
	! grep -q 'HUGETLB_MMAP_FILES: ' "$work/err" || { show "$work/err"; fail "--files-only"; }
}

# untouched <option> ...: kB on huge pages, and pages that are reserved, after a malloc of 64M
untouched() {
	local program='import ctypes
def pages(): return int(open("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages").read())
before = pages()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
assert libc.malloc(ctypes.c_size_t(64 << 20))
rows = [l.split() for l in open("/proc/self/smaps")]
print(sum(int(r[1]) for r in rows if r[0] == "Private_Hugetlb:"), pages() - before)'
	(($#)) || set -- --quiet
	succeeds "$@" python3 -c "$program"
	read -r hugetlb_kb reserved <"$work/out"
}

populated_and_reserved() {
	command -v python3 >/dev/null || return 0
	untouched --heap
	((hugetlb_kb >= 64 << 10)) || { show "$work/out"; fail "--heap is not populated"; }
	untouched --heap --no-prefault
	((hugetlb_kb < 64 << 10 && reserved >= 24)) || { show "$work/out"; fail "--no-prefault"; }
	untouched --heap --no-prefault --no-reserve
	((hugetlb_kb < 64 << 10 && reserved < 24)) || { show "$work/out"; fail "--no-reserve"; }
}

# The file says what no option does; options count for more.
configuration() {
	printf 'HUGETLB_MORECORE=yes\n' >"$work/conf"
	EXPECT_HUGETLB=0.99 succeeds "--config=$work/conf" "$cases/small-blocks" 50
	EXPECT_THP=0.9 succeeds --config "$work/conf" --thp "$cases/small-blocks" 50
}

# refused <option>: with --require the program is not started.
refused() {
	local status
	"$hugectl" "$1" --require echo runs >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 125 ] || fail "$1 --require: exit status $status"
	[ ! -s "$work/out" ] || fail "$1 --require: it runs"
}

# A size that the machine lacks is the library's to tell: the program runs without it.
sizes_that_are_not_there() {
	"$hugectl" --heap=64K echo runs >"$work/out" 2>"$work/err" || fail "64K: exit status $?"
	[ "$(cat "$work/out")" = runs ] || fail "64K: it does not run"
	[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "64K: not one line"; }
	refused --heap=64K
	set_pool 0
	"$hugectl" --heap echo runs >"$work/out" 2>"$work/err" || fail "empty pool: exit status $?"
	[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "empty pool: not one line"; }
	"$hugectl" -q --heap echo runs >"$work/out" 2>"$work/err" || fail "-q: exit status $?"
	[ ! -s "$work/err" ] || { show "$work/err"; fail "-q is not quiet"; }
	"$hugectl" --quiet --heap echo runs >"$work/out" 2>"$work/err" || fail "--quiet: exit status $?"
	[ ! -s "$work/err" ] || { show "$work/err"; fail "--quiet is not quiet"; }
	refused --heap
}

need_pages 150 2M
heap
automatic
where_the_heap_is
shared_memory
what_is_told
populated_and_reserved
mappings
mapped_files
which_programs
configuration
sizes_that_are_not_there
