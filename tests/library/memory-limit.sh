#!/bin/bash
# Where a cgroup's memory limit does not allow a copy, a page is not split and fork copies nothing, or
# only what is not zero: the process is not killed, nothing is lost, and one line says why.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_pages 60 2M
limit=$((24 << 20))
if [ -w /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
	own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
	group=/sys/fs/cgroup/memory$own/libhugetlbfs-test-$$
	file=memory.limit_in_bytes
else
	group=/sys/fs/cgroup/libhugetlbfs-test-$$
	file=memory.max
fi
mkdir "$group" 2>/dev/null || skip "no cgroup can be made"
at_end "rmdir $group"
[ -e "$group/$file" ] || skip "no memory limit can be set"
echo $limit >"$group/$file" || skip "no memory limit can be set"

# limited <command>
limited() {
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@" >"$work/out" 2>"$work/err"
}

limited env "LD_PRELOAD=$LIB" HUGETLB_MMAP=yes "$helpers/at-memory-limit" split ||
	{ show "$work/out" "$work/err"; fail "split: exit status $?"; }
done=$(cat "$work/out")
((done >= 1 && done <= 12)) || { show "$work/out" "$work/err"; fail "$done pages were split within the limit"; }
[ "$(grep -c "cannot be changed (its cgroup's memory limit)" "$work/err")" = 1 ] ||
	{ show "$work/err"; fail "not one line"; }

for setting in auto copy; do
	limited env "LD_PRELOAD=$LIB" HUGETLB_MMAP=yes HUGETLB_FORK=$setting HUGETLB_VERBOSE=0 \
		"$helpers/at-memory-limit" fork || { show "$work/out" "$work/err"; fail "fork: exit status $?"; }
	[ "$(cat "$work/out")" = forked ] || { show "$work/out"; fail "no fork"; }
done

# Without a limit all of it is split.
echo -1 >"$group/$file" 2>/dev/null || echo max >"$group/$file"
limited env "LD_PRELOAD=$LIB" HUGETLB_MMAP=yes "$helpers/at-memory-limit" split ||
	{ show "$work/out" "$work/err"; fail "no limit: exit status $?"; }
[ "$(cat "$work/out")" = 24 ] || { show "$work/out" "$work/err"; fail "no limit: not all were split"; }

# What is zero needs no memory: a child of a program that has written to little of it has its own.
set_pool 26
echo $limit >"$group/$file"
for setting in auto copy; do
	limited env "LD_PRELOAD=$LIB" HUGETLB_MMAP=yes HUGETLB_MMAP_LIMIT=64M \
		HUGETLB_FORK=$setting "$helpers/at-memory-limit" fork-sparse ||
		{ show "$work/out" "$work/err"; fail "sparse: exit status $?"; }
	[ -s "$work/err" ] && { show "$work/err"; fail "sparse: a line"; }
done
exit 0
