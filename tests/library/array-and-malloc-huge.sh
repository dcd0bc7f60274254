#!/bin/bash
# A 4M array and a 1M malloc are on huge pages, as /proc/PID/maps and the library's messages show.
# People ask this about every library of this kind; the files behind the mappings have no name left.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_pages 20 2M
cat >"$work/classic.c" <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	static char array[4 << 20];
	int main(void)
	{
		char *block = malloc(1 << 20), line[4096];
		FILE *maps = fopen("/proc/self/maps", "r");
		memset(array, 1, sizeof(array));
		memset(block, 1, 1 << 20);
		printf("array %p\nblock %p\n", (void *)(array + (2 << 20)), (void *)block);
		while (fgets(line, sizeof(line), maps))
			fputs(line, stdout);
		return 0;
	}
END
"${CC:-cc}" -O0 "$work/classic.c" -o "$work/classic" || fail "the program does not link"

# mapping_of WORD: the line of maps that the address lies in.
mapping_of() {
	local address line
	address=$(awk -v word="$1" '$1 == word { print $2 }' "$work/out")
	while read -r line; do
		[[ $line =~ ^([0-9a-f]+)-([0-9a-f]+)\  ]] || continue
		((address >= 16#${BASH_REMATCH[1]} && address < 16#${BASH_REMATCH[2]})) && echo "$line"
	done <"$work/out"
}

expect_mapping() {
	[[ $(mapping_of "$1") == *rw-p*"$2"*"(deleted)" ]] || {
		show "$work/out"
		fail "the $1 is on: $(mapping_of "$1")"
	}
}

run() {
	preloaded HUGETLB_MORECORE=yes HUGETLB_ELFMAP=RW HUGETLB_DEBUG=1 "$@" "$work/classic" \
		>"$work/out" 2>"$work/err" || { show "$work/err"; fail "exit status $?"; }
	while read -r line; do
		grep -qE "^libhugetlbfs \[[^]:]+:[0-9]+\]: (INFO|DEBUG): $line" "$work/err" || {
			show "$work/err"
			fail "no line with $line"
		}
	done <<-'END'
		Found pagesize 2048 kB
		Detected page sizes:
		  +Size: 2048 kB \(default\)
		HUGETLB_SHARE=0, sharing disabled
		Segment [0-9]+ \(phdr [0-9]+\): 0x[0-9a-f]+-0x[0-9a-f]+ +\(filesz=0x[0-9a-f]+\) \(prot = 0x[0-9a-f]+\)
		Mapped hugeseg at 0x[0-9a-f]+\. Copying 0x[0-9a-f]+ bytes and 0x?[0-9a-f]+ extra bytes from 0x[0-9a-f]+\.\.\.done
		setup_morecore\(\): heapaddr = 0x[0-9a-f]+
		hugetlbfs_morecore\([0-9-]+\) = \.\.\.
		heapbase = 0x[0-9a-f]+, heaptop = 0x[0-9a-f]+, mapsize = [0-9a-f]+, delta=[0-9-]+
		Attempting to map [0-9]+ bytes
		\.\.\. = 0x[0-9a-f]+
	END
}

run
expect_mapping block /anon_hugepage
expect_mapping array /
# With a mount, the file had a name there.
mkdir "$work/mount"
mount -t hugetlbfs -o pagesize=2M none "$work/mount" || skip "no hugetlbfs can be mounted; the rest passes"
at_end "umount $work/mount"
run HUGETLB_PATH="$work/mount"
expect_mapping array "$work/mount/libhugetlbfs.tmp."
[ -z "$(ls "$work/mount")" ] || fail "files are left on the mount"
