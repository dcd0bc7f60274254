#!/bin/bash
# A name that a killed process left on a mount is empty and removed by the next one; other files stay.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_program strace
need_pages 30 2M
mount=$work/mount
mkdir "$mount"
mount -t hugetlbfs -o pagesize=2M none "$mount" || skip "no hugetlbfs can be mounted"
at_end "umount $mount"

# Killed right when it would unlink its file.
strace -o /dev/null -E "LD_PRELOAD=$LIB" -E HUGETLB_MORECORE=yes -E "HUGETLB_PATH=$mount" \
	-e inject=unlink,unlinkat:signal=SIGKILL -e trace=unlink,unlinkat \
	"$cases/small-blocks" 10 >"$work/out" 2>&1
ls "$mount" >"$work/left"
[ "$(wc -l <"$work/left")" -le 1 ] || { show "$work/left"; fail "more than one name"; }
[ -s "$work/left" ] || : >"$mount/libhugetlbfs.tmp.123456"

: >"$mount/libhugetlbfs.tmp.other"
chown 65534 "$mount/libhugetlbfs.tmp.other"
: >"$mount/program"
: >"$mount/libhugetlbfs.tmp.full"
truncate -s 2M "$mount/libhugetlbfs.tmp.full"
preloaded HUGETLB_MORECORE=yes "HUGETLB_PATH=$mount" "$cases/small-blocks" 10 >"$work/out" 2>&1 ||
	{ show "$work/out"; fail "exit status $?"; }
[ "$(cd "$mount" && echo *)" = "libhugetlbfs.tmp.full libhugetlbfs.tmp.other program" ] ||
	{ ls -l "$mount"; fail "not what should be there"; }

# Killed at any moment: at most empty names stay, which the next process removes, and no page.
rm "$mount"/*
for ((i = 0; i < 150; i++)); do
	env "LD_PRELOAD=$LIB" HUGETLB_MORECORE=yes HUGETLB_ELFMAP=RW HUGETLB_VERBOSE=0 "HUGETLB_PATH=$mount" \
		"$cases/small-blocks" 10 >"$work/out" 2>&1 &
	sleep "0.00$((RANDOM % 10))$((RANDOM % 10))"
	kill -KILL $!
	wait $! 2>/dev/null
	[ -z "$(find "$mount" -type f -size +0)" ] || { ls -l "$mount"; fail "a name with memory is left"; }
done
preloaded HUGETLB_MORECORE=yes "HUGETLB_PATH=$mount" "$cases/small-blocks" 10 >"$work/out" 2>&1 ||
	{ show "$work/out"; fail "exit status $?"; }
[ -z "$(ls "$mount")" ] || { ls -l "$mount"; fail "names are left"; }
exit 0
