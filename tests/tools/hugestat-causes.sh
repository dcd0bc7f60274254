#!/bin/bash
# hugestat --check names the cause when huge pages do not work, and the command it prints repairs
# it. No pool, no mount, a cgroup limit, THP off, a broken configuration file, a chroot without
# /sys, an unprivileged user. All mounts are in a namespace of the test's own.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_own_mounts
[ -x "$BUILD/bin/hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program setpriv mount python3
if [ -z "${HUGESTAT_OWN_NAMESPACE-}" ]; then
	export HUGESTAT_OWN_NAMESPACE=yes
	shm_group=$(cat /proc/sys/vm/hugetlb_shm_group)
	directory=$(ls -d /var/lib/hugetlbfs 2>&1)
	# A child, not this shell: it cleans up after itself.
	"$helpers/own-mounts" "$0"
	status=$?
	[ "$(cat /proc/sys/vm/hugetlb_shm_group)" = "$shm_group" ] || fail "another hugetlb_shm_group"
	[ "$(ls -d /var/lib/hugetlbfs 2>&1)" = "$directory" ] || fail "/var/lib/hugetlbfs is left behind"
	exit $status
fi

thp=/sys/kernel/mm/transparent_hugepage
hugestat=$work/hugestat
chmod 755 "$work"
cp "$BUILD/bin/hugestat" "$hugestat"
as=()
check=--check

# Sets the fields of a finding: finding no-pool. Fails where there is none.
finding() {
	"${as[@]}" "$hugestat" --json "$check" >"$work/json"
	(($? <= 1)) || fail "exit status $?"
	python3 - "$work/json" "$1" >"$work/command" <<-'END'
		import json, sys
		for finding in json.load(open(sys.argv[1]))["findings"]:
		    if finding["name"] == sys.argv[2] and finding["problem"]:
		        print(finding["command"])
		        sys.exit(0)
		sys.exit(1)
	END
}

# The cause is there, --check fails and shows the same command; that is run, and the cause is gone.
expect_and_mend() {
	local status
	finding "$1" || { show "$work/json"; fail "$1 is not found"; }
	"${as[@]}" "$hugestat" "$check" >"$work/out"
	status=$?
	[ $status = 1 ] || fail "$1: --check ends with $status"
	grep -qF "[WRONG] $1: " "$work/out" || { show "$work/out"; fail "$1: not named"; }
	grep -qF "$(cat "$work/command")" "$work/out" || { show "$work/out"; fail "$1: no command"; }
	sh -c "$(cat "$work/command")" || { show "$work/command"; fail "$1: the command failed"; }
	! finding "$1" || { show "$work/json"; fail "$1: the command has not mended it"; }
}

no_pool() {
	set_pool 0
	expect_and_mend no-pool
	(($(pool_value 2M nr_hugepages) > 0)) || fail "no pool by the command"
	grep -q '"page_can_be_had": true' "$work/json" || { show "$work/json"; fail "no page"; }
}

pool_used_up() {
	set_pool 2
	mkfifo "$work/wait"
	"$helpers/page-kinds" hugetlb=2 <"$work/wait" >"$work/kinds" 9>&- &
	program=$!
	at_end "kill $program 2>/dev/null; wait $program 2>/dev/null"
	exec 8>"$work/wait"
	until grep -q ready "$work/kinds"; do sleep 0.05; done
	expect_and_mend pool-used-up
	exec 8>&-
	wait $program
}

# Over whatever is mounted lies nothing of hugetlbfs: the namespace's own copies go.
no_mount() {
	local path
	while read -r path; do
		umount "$path" || fail "umount $path"
	done < <(awk '$3 == "hugetlbfs" { print $2 }' /proc/self/mounts)
	[ -d /dev/hugepages ] || at_end "rmdir /dev/hugepages 2>/dev/null"
	at_end "umount /dev/hugepages 2>/dev/null"
	# a heap needs none: only who asks for mounts has a problem
	"$hugestat" --check=heap,shm >"$work/out" || { show "$work/out"; fail "no mount is the heap's problem"; }
	"$hugestat" --check >"$work/out" || { show "$work/out"; fail "no mount is a problem of who needs none"; }
	"$hugestat" --check=heap,mount >"$work/out" && fail "no mount is no problem of mounts"
	check=--check=mount
	expect_and_mend no-mount
	check=--check
	grep -q ' /dev/hugepages hugetlbfs ' /proc/self/mounts || fail "nothing mounted"
}

# A user who may not write to root's mount, and not have shared memory on huge pages.
unprivileged() {
	local group
	[ -e /var/lib/hugetlbfs ] || at_end "rmdir /var/lib/hugetlbfs 2>/dev/null"
	mkdir -p /var/lib/hugetlbfs && mount -t tmpfs none /var/lib/hugetlbfs || fail "no tmpfs"
	at_end "umount -R /var/lib/hugetlbfs 2>/dev/null"
	group=$(cat /proc/sys/vm/hugetlb_shm_group)
	at_end "echo $group >/proc/sys/vm/hugetlb_shm_group"
	echo 0 >/proc/sys/vm/hugetlb_shm_group
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all)
	"${as[@]}" "$hugestat" --check >"$work/out" || { show "$work/out"; fail "a user needs rights for a heap"; }
	check=--check=heap,shm,mount
	expect_and_mend mount-not-writable
	expect_and_mend shm-not-allowed
	"${as[@]}" "$hugestat" "$check" >"$work/out" || { show "$work/out"; fail "still wrong"; }
	check=--check
	as=()
}

