#!/bin/bash
# A library whose constructor starts threads, as OpenBLAS does: the heap of a program that is linked with
# it is on huge pages all the same, and the variables and the program's name are known. Before glibc 2.34
# the heap stays small, with one line, unless that library stands before ours in LD_PRELOAD.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 100 2M
compiler=${CC:-cc}
need_program "${compiler%% *}"

cat >"$work/threads.c" <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int started;
static void *work(void *unused)
{
	(void)unused;
	for (;;) {
		void *block = malloc(1000);
		if (block)
			memset(block, 1, 1000);
		free(block);
		usleep(1000);
	}
	return NULL;
}
static void __attribute__((constructor)) start(void)
{
	pthread_t thread;
	for (int i = 0; i < 3; i++)
		started += !pthread_create(&thread, NULL, work, NULL);
}
END
cat >"$work/program.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern int started;
int main(void)
{
	for (int i = 0; i < 1000; i++)
		memset(malloc(50000), 1, 50000);
	printf("%d threads\n", started);
	return 0;
}
END
# shellcheck disable=SC2086 # the compiler may have options
{
	$compiler -D_GNU_SOURCE -O1 -shared -fPIC -pthread "$work/threads.c" -o "$work/libthreads.so" &&
		$compiler -O1 "$work/program.c" -o "$work/program" -L"$work" -lthreads -pthread "-Wl,-rpath,$work"
} 2>"$work/err" || { show "$work/err"; skip "no compiler for this"; }

# run PRELOADED…: the program has its threads, and the report its name.
run() {
	env LD_PRELOAD="$*" HUGETLB_MORECORE=yes HUGETLB_REPORT=2 "$work/program" >"$work/out" 2>"$work/err" ||
		{ show "$work/out" "$work/err"; fail "exit status $?"; }
	[ "$(cat "$work/out")" = "3 threads" ] || { show "$work/out"; fail "the library's threads"; }
	grep -q '^libhugetlbfs: program, process ' "$work/err" || { show "$work/err"; fail "the program's name"; }
}

is_huge() {
	local share
	share=$(sed -n 's/.*HUGETLB_MORECORE .* kB on huge pages, \([0-9]*\)\..*/\1/p' "$work/err")
	((${share:-0} >= 95)) || { show "$work/err"; fail "only ${share:-0} % of the heap are huge"; }
}

run "$work/libthreads.so" "$LIB"
is_huge
run "$LIB"
if ldd "$work/program" | grep -q libpthread; then
	[[ $(grep '^libhugetlbfs \[' "$work/err") == *"WARNING: heap: "*"(other threads are running already)"* ]] &&
		[ "$(grep -c '^libhugetlbfs \[' "$work/err")" = 1 ] || { show "$work/err"; fail "not one line"; }
else
	is_huge
fi
