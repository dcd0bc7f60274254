#!/bin/bash
# Without randomization the break begins where the program ends, with HUGETLB_MORECORE=auto as without the
# library: Lisp systems that save their memory depend on it.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program gcc setarch
cat >"$work/program.c" <<'E2'
#include <stdio.h>
#include <unistd.h>
extern char end;
int main(void)
{
	const long gap = (char *)sbrk(0) - &end;

	return printf("%ld\n", gap) < 0;
}
E2
for how in -pie -no-pie; do
	gcc "$how" -fPIE -o "$work/program" "$work/program.c" || fail "gcc $how"
	setarch -R "$work/program" >"$work/plain" || skip "randomization cannot be switched off"
	setarch -R env LD_PRELOAD="$LIB" HUGETLB_MORECORE=auto "$work/program" >"$work/auto" || fail "$how: it failed"
	cmp "$work/plain" "$work/auto" || { show "$work/plain" "$work/auto"; fail "$how: the break is elsewhere"; }
done
