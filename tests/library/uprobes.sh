#!/bin/bash
# A uprobe on libc or on the program's text counts as it does without the library, and the program runs.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_pages 50 2M
need_program nm ldd
compiler=${CC:-cc}
need_program "${compiler%% *}"

# A program with 12M of text, which calls work() 1000 times and lseek() once.
cat >"$work/program.c" <<'END'
#include <stdio.h>
#include <unistd.h>
#define FILL ".fill 6291456, 1, 0x90\n"
__asm__(".text\n" FILL);
__attribute__((noinline)) int work(int n) { __asm__ volatile(""); return n + 1; }
__asm__(".text\n" FILL);
int main(void)
{
	int sum = 0;
	for (int i = 0; i < 1000; i++)
		sum = work(sum);
	printf("sum %d %d\n", sum, lseek(0, 0, SEEK_CUR) == 12345);
	return 0;
}
END
# shellcheck disable=SC2086 # the compiler may have options
$compiler -O1 -fno-toplevel-reorder "$work/program.c" -o "$work/program" 2>"$work/err" ||
	{ show "$work/err"; skip "no compiler for this"; }
libc=$(ldd "$work/program" | awk '/libc\.so/ { print $3 }')
lseek=$(nm -D "$libc" | awk '$3 ~ /^lseek@@/ { print $1 }')
work_offset=$(nm "$work/program" | awk '$3 == "work" { print $1 }')
[ -n "$lseek" ] && [ -n "$work_offset" ] || skip "no symbols"

# hits <file> <offset> <setting> ...
hits() {
	local file=$1 offset=$2 status
	shift 2
	"$helpers/with-uprobe" "$file" "$offset" env "$@" "$work/program" </dev/null \
		>"$work/out" 2>"$work/err"
	status=$?
	[ $status = 77 ] && skip "this kernel has no uprobes for this user"
	[ $status = 0 ] || { show "$work/out" "$work/err"; fail "exit status $status"; }
}

hits "$libc" "$lseek"
mv "$work/out" "$work/plain"
grep -q ' hits, exit 0' "$work/plain" || { show "$work/plain"; skip "uprobes do not work here"; }
for setting in HUGETLB_MORECORE=yes HUGETLB_MORECORE=thp HUGETLB_MORECORE=auto HUGETLB_MMAP=yes; do
	hits "$libc" "$lseek" "LD_PRELOAD=$LIB" "$setting"
	cmp -s "$work/plain" "$work/out" || { show "$work/plain" "$work/out"; fail "$setting: lseek"; }
	no_lines_of_ours "$work/err"
done
hits "$work/program" "$work_offset" "LD_PRELOAD=$LIB" HUGETLB_ELFMAP=R
grep -q '^1000 hits, exit 0' "$work/out" || { show "$work/out"; fail "HUGETLB_ELFMAP=R"; }
[ "$(lines_of_ours "$work/err")" = 1 ] && grep -q 'text: 1 pages were changed in memory' "$work/err" ||
	{ show "$work/err"; fail "not one line about the changed text"; }

# A program whose heap is watched, until it grows beside a probe in a page that has a hook.
cat >"$work/grow.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 60000; i++)
		memset(malloc(1000), 1, 1000);
	printf("%d\n", getpagesize() > 0);
	return 0;
}
END
# shellcheck disable=SC2086
$compiler -O1 -fno-builtin "$work/grow.c" -o "$work/grow" 2>"$work/err" || fail "grow.c"
for name in sbrk brk getpagesize; do
	at=$(nm -D "$libc" | awk -v name="$name@@" 'index($3, name) == 1 { print $1 }')
	"$helpers/with-uprobe" "$libc" "$at" env LD_PRELOAD="$LIB" HUGETLB_MORECORE=auto "$work/grow" \
		>"$work/out" 2>"$work/err" || { show "$work/out" "$work/err"; fail "auto: a probe on $name"; }
	grep -q ' hits, exit 0' "$work/out" || { show "$work/out" "$work/err"; fail "auto: a probe on $name"; }
	no_lines_of_ours "$work/err"
done

# A probe on a function that the library must hook: the heap stays on small pages, and a line says so.
sbrk=$(nm -D "$libc" | awk '$3 ~ /^sbrk@@/ { print $1 }')
hits "$libc" "$sbrk" "LD_PRELOAD=$LIB" HUGETLB_MORECORE=yes
grep -q ' hits, exit 0' "$work/out" || { show "$work/out"; fail "a probe on sbrk"; }
grep -q 'libc could not be hooked (a uprobe or another library has changed its text)' "$work/err" ||
	{ show "$work/err"; fail "a probe on sbrk: no line"; }
