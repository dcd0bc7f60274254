#!/bin/bash
# gdb works on a program with text on huge pages: breakpoints set before its start, backtrace,
# variables, step, continue, attach and core files.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"

need_program gdb
cat >"$work/program.c" <<-'END'
	#include <signal.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <unistd.h>
	__asm__(".pushsection .text.big, \"ax\"\n.balign 4096\n.zero 5000000, 0x90\n.popsection");
	static int data[800000] = {5}, bss[800000];
	static __attribute__((noinline)) int inner(int value)
	{
		data[value]++;
		bss[value] = data[value] + 1;
		return data[value] + bss[value];
	}
	__asm__(".text\n.zero 5000000, 0x90");
	static __attribute__((noinline)) int outer(int value)
	{
		int sum = inner(value);
		return sum + inner(value + 1);
	}
	int main(int count, char **arguments)
	{
		char byte;
		printf("%d\n", outer(3) + outer(count));
		fflush(stdout);
		if (count > 1 && !strcmp(arguments[1], "wait"))
			return read(0, &byte, 1) + outer(9);
		if (count > 1)
			raise(SIGABRT);
		return 0;
	}
	END
"$compiler" -g -O0 "$work/program.c" -o "$work/program" || fail "the program can't be linked"

# What is an address, a process or a thread's number is left out.
same_lines() {
	sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/(process|LWP|Thread) [0-9a-fx]+/\1/g; /^warning: |^\[Thread debug|^Using host|^libhugetlbfs/d'
}

# debugged NAME SETTINGS… -- gdb's arguments
debugged() {
	local name=$1 settings=()
	shift
	while [ "$1" != -- ]; do
		settings+=(-iex "set environment $1")
		shift
	done
	shift
	timeout 100 gdb -q -batch -nx -iex "set confirm off" -iex "set debuginfod enabled off" \
		-iex "set startup-with-shell off" "${settings[@]}" "$@" >"$work/$name.all" 2>&1 </dev/null
	same_lines <"$work/$name.all" >"$work/$name"
}

commands=(-ex "break inner" -ex run -ex backtrace -ex "print data[value]" -ex "print value" -ex next
	-ex "print bss[value]" -ex finish -ex "watch data[4]" -ex continue -ex "delete 2" -ex continue -ex stepi
	-ex "tbreak outer" -ex continue -ex disable -ex continue -ex 'print $_exitcode')
debugged plain -- "${commands[@]}" "$work/program"
grep -q 'Breakpoint 1, inner (value=3)' "$work/plain" && grep -q 'exited normally' "$work/plain" ||
	{ show "$work/plain.all"; skip "gdb can't be used here: $(tail -n 1 "$work/plain.all")"; }

same_as_plain_under() {
	debugged ours "LD_PRELOAD $LIB" "$@" -- "${commands[@]}" "$work/program"
	diff "$work/plain" "$work/ours" >"$work/diff" || {
		show "$work/diff" "$work/ours.all"
		fail "gdb with $*: other than plain"
	}
}
for backing in thp file; do
	same_as_plain_under "HUGETLB_ELFMAP RW" "HUGETLB_ELFMAP_BACKING $backing" "HUGETLB_VERBOSE 0"
done
need_pages 60 2M
same_as_plain_under "HUGETLB_ELFMAP RW"
same_as_plain_under "HUGETLB_ELFMAP RW" "HUGETLB_ELFMAP_OBJECTS all" "HUGETLB_MORECORE yes"
