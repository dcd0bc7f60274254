#!/bin/bash
# Libraries load, run and unload when any one of the library's system calls fails, and leave nothing
# behind.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/dlopen.sh"

need_pages 20 2M
make_library "$work/libfirst.so" 1
source=big-data make_library "$work/libsecond.so" 2
before=$(pool_value 2M free_hugepages)

run() {
	env MAY_KEEP_PAGES=yes LD_PRELOAD="$BUILD/tests/libhugetlbfs-faults.so" HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_OBJECTS=all \
		"$@" "$helpers/dlopen-libraries" 2 \
		"$work/libfirst.so" "$work/libsecond.so" >"$work/out" 2>"$work/err" 3>"$work/count" ||
		{ show "$work/out" "$work/err"; fail "exit status $?: $*"; }
	[ "$(cat "$work/out")" = "done" ] || { show "$work/out"; fail "another output: $*"; }
	! grep -qv '^libhugetlbfs' "$work/err" || { show "$work/err"; fail "$*: a line not of ours"; }
	(($(wc -l <"$work/err") <= 1)) || { show "$work/err"; fail "$*: more than one line"; }
	[ "$(pool_value 2M free_hugepages)" = "$before" ] || fail "pages did not go back: $*"
}

run FAULT_COUNT_FD=3
calls=$(cat "$work/count")
((calls > 50)) || fail "only $calls calls"
for ((n = 1; n <= calls; n++)); do
	run FAULT_CALL=$n
done
for ((n = 1; n <= calls; n += 7)); do
	run FAULT_FROM=$n
	run FAULT_FROM=$n FAULT_ERRNO=1
done
