# Files that a program maps to read them: a copy on hugetlb pages against a copy by hand. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

# FILES_MB=5000 make bench BENCH=files: a file of the size of a model
FILE_MB=${FILES_MB:-600}

# file_row NAME LIMIT ROUNDS BY-HAND OURS: the two things that files does, on the file
file_row() {
	local name=$1 limit=$2 times=$3
	selected "$name" || return 0
	row "$name" "$limit" --own "$(rounds "$times")" LD_PRELOAD= "$programs/files" "$4" "$work/disk/file" \
		-- LD_PRELOAD="$library" HUGETLB_MMAP_FILES="yes,${page_kb}K" HUGETLB_PATH="$work/files" \
		"$programs/files" "$5" "$work/disk/file" "$work/files/libhugetlbfs-files-$(id -u)"
}

bench_files() {
	heading "mapped files" "by hand, plain" "a copy"
	prepare "files" $((2 * FILE_MB)) || return 0
	mkdir "$work/files" "$work/disk"
	mount -t hugetlbfs -o "mode=700,pagesize=${page_kb}K" none "$work/files" 2>/dev/null || {
		printf '%-29s skipped: no hugetlbfs can be mounted\n' files
		return
	}
	# a tail of less than a huge page would be on small pages on one side only
	head -c "${FILE_MB}M" /dev/urandom >"$work/disk/file" && sync "$work/disk/file" && sleep 1
	file_row "files, second start" 1000us 15 map map
	# at least 0.7 of the speed by hand
	file_row "files, filling" 1.43 9 fill first
	file_row "files, filling from disk" 1.43 5 fill-disk first-disk
	file_row "files, random reads" 1.02 9 random-hand random
	file_row "files, four threads" 1.02 5 threads-hand threads
	rm -f "$work/files"/*/*
	umount "$work/files"
	rm -r "$work/disk"
}