thp_off() {
	local file before
	[ -e $thp/enabled ] || return 0
	for file in $thp/enabled $thp/hugepages-2048kB/enabled; do
		[ -e "$file" ] || continue
		before=$(sed 's/.*\[\(.*\)\].*/\1/' "$file")
		at_end "echo $before >$file"
		echo never >"$file"
		expect_and_mend thp-off
		echo "$before" >"$file"
	done
}

# In an /etc of the test's own, as are the other mounts here.
configuration() {
	local etc=$work/etc
	mkdir "$etc"
	cp -L /etc/passwd /etc/group "$etc/"
	[ ! -e /etc/ld.so.cache ] || cp /etc/ld.so.cache "$etc/"
	mount --bind "$etc" /etc || fail "no /etc"
	at_end "umount /etc 2>/dev/null"
	printf '%s\n' '[program=other]' 'MORECORE = yes' >/etc/libhugetlbfs.conf
	! finding config-line || fail "a good line is not understood"
	! finding config-ignored || fail "a good file does not count"
	echo 'MORECOER = yes' >>/etc/libhugetlbfs.conf
	expect_and_mend config-line
	chmod 666 /etc/libhugetlbfs.conf
	expect_and_mend config-ignored
	chown 65533 /etc/libhugetlbfs.conf
	expect_and_mend config-ignored
	printf 'MORECORE\0=yes' >/etc/libhugetlbfs.conf
	expect_and_mend config-ignored
	umount /etc
}

