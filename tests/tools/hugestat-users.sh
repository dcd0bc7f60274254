#!/bin/bash
# hugestat --users names who holds each page of the pool: nine processes, a fork, segments, files, another
# mount namespace and a cgroup, to the page; what is left over goes away by the command that is shown.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program python3
need_root
need_pages 40 2M
need_own_mounts

mount_point="$work/a mount"
mkdir "$mount_point"
mount -t hugetlbfs -o pagesize=2M libhugetlbfs-test "$mount_point" || skip "no hugetlbfs can be mounted"
at_end "umount '$mount_point'"

# A group of version 1, where the controller is not in use by version 2.
group=
if grep -q '^hugetlb' /proc/cgroups && ! grep -qw hugetlb /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
	mountpoint=$(awk '$3 == "cgroup" && $4 ~ /(^|,)hugetlb(,|$)/ { print $2; exit }' /proc/mounts)
	if [ -z "$mountpoint" ]; then
		mkdir "$work/cgroup"
		mount -t cgroup -o hugetlb libhugetlbfs-test "$work/cgroup" && mountpoint=$work/cgroup &&
			at_end "umount $work/cgroup"
	fi
	if [ -n "$mountpoint" ]; then
		group=/libhugetlbfs-test-$$/below
		mkdir -p "$mountpoint$group" || fail "no group"
		at_end "for i in {1..50}; do rmdir $mountpoint$group ${mountpoint}${group%/below} && break; sleep 0.1; done"
	fi
fi

start_holders() {
	local tries
	mkfifo "$work/wait"
	(
		[ -z "$group" ] || echo "$BASHPID" >"$mountpoint$group/cgroup.procs" || exit
		exec python3 "$tests/helpers/page-holders.py" "$mount_point" \
			${group:+"$mountpoint${group%/below}/cgroup.procs"} <"$work/wait" >"$work/holders" 2>"$work/err"
	) 9>&- &
	holders=$!
	exec 8>"$work/wait"
	at_end "exec 8>&-; wait $holders 2>/dev/null"
	for ((tries = 0; tries < 200; tries++)); do
		[ -s "$work/holders" ] && return
		kill -0 $holders 2>/dev/null || break
		sleep 0.1
	done
	show "$work/err"
	fail "the holders are not ready"
}

value_of() {
	python3 -c 'import json, sys; print(eval(sys.argv[2], {"held": json.load(open(sys.argv[1]))}))' \
		"$work/holders" "$1"
}

start_holders

# A page may be in the way from one holder to another while this is read: all agrees at one of some tries.
agrees() {
	"$hugestat" --users --json >"$work/json" || fail "exit status $?"
	python3 "$tests/helpers/hugestat-users.py" "$work/holders" "$work/json" $group >"$work/differences"
}
tries=0
until agrees; do
	((tries++ < 10)) || { show "$work/differences"; fail "figures differ"; }
	sleep 0.2
done

# For people: the same, in 80 columns, and the first five without --users.
"$hugestat" --users >"$work/out" || fail "exit status $?"
child=$(value_of 'held["pids"]["child"]')
grep -qE "^ +2048 kB +1 +0 +5  python3, pid $child, user root\$" "$work/out" || {
	show "$work/out"
	fail "the child of a fork has another row"
}
! grep -v "$work" "$work/out" | grep -E '^.{81}' || fail "more than 80 columns"
"$hugestat" | grep -A 8 '^Who holds huge pages' >"$work/five"
[ "$(grep -cE '^ +[0-9]+ kB .*(user|left over)' "$work/five")" = 5 ] && grep -qE '^  and [0-9]+ more \(hugestat --users\)$' \
	"$work/five" || { show "$work/five"; fail "not the first five"; }

# The commands free what is left over, and nothing else.
before=$(pool_value 2M free_hugepages)
sed -n 's/^  \(\(ipcrm\|rm\) .*\)  # .*/\1/p' "$work/out" >"$work/commands"
[ "$(grep -c . "$work/commands")" = 2 ] || { show "$work/out"; fail "not two commands"; }
sh -e "$work/commands" || fail "a command fails"
"$hugestat" --users >"$work/out"
! grep -q '^Left over' "$work/out" || { show "$work/out"; fail "something is left over still"; }
[ "$(pool_value 2M free_hugepages)" = $((before + 2)) ] || fail "the commands freed another number of pages"

# Who is not root sees that there are others.
if command -v setpriv >/dev/null; then
	chmod 711 "$work"
	cp "$hugestat" "$work/hugestat"
	setpriv --reuid 65534 --clear-groups "$work/hugestat" --users >"$work/out" || fail "exit status $?"
	hidden=$(cat /proc/[0-9]*/status 2>/dev/null | awk '/^HugetlbPages:/ && $2 { count++; kb += $2 }
		END { print count " processes that you may not read map " kb " kB of huge pages" }')
	grep -qx "  $hidden" "$work/out" || { show "$work/out"; fail "not: $hidden"; }
	! grep -q '^Left over' "$work/out" || fail "a file may be in use by a hidden process"
fi

# A file that is on its way from one process to another is nobody's.
if [ "$(pool_value 2M free_hugepages)" -ge 2 ]; then
	mkfifo "$work/end"
	python3 -c 'import array, mmap, os, socket, sys
memory = os.memfd_create("sent", os.MFD_HUGETLB | os.MFD_HUGE_2MB)
os.ftruncate(memory, 4 << 20)
with mmap.mmap(memory, 4 << 20) as pages:
    pages[0] = 1
ends = socket.socketpair()
ends[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [memory]))])
os.close(memory)
print("sent", flush=True)
sys.stdin.read()' <"$work/end" >"$work/sent" 2>"$work/err" 8>&- &
	sender=$!
	exec 7>"$work/end"
	at_end "exec 7>&-; wait $sender 2>/dev/null"
	until [ -s "$work/sent" ]; do
		kill -0 $sender 2>/dev/null || { show "$work/err"; fail "no file was sent"; }
		sleep 0.05
	done
	"$hugestat" --users >"$work/out"
	grep -qE '^ +2048 kB +1 +1 +nobody that can be named$' "$work/out" && "$hugestat" --users --json |
		python3 -c 'import json, sys
pool = [p for p in json.load(sys.stdin)["users"]["pools"] if p["page_kb"] == 2048][0]
sys.exit((pool["in_use"] - pool["in_use_held"], pool["reserved"] - pool["reserved_held"]) != (1, 1))' || {
		show "$work/out"
		fail "a page that nobody has is not named"
	}
fi
