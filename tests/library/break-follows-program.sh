#!/bin/bash
# Without randomization the break begins where the program ends, with HUGETLB_MORECORE=auto as without the
# library, and in programs that are not PIE with every setting: Lisp systems that save their memory depend on
# it.
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
	for pages in auto thp yes; do
		[ $how = -no-pie ] || [ $pages = auto ] || continue
		setarch -R env LD_PRELOAD="$LIB" HUGETLB_MORECORE=$pages HUGETLB_VERBOSE=1 "$work/program" \
			>"$work/ours" || fail "$how, $pages: it failed"
		cmp "$work/plain" "$work/ours" ||
			{ show "$work/plain" "$work/ours"; fail "$how, $pages: the break is elsewhere"; }
	done
done
