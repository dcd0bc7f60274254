#!/bin/bash
# A program linked with musl runs as before, with at most one line.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program musl-gcc
cat >"$work/program.c" <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>

	int main(void)
	{
		for (int i = 0; i < 1000; i++)
			memset(malloc(10000), 1, 10000);
		puts("done");
		return 3;
	}
END
musl-gcc -o "$work/program" "$work/program.c" || fail "musl-gcc"
preloaded HUGETLB_MORECORE=yes "$work/program" >"$work/out" 2>"$work/err"
status=$?
[ $status = 3 ] || { show "$work/err"; fail "exit status $status"; }
[ "$(cat "$work/out")" = done ] || fail "another output"
(($(wc -l <"$work/err") <= 1)) || { show "$work/err"; fail "more than one line"; }
# Without a variable it says nothing at all.
preloaded "$work/program" >"$work/out" 2>"$work/err"
[ ! -s "$work/err" ] || { show "$work/err"; fail "not silent when idle"; }
