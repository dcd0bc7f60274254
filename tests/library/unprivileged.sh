#!/bin/bash
# A user other than root takes pages from the pool, without a mount, a right to lock memory, or a
# group. So does root of a user namespace, as in rootless containers. Only shared memory needs the
# group.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 150 2M
as_nobody=()
if [ "$(id -u)" = 0 ]; then
	need_program setpriv
	as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
# What lies in a directory of root's can't be loaded by others.
chmod 755 "$work"
install -m 755 "$LIB" "$cases"/{small-blocks,threads,fork} "$helpers/shm" "$work" || fail "no copies"
library=$work/$(basename "$LIB")

# nobody SETTING… PROGRAM…, without the right to lock any memory
nobody() {
	"${as_nobody[@]}" bash -c 'ulimit -l 0 && exec "$@"' - env LD_PRELOAD="$library" "$@" \
		>"$work/out" 2>"$work/err"
}

heap_is_on_huge_pages() {
	nobody HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.99 "$work/small-blocks" ||
		{ show "$work/err"; fail "small-blocks: exit status $?"; }
	no_lines_of_ours "$work/err"
	nobody HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.95 "$work/threads" 4 ||
		{ show "$work/err"; fail "threads: exit status $?"; }
	no_lines_of_ours "$work/err"
}

# One namespace of each kind that a container has, entered by nobody.
namespaces_are_no_obstacle() {
	local namespaces=(unshare --user --map-root-user --mount --pid --fork --mount-proc --ipc --net --uts)
	command -v unshare >/dev/null && "${as_nobody[@]}" "${namespaces[@]}" true 2>/dev/null || return 0
	"${as_nobody[@]}" "${namespaces[@]}" env LD_PRELOAD="$library" HUGETLB_MORECORE=yes EXPECT_HUGETLB=0.99 \
		HUGETLB_REPORT=2 "$work/small-blocks" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "user namespace: exit status $?"; }
	grep -q "^  heap (main) .* 100.0 %" "$work/err" || { show "$work/err"; fail "user namespace: another report"; }
	! "${as_nobody[@]}" "${namespaces[@]}" mount -t hugetlbfs none "$work" 2>/dev/null ||
		fail "a user namespace may mount hugetlbfs: HOWTO says it may not"
	# Root of a namespace is no root to shared memory.
	"${as_nobody[@]}" "${namespaces[@]}" env LD_PRELOAD="$library" HUGETLB_SHM=yes "$work/shm" new 5000 \
		>"$work/out" 2>"$work/err" || { show "$work/err"; fail "shm in a user namespace: exit status $?"; }
	shm_is_refused "root of a user namespace"
}

shm_is_refused() {
	grep -q "segment of 5000, pages of 4 kB" "$work/out" || { show "$work/out"; fail "$1: another segment"; }
	grep -q "it needs CAP_IPC_LOCK, or the group in /proc/sys/vm/hugetlb_shm_group (EPERM)" "$work/err" ||
		{ show "$work/err"; fail "$1: no line says what it takes"; }
}

shared_memory_takes_the_group() {
	local group=/proc/sys/vm/hugetlb_shm_group before
	[ -w $group ] || return 0
	before=$(cat $group)
	at_end "echo $before >$group"
	echo 0 >$group
	nobody HUGETLB_SHM=yes "$work/shm" new 5000 || { show "$work/err"; fail "shm: exit status $?"; }
	shm_is_refused "without the group"
	namespaces_are_no_obstacle
	echo 65534 >$group
	nobody HUGETLB_SHM=yes "$work/shm" new 5000 || { show "$work/err"; fail "shm: exit status $?"; }
	grep -q "segment of 2097152, pages of 2048 kB" "$work/out" || { show "$work/out"; fail "the group does not help"; }
	no_lines_of_ours "$work/err"
}

# A mount with an owner and a quota: its files are the owner's, the rest of the heap goes elsewhere.
mount_with_a_quota() {
	[ "$(id -u)" = 0 ] && command -v mount >/dev/null || return 0
	mkdir "$work/huge" || fail "mkdir"
	mount -t hugetlbfs -o pagesize=2M,size=40M,uid=65534,mode=0700 none "$work/huge" || return 0
	at_end "umount $work/huge"
	nobody HUGETLB_MORECORE=yes HUGETLB_PATH="$work/huge" HUGETLB_REPORT=2 "$work/small-blocks" 100 ||
		{ show "$work/err"; fail "quota: exit status $?"; }
	grep -q "^  heap (main)  *[0-9]*  *40960 " "$work/err" || { show "$work/err"; fail "not 40M of the quota"; }
	[ -z "$(ls -A "$work/huge")" ] || fail "a file is left on the mount"
}

heap_is_on_huge_pages
shared_memory_takes_the_group
mount_with_a_quota
