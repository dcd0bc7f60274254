#!/bin/bash
# A statically linked program runs as before with the library preloaded.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

echo 'int main(void) { return 3; }' | "${CC:-cc}" -static -x c - -o "$work/program" 2>/dev/null ||
	skip "needs a static libc"
preloaded HUGETLB_MORECORE=yes "$work/program" >"$work/out" 2>&1
status=$?
[ $status = 3 ] || fail "exit status $status"
[ ! -s "$work/out" ] || fail "there is output"
