#!/bin/bash
# While MPI is loaded, no part of a huge page is changed, because nothing stops other processes that write by
# process_vm_writev: no byte of theirs is lost, and one line says why a call fails.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 60 2M
line="cannot be changed (MPI is loaded: other processes may write to it)"
echo 'int a_symbol;' >"$work/mpi.c"
for name in libmpi.so.40 libmpir.so.23; do
	$CC -shared -fPIC "$work/mpi.c" -Wl,-soname,$name -o "$work/$name" || fail "no library"
done

# run <library> <settings and program> ...: leaves what was printed in $done
run() {
	local library=$work/$1 status
	shift
	env "LD_PRELOAD=$LIB $library" HUGETLB_MORECORE=yes "$@" >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 77 ] && skip "$(cat "$work/out")"
	[ $status = 0 ] || { show "$work/out" "$work/err"; fail "$*: exit status $status"; }
	done=$(cat "$work/out")
}

refused() {
	run "$@"
	[ "$done" = 0 ] || fail "$*: $done pages were split"
	[ "$(grep -cF "$line" "$work/err")" = 1 ] || { show "$work/err"; fail "$*: not one line"; }
}

for size in '' large; do
	refused libmpi.so.40 HUGETLB_EXACT=default,alone "$helpers/remote-writes" $size
	refused libmpi.so.40 HUGETLB_EXACT=default,ptrace "$helpers/remote-writes" threads $size
	refused libmpi.so.40 HUGETLB_EXACT=default "$helpers/remote-writes" threads $size
done

# Linked into the program, which is started by one of MPI's launchers and writes to others itself.
for rank in OMPI_COMM_WORLD_RANK PMI_RANK PMIX_RANK; do
	refused libmpir.so.23 $rank=0 HUGETLB_EXACT=default,ptrace "$helpers/remote-writes" threads
done
run libmpir.so.23 PMI_RANK=0 HUGETLB_EXACT=default "$cases/own-stack-in-split-page" threads

# Loaded by the program while its threads run.
refused libmpir.so.23 HUGETLB_EXACT=default "$helpers/remote-writes" threads "$work/libmpi.so.40"

# Pages of which no part can be changed exactly are not used at all.
run libmpi.so.40 HUGETLB_EXACT=strict HUGETLB_VERBOSE=0 "$helpers/remote-writes" threads
[ "$done" = 24 ] || fail "strict: $done calls succeeded"

# A name that only resembles one of them is none.
run libmpir.so.23 HUGETLB_EXACT=default,ptrace "$cases/own-stack-in-split-page" threads
run libmpir.so.23 HUGETLB_EXACT=default "$cases/own-stack-in-split-page" threads
exit 0
