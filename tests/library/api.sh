#!/bin/bash
# The public functions give the documented results in a linked program: with an empty pool, a full
# pool, 1G pages, mounts, settings, and without /proc and /sys.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

export LD_LIBRARY_PATH=$BUILD/lib
api=$helpers/linked/api
thp=
grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || thp=thp

# Runs a part, after settings: nothing is said.
passes() {
	env "$@" >"$work/out" 2>&1 || { show "$work/out"; fail "$*: exit status $?"; }
	[ ! -s "$work/out" ] || { show "$work/out"; fail "$*: there is output"; }
}

# A file system of huge pages that no other process sees: paths <directory> <settings> ...
paths_on_mount() {
	local mount=$1
	shift
	env "$@" "$helpers/own-mounts" bash -c '
		umount -a -t hugetlbfs
		mount -t hugetlbfs -o pagesize=2M none "$1" && exec "$2" paths "$1"' \
		- "$mount" "$api" >"$work/out" 2>&1 || { show "$work/out"; fail "paths on a mount: $*"; }
	[ -z "$(ls -A "$mount")" ] || fail "left behind: $(ls -A "$mount")"
}

paths_and_files() {
	passes "$helpers/own-mounts" bash -c 'umount -a -t hugetlbfs; exec "$1" paths none' - "$api"
	mkdir "$work/huge pages"
	paths_on_mount "$work/huge pages" A=
	paths_on_mount "$work/huge pages" "HUGETLB_PATH=$work/huge pages"
	paths_on_mount "$work/huge pages" HUGETLB_FEATURES=no_map_hugetlb
}

pages_from_the_users_places() {
	mkdir "$work/mount"
	mount -t hugetlbfs -o pagesize=2M none "$work/mount" || fail "hugetlbfs can't be mounted"
	at_end "umount $work/mount"
	passes "HUGETLB_PATH=$work/mount" "$api" pool
	passes HUGETLB_FEATURES=no_map_hugetlb "$api" pool
	[ -z "$(ls -A "$work/mount")" ] || fail "left behind: $(ls -A "$work/mount")"
	env HUGETLB_PATH=/nowhere "$api" pool >"$work/out" 2>&1 || fail "HUGETLB_PATH=/nowhere"
	[ "$(wc -l <"$work/out")" = 1 ] && grep -q 'WARNING: HUGETLB_PATH=/nowhere is no' "$work/out" ||
		{ show "$work/out"; fail "HUGETLB_PATH=/nowhere: not one line"; }
}

default_page_size() {
	passes HUGETLB_DEFAULT_PAGE_SIZE=1G "$api" default $((1 << 30))
	passes HUGETLB_DEFAULT_PAGE_SIZE=2M "$api" default $((2 << 20))
	env HUGETLB_DEFAULT_PAGE_SIZE=4M "$api" default $((2 << 20)) >"$work/out" 2>&1 ||
		fail "HUGETLB_DEFAULT_PAGE_SIZE=4M"
	grep -q 'no huge pages of 4096 kB; using the system' "$work/out" || { show "$work/out"; fail "4M"; }
}

wrong_frees_are_told() {
	"$api" bad-frees >"$work/out" 2>&1 || { show "$work/out"; fail "bad frees"; }
	[ "$(grep -c 'WARNING: free_.*not an allocation of this library' "$work/out")" = 4 ] ||
		{ show "$work/out"; fail "not a line for each"; }
}

without_proc_and_sys() {
	passes "$helpers/own-mounts" bash -c 'mount -t tmpfs none /sys && mount -t tmpfs none /proc && exec "$@"' \
		- "$api" none
}

static_program() {
	local source
	source=$tests/helpers/linked/api.c
	"${CC:-cc}" -static -std=gnu11 -D_GNU_SOURCE -I"$tests/lib" -I"$tests/../include" "$source" \
		-o "$work/api" -L"$BUILD/lib" -lhugetlbfs -pthread 2>"$work/err" || {
		show "$work/err"
		skip "no static program can be linked; the rest passes"
	}
	passes "$work/api" small $thp
	passes "$work/api" pool
	passes HUGETLB_DEFAULT_PAGE_SIZE=1G "$work/api" default $((1 << 30))
}

[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "needs huge pages of 2M"
passes "$api" sizes
passes "$api" no-descriptors
passes HUGETLB_DEFAULT_PAGE_SIZE=2M "$api" no-descriptors
passes "$api" small $thp
need_root
need_pages 20 2M
passes "$api" pool
passes HUGETLB_NO_RESERVE=yes "$api" pool
passes HUGETLB_MORECORE=yes "$api" pool
passes "$api" regions pool
wrong_frees_are_told
need_own_mounts
paths_and_files
pages_from_the_users_places
without_proc_and_sys
if [ -d /sys/kernel/mm/hugepages/hugepages-1048576kB ]; then
	default_page_size
	free=$(($(pool_value 1G free_hugepages) - $(pool_value 1G resv_hugepages)))
	((free == 0)) || passes "$api" 1G $free
fi
static_program
set_pool 0
passes "$api" no-pool $thp
passes "$api" regions none
