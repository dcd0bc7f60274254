#!/bin/bash
# HUGETLB_ELFMAP=auto copies no text: what cannot be on huge pages of the page cache stays where it is.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program gcc
grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null && skip "transparent huge pages are off"
cat >"$work/program.c" <<'E2'
#include <stdio.h>
#include <string.h>
__asm__(".text\n.skip 8 << 20, 0x90\n");
int main(void)
{
	FILE *smaps = fopen("/proc/self/smaps_rollup", "r");
	char line[200];

	while (smaps && fgets(line, sizeof(line), smaps))
		if (!strncmp(line, "AnonHugePages:", 14))
			fputs(line, stdout);
	return 0;
}
E2
# 3M between address and offset in the file: no huge page of the page cache can be mapped there
gcc -O1 -o "$work/program" "$work/program.c" -Wl,--section-start=.text=0x700000,-z,max-page-size=4096 || fail "gcc"
"$work/program" >"$work/plain" || fail "plain"
preloaded HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=thp "$work/program" >"$work/thp" 2>/dev/null || fail "thp"
same=$(cmp "$work/plain" "$work/thp" >/dev/null && echo yes)
[ -z "$same" ] || skip "no text can be copied to transparent huge pages here"
preloaded HUGETLB_ELFMAP=auto "$work/program" >"$work/auto" 2>"$work/err" || fail "auto"
[ ! -s "$work/err" ] || { show "$work/err"; fail "lines on stderr"; }
cmp "$work/plain" "$work/auto" || { show "$work/auto"; fail "text was copied"; }
