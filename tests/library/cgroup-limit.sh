#!/bin/bash
# A 200M heap in a hugetlb cgroup with a 20M limit keeps its data and gets no signal.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_pages 150 2M
group=
cgroup2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
if [ -n "$cgroup2" ] && grep -qw hugetlb "$cgroup2/cgroup.controllers"; then
	if ! grep -qw hugetlb "$cgroup2/cgroup.subtree_control"; then
		echo +hugetlb >"$cgroup2/cgroup.subtree_control" || skip "hugetlb can't be delegated"
		at_end "echo -hugetlb >$cgroup2/cgroup.subtree_control"
	fi
	group=$cgroup2/libhugetlbfs-test-$$
	limit=hugetlb.2MB.max
elif grep -q '^hugetlb' /proc/cgroups; then
	mountpoint=$(awk '$3 == "cgroup" && $4 ~ /(^|,)hugetlb(,|$)/ { print $2; exit }' /proc/mounts)
	if [ -z "$mountpoint" ]; then
		mountpoint=$work/cgroup
		mkdir "$mountpoint"
		mount -t cgroup -o hugetlb none "$mountpoint" || skip "the hugetlb cgroup can't be mounted"
		at_end "umount $mountpoint"
	fi
	group=$mountpoint/libhugetlbfs-test-$$
	limit=hugetlb.2MB.limit_in_bytes
fi
[ -n "$group" ] || skip "this kernel has no hugetlb cgroup"
mkdir "$group" || fail "mkdir $group"
# A process that has just ended may still be in the group.
at_end "for i in {1..50}; do rmdir $group && break; sleep 0.1; done"
echo $((20 << 20)) >"$group/$limit" || fail "no limit"

limited() {
	(echo "$BASHPID" >"$group/cgroup.procs" && exec env LD_PRELOAD="$LIB" HUGETLB_MORECORE=yes "$@")
}
limited "$cases/small-blocks" 200 2>"$work/err" || fail "200M of small blocks: exit status $?"
limited "$cases/large-in-threads" 2>>"$work/err" || fail "large blocks: exit status $?"
limited "$cases/threads" 8 2>>"$work/err" || fail "threads: exit status $?"
limited "$cases/fork" both-write 2>>"$work/err" || fail "fork: exit status $?"
limited EXPECT_HUGETLB=0.05 "$cases/small-blocks" 200 2>>"$work/err" ||
	fail "the 20M that the group may have are not used"

# Text and data of 18M and a heap do not fit, either; with a child that writes to all of it.
for backing in hugetlb auto; do
	limited HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=$backing "$cases/segments-probe" fork quiet \
		2>>"$work/err" || { show "$work/err"; fail "text and data: exit status $?"; }
done

# Since Linux 5.7 a group can also be limited in what it reserves: there it is mmap that fails.
for reserved in "$group/hugetlb.2MB.rsvd.max" "$group/hugetlb.2MB.rsvd.limit_in_bytes"; do
	[ -e "$reserved" ] || continue
	echo $((1 << 30)) >"$group/$limit"
	echo $((20 << 20)) >"$reserved" || fail "no limit of reservations"
	limited HUGETLB_VERBOSE=0 "$cases/threads" 8 2>>"$work/err" || fail "reservations, threads: exit status $?"
	limited EXPECT_HUGETLB=0.05 "$cases/small-blocks" 200 2>>"$work/err" ||
		fail "the 20M that the group may reserve are not used"
done