cgroup_limit() {
	local mountpoint group limit
	mountpoint=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	if [ -n "$mountpoint" ] && grep -qw hugetlb "$mountpoint/cgroup.controllers"; then
		if ! grep -qw hugetlb "$mountpoint/cgroup.subtree_control"; then
			echo +hugetlb >"$mountpoint/cgroup.subtree_control" || return 1
			at_end "echo -hugetlb >$mountpoint/cgroup.subtree_control"
		fi
		limit=hugetlb.2MB.max
	elif grep -q '^hugetlb' /proc/cgroups; then
		mountpoint=$(awk '$3 == "cgroup" && $4 ~ /(^|,)hugetlb(,|$)/ { print $2; exit }' /proc/mounts)
		if [ -z "$mountpoint" ]; then
			mountpoint=$work/cgroup
			mkdir "$mountpoint"
			mount -t cgroup -o hugetlb none "$mountpoint" || return 1
			at_end "umount $mountpoint"
		fi
		limit=hugetlb.2MB.limit_in_bytes
	else
		return 1
	fi
	group=$mountpoint/libhugetlbfs-test-$$
	mkdir "$group" || fail "mkdir $group"
	at_end "for i in {1..50}; do rmdir $group && break; sleep 0.1; done"
	echo 0 >"$group/$limit" || fail "no limit"
	# Only what runs in the group is limited; the command is run from outside.
	# shellcheck disable=SC2016
	as=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group")
	expect_and_mend cgroup-limit
	echo $((2 << 20)) >"$group/$limit"
	"${as[@]}" "$hugestat" >"$work/out"
	grep -q '^  \[note\]  cgroup-limit: the cgroup allows 2048 kB' "$work/out" ||
		{ show "$work/out"; fail "a limit that leaves room is not told"; }
	"${as[@]}" "$hugestat" --check >"$work/out" || { show "$work/out"; fail "a note is no problem"; }
	as=()
}

# The commands are run in the chroot as well, which has what they need.
chroot_without_sys() {
	local root=$work/root file library
	mkdir -p "$root/bin" "$root/tmp"
	for file in "$hugestat" /bin/sh "$(command -v mount)" "$(command -v mkdir)"; do
		cp -L "$file" "$root/bin/"
		for library in $(ldd "$file" | grep -oE '/[^ ]+'); do
			mkdir -p "$root/$(dirname "$library")"
			cp -Lu "$library" "$root/$library"
		done
	done
	at_end "umount $root/sys $root/proc 2>/dev/null"
	as=(chroot "$root" /bin/hugestat)
	for cause in no-proc no-sys; do
		"${as[@]}" --check >"$work/out" && fail "$cause: --check succeeds"
		grep -qF "[WRONG] $cause: " "$work/out" || { show "$work/out"; fail "no $cause"; }
		grep -A 4 -F "[WRONG] $cause: " "$work/out" | sed -n 's/^ *as root: //p' | head -n 1 >"$work/command"
		chroot "$root" /bin/sh -c "$(cat "$work/command")" || fail "$cause: the command failed"
		"${as[@]}" --check >"$work/out"
		! grep -qF "[WRONG] $cause: " "$work/out" || { show "$work/out"; fail "$cause stays"; }
	done
	"${as[@]}" >"$work/out"
	grep -qE '^  2048 kB \(default\) +[0-9]+ ' "$work/out" || { show "$work/out"; fail "no pool seen"; }
	as=()
}

# prctl(PR_SET_THP_DISABLE) turns transparent huge pages off for a process and its children. Linux
# 6.18 has a form of it that does not concern what madvise() asks for: nothing is wrong then.
thp_off_for_process() {
	local program='import ctypes, os, sys
if ctypes.CDLL(None).prctl(41, 1, int(sys.argv[1]), 0, 0):
    sys.exit(77)
os.execv(sys.argv[2], sys.argv[2:])'
	python3 -c 'import ctypes' 2>/dev/null || return
	python3 -c "$program" 0 "$hugestat" --check >"$work/out"
	grep -qF "[WRONG] thp-off-for-process: " "$work/out" ||
		{ show "$work/out"; fail "no thp-off-for-process"; }
	python3 -c "$program" 2 "$hugestat" --check >"$work/out"
	case $? in
	0 | 77) [ ! -s "$work/out" ] && return ;;
	esac
	show "$work/out"
	fail "except for advised memory: --check has something to say"
}

pool_used_up
no_pool
no_mount
"$hugestat" --check >"$work/out" || { show "$work/out"; fail "something is wrong still"; }
[ ! -s "$work/out" ] || fail "--check has something to say"
unprivileged
thp_off
thp_off_for_process
configuration
chroot_without_sys
cgroup_limit || skip "no hugetlb cgroup can be had; the other causes are found and mended"
