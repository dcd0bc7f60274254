#!/bin/bash
# Backtraces, core files and gcore of a program with text on huge pages are as without the library.
# Text is in a core file only where a file's text would be.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"

need_program gdb gcore
need_pages 40 2M
[ "$(cat /proc/sys/kernel/core_pattern)" = core ] || skip "core files are not written as core here"
filter=/proc/self/coredump_filter
[ -w $filter ] || skip "the kernel writes no core files"

cat >"$work/program.c" <<-'END'
	#include <dlfcn.h>
	#include <execinfo.h>
	#include <link.h>
	#include <signal.h>
	#include <stdio.h>
	#include <string.h>
	#include <unistd.h>
	__asm__(".pushsection .text.big, \"ax\"\n.balign 4096\n.zero 9000000, 0x90\n.popsection");
	__asm__(".text\n.zero 9000000, 0x90");
	int inner(int value);
	int outer(int value);
	static int counts(struct dl_phdr_info *object, size_t size, void *data)
	{
		(void)size;
		for (int i = 0; i < object->dlpi_phnum; i++)
			*(int *)data += (unsigned long)inner - object->dlpi_addr -
				object->dlpi_phdr[i].p_vaddr < object->dlpi_phdr[i].p_memsz &&
				object->dlpi_phdr[i].p_type == PT_LOAD;
		return 0;
	}
	static void tell(int number)
	{
		int (*find)(void *, void *) = dlsym(RTLD_DEFAULT, "_dl_find_object");
		void *frames[20], *found[20] = {0};
		int count = backtrace(frames, 20), holds = 0;
		Dl_info info;
		for (int i = 0; i < count; i++)
			if (dladdr(frames[i], &info) && info.dli_sname)
				printf("%s\n", info.dli_sname);
		dl_iterate_phdr(counts, &holds);
		printf("%d objects hold it; found: %d\n", holds, find ? find((void *)inner, found) : 0);
		fflush(stdout);
		signal(number, SIG_DFL);
	}
	__attribute__((noipa)) int inner(int value)
	{
		if (value == 3)
			*(volatile int *)16 = 1;
		return value + 1;
	}
	__attribute__((noipa)) int outer(int value) { return inner(value) + 2; }
	int main(int count, char **arguments)
	{
		char byte;
		if (count > 1 && !strcmp(arguments[1], "wait"))
			return printf("ready\n"), fflush(stdout), read(0, &byte, 1);
		signal(SIGSEGV, tell);
		return outer(count + 2);
	}
	END
"$compiler" -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer -rdynamic "$work/program.c" -o "$work/program" -ldl ||
	fail "the program can't be linked"

look() {
	gdb -q -batch -nx -iex "set debuginfod enabled off" -ex backtrace -ex 'x/3i inner' -ex 'x/3i outer' \
		"$work/program" "$1" 2>"$work/gdb.err" |
		sed -E 's/0x[0-9a-f]+|\b[0-9]{12,}/ADDRESS/g; /^warning: |^\[|^Using host/d; s/^=> /   /'
}

# crash NAME FILTER WORDS…: NAME.out is its own backtrace, NAME.gdb what gdb says, NAME.kb the size.
crash() {
	local name=$1
	mkdir "$work/$name"
	(
		cd "$work/$name" && ulimit -c unlimited && echo "$2" >$filter
		shift 2
		exec env "$@" "$work/program" >"$work/$name.out" 2>"$work/$name.err"
	) 2>/dev/null
	[ -e "$work/$name/core" ] || { show "$work/$name.err"; fail "$name: no core file"; }
	look "$work/$name/core" >"$work/$name.gdb"
	du -k "$work/$name/core" | cut -f 1 >"$work/$name.kb"
	rm -r "${work:?}/$name"
}

# crash_as_plain NAME FILTER MORE WORDS…: so many kB more than plain at most, or, below zero, at least.
crash_as_plain() {
	local name=$1 more=$3 difference
	crash "$name" "$2" "LD_PRELOAD=$LIB" HUGETLB_ELFMAP=R "${@:4}"
	no_lines_of_ours "$work/$name.err"
	diff "$work/plain.out" "$work/$name.out" || fail "$name: another backtrace of its own"
	diff "$work/plain.gdb" "$work/$name.gdb" || fail "$name: gdb sees another core file"
	difference=$(($(cat "$work/$name.kb") - $(cat "$work/plain.kb")))
	((more < 0 ? difference >= -more : difference <= more)) || fail "$name: $difference kB more than plain"
}

crash plain 0x33 A=1
grep -q '^outer$' "$work/plain.out" && grep -q '#0 *inner ' "$work/plain.gdb" && grep -q 'in outer ' "$work/plain.gdb" ||
	{ show "$work/plain.out" "$work/plain.gdb"; skip "no such backtrace here without the library"; }
crash_as_plain hugetlb 0x33 1000
crash_as_plain thp 0x33 30000 HUGETLB_ELFMAP_BACKING=thp
# Who wants a file's text in it gets the copy.
crash_as_plain hugetlb-all 0x37 -12000

# gcore of a process that waits.
snapshot() {
	local name=$1 process
	shift
	mkfifo "$work/$name.hold"
	env "$@" "$work/program" wait <"$work/$name.hold" >"$work/$name.out" 2>&1 &
	process=$!
	at_end "kill $process 2>/dev/null; wait $process 2>/dev/null"
	exec {hold}>"$work/$name.hold"
	while ! grep -q ready "$work/$name.out"; do
		kill -0 $process 2>/dev/null || { show "$work/$name.out"; fail "$name ended"; }
		sleep 0.05
	done
	gcore -o "$work/$name.core" $process >"$work/gcore" 2>&1 || { show "$work/gcore"; fail "gcore $name"; }
	look "$work/$name.core.$process" >"$work/$name.gdb"
	du -k "$work/$name.core.$process" | cut -f 1 >"$work/$name.kb"
	exec {hold}>&-
	wait $process
}
snapshot plain-gcore
for backing in hugetlb thp; do
	snapshot $backing-gcore "LD_PRELOAD=$LIB" HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=$backing
	diff "$work/plain-gcore.gdb" "$work/$backing-gcore.gdb" || fail "gcore, $backing: other than plain"
	[ $backing = thp ] || (($(cat "$work/$backing-gcore.kb") <= $(cat "$work/plain-gcore.kb") + 1000)) ||
		fail "gcore, $backing: $(cat "$work/$backing-gcore.kb" "$work/plain-gcore.kb") kB"
done
