#!/bin/bash
# Where the pool has pages for a part of a file, its start is copied and the rest is mapped from the file,
# on pages of 2M and of 1G; on a terminal a line shows how far the copy is, and goes again.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

need_program strace script
mount_for_files
need_pages 20 2M
file=$disk/data
make_file "$file" 64
copying=(HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount")

set_pool 12
reads "$file" "${copying[@]}" HUGETLB_VERBOSE=3
((huge == 12 * 2048)) || { show "$work/err"; fail "$huge kB of 12 pages"; }
grep -qF "HUGETLB_MMAP_FILES: $file: the pool has pages for 24 of 64 MB" "$work/err" || { show "$work/err"; fail "no line"; }
! grep -q WARNING "$work/err" || fail "a warning"
# the next one gets the same part
reads "$file" "${copying[@]}"
((huge == 12 * 2048)) || fail "$huge kB the second time"
says ""
rm -r "$copies"
set_pool "$pool_before"

# Each piece takes a second.
dd if="$file" iflag=nocache count=0 status=none
script -qec "strace -qq -o /dev/null --inject=pread64:delay_enter=900000 -E LD_PRELOAD=$LIB -E ${copying[*]/#HUGETLB_PATH/-E HUGETLB_PATH} \
	$helpers/map-file $file" /dev/null >"$work/terminal" </dev/null || { show "$work/terminal"; fail "not run on a terminal"; }
grep -qE "$file: [0-9]+ of 64 MB are on huge pages" "$work/terminal" || { show "$work/terminal"; fail "no progress is shown"; }
grep -qF "$(printf '\r\033[K')" "$work/terminal" || { show "$work/terminal"; fail "the line stays"; }
rm -r "$copies"

# A page of 1G, and what is no whole page of it.
(($(pool_value 1G free_hugepages) >= 1)) || { echo "no page of 1G is free: not tried"; exit 0; }
umount "$mount"
mount -t hugetlbfs -o pagesize=1G none "$mount"
make_file "$file" 1030
reads "$file" HUGETLB_MMAP_FILES=yes,1G "HUGETLB_PATH=$mount"
((huge == 1 << 20)) || { show "$work/err"; fail "$huge kB of a page of 1G"; }
says ""
