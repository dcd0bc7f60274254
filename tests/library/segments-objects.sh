#!/bin/bash
# HUGETLB_ELFMAP_OBJECTS selects the objects whose text is on huge pages, by smaps.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

grep -qs '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled && skip "transparent huge pages are off"
compiler=${CC:-cc}
big='__asm__(".pushsection .text\n.space 8388608\n.popsection\n");'
cat >"$work/program.c" <<-END
	#include <stdio.h>
	$big
	int one(void), two(void);
	/* Text that is on huge pages has lost its name: what is left of each name's text, in kB. */
	int main(void)
	{
		char line[512], rights[8], name[256];
		unsigned long from, to, offset, inode, left[3] = {0};
		FILE *maps = fopen("/proc/self/maps", "r");
		while (maps && fgets(line, sizeof(line), maps)) {
			name[0] = 0;
			if (sscanf(line, "%lx-%lx %7s %lx %*s %lu %255s", &from, &to, rights, &offset, &inode,
				   name) < 5 || rights[2] != 'x')
				continue;
			for (int i = 0; i < 3; i++) {
				static const char *const ends[] = {"program", "libone.so.1.2", "libtwo-2.so"};
				size_t length = __builtin_strlen(name), end = __builtin_strlen(ends[i]);
				if (length >= end && !__builtin_strcmp(name + length - end, ends[i]))
					left[i] += (to - from) >> 10;
			}
		}
		for (int i = 0; i < 3; i++)
			printf("%s", left[i] < 4096 ? "huge " : "small ");
		printf("%d\n", one() + two());
		return 0;
	}
END
echo "$big int one(void) { return 1; }" >"$work/one.c"
echo "$big int two(void) { return 2; }" >"$work/two.c"
"$compiler" -shared -fPIC "$work/one.c" -o "$work/libone.so.1.2" -Wl,-soname,libone.so.1.2 &&
	"$compiler" -shared -fPIC "$work/two.c" -o "$work/libtwo-2.so" -Wl,-soname,libtwo-2.so &&
	"$compiler" "$work/program.c" "$work/libone.so.1.2" "$work/libtwo-2.so" -o "$work/program" \
		-Wl,-rpath,"$work" || fail "can't compile"

# expect WORDS settings…: huge or small for the program and its two libraries
expect() {
	local expected=$1 output
	shift
	compact
	output=$(preloaded HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=thp "$@" "$work/program" 2>"$work/err")
	[ "$output" = "$expected 3" ] || { show "$work/err"; fail "$*: $output"; }
	no_lines_of_ours "$work/err"
}

expect "huge small small"
expect "huge small small" HUGETLB_ELFMAP_OBJECTS=main
expect "huge small small" HUGETLB_ELFMAP_OBJECTS=program
expect "huge huge huge" HUGETLB_ELFMAP_OBJECTS=all
expect "huge small huge" HUGETLB_ELFMAP_OBJECTS=all:-libone
expect "small huge huge" HUGETLB_ELFMAP_OBJECTS=-main
expect "small huge small" HUGETLB_ELFMAP_OBJECTS=libone
expect "small huge small" HUGETLB_ELFMAP_OBJECTS=libone.so
expect "small huge small" HUGETLB_ELFMAP_OBJECTS=libone.so.1.2
expect "small small small" HUGETLB_ELFMAP_OBJECTS=libone.so.2
expect "small small small" HUGETLB_ELFMAP_OBJECTS=libtwo
expect "huge small huge" HUGETLB_ELFMAP_OBJECTS=main:libtwo-2
expect "small small small" HUGETLB_ELFMAP=no HUGETLB_ELFMAP_OBJECTS=all
