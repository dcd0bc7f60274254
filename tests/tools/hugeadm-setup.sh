#!/bin/bash
# hugeadm --setup: questions and answers, what is set now and at the next boot, what --dry-run prints;
# the same under the name of the original's helper. In mounts of its own, with a pool that is a
# directory of files: neither the machine nor its users are changed.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
[ -d $pool_2m ] || skip "needs pages of 2M"
[ "$(awk '/^Hugepagesize:/ { print $2 }' /proc/meminfo)" = 2048 ] || skip "the default size is not 2M"
mkdir "$work/pool" "$work/bin"
for file in nr_hugepages free_hugepages resv_hugepages nr_overcommit_hugepages surplus_hugepages; do
	echo 0 >"$work/pool/$file"
done
mount --bind "$work/pool" $pool_2m || skip "no directory can be mounted over /sys"
at_end "umount $pool_2m"
cover /etc/sysctl.d
cover /etc/security/limits.d
cover /etc/systemd/system
with_systemd
echo 0 >"$work/shm_group"
mount --bind "$work/shm_group" /proc/sys/vm/hugetlb_shm_group || skip "nothing can be mounted over /proc/sys"
at_end "umount /proc/sys/vm/hugetlb_shm_group"
for file in passwd group; do
	grep -v '^hugepages:\|^alice:\|^bob:' /etc/$file >"$work/$file"
	mount --bind "$work/$file" /etc/$file || skip "nothing can be mounted over /etc/$file"
	at_end "umount /etc/$file"
done
printf 'alice:x:4321:4321::/:/bin/false\nbob:x:4322:4322::/:/bin/false\n' >>/etc/passwd
# stand in for the system's, which rename files
cat >"$work/bin/groupadd" <<-'END'
	#!/bin/sh
	echo "groupadd $*" >>"$LOG"
	echo 'hugepages:x:4711:' >>/etc/group
END
cat >"$work/bin/usermod" <<-'END'
	#!/bin/sh
	echo "usermod $*" >>"$LOG"
END
chmod +x "$work/bin/"*
export LOG=$work/log PATH=$work/bin:$PATH

# answered <line> ... -- <argument> ...: exit status; out and err are left
answered() {
	local answers=()
	while [ "$1" != -- ]; do
		answers+=("$1")
		shift
	done
	shift
	: >"$LOG"
	# a file, unlike the kernel's, keeps the end of a longer number
	echo "${pool_before_setup-0}" >$pool_2m/nr_hugepages
	echo 0 >$pool_2m/nr_overcommit_hugepages
	printf '%s\n' "${answers[@]}" | "$hugeadm" "$@" >"$work/out" 2>"$work/err"
}

asks_again() {
	grep -q "^hugeadm: $1" "$work/err" || { show "$work/err"; fail "no line: $1"; }
}

sets_the_pool() {
	answered 64 "" -- --setup || { show "$work/err"; fail "exit status $?"; }
	grep -q 'Huge page size  *2M' "$work/err" || { show "$work/err"; fail "the machine is not shown"; }
	pool_is 32 32
	grep -qx 'vm.nr_hugepages = 32' /etc/sysctl.d/60-hugeadm-pools.conf || fail "not at the next boot"
	[ ! -e /etc/sysctl.d/60-hugeadm-setup.conf ] && [ ! -e /etc/security/limits.d/60-hugeadm-setup.conf ] &&
		[ ! -s "$LOG" ] || fail "something is done for users, and none was named"
	holds 0 /proc/sys/vm/hugetlb_shm_group
	answered 1G "" -- --setup || { show "$work/err"; fail "exit status $?"; }
	pool_is 512 512
	answered 33M "" -- --setup || { show "$work/err"; fail "exit status $?"; }
	pool_is 17 17
}

sets_up_users() {
	answered 100MB "alice, bob root" -- --setup || { show "$work/err"; fail "exit status $?"; }
	pool_is 50 50
	printf '%s\n' "groupadd --system hugepages" "usermod --append --groups hugepages alice" \
		"usermod --append --groups hugepages bob" | diff - "$LOG" || fail "other commands"
	holds 4711 /proc/sys/vm/hugetlb_shm_group
	printf '%s\n' "# Written by hugeadm --setup" "@hugepages soft memlock 102400" \
		"@hugepages hard memlock 102400" | diff - /etc/security/limits.d/60-hugeadm-setup.conf ||
		fail "other limits"
	grep -qx 'vm.hugetlb_shm_group = 4711' /etc/sysctl.d/60-hugeadm-setup.conf ||
		fail "the group is lost at the next boot"
	# again: who is in the group stays
	sed -i 's/^hugepages:.*/hugepages:x:4711:alice,bob/' "$work/group"
	cat "$work/group" >/etc/group
	answered 100MB "alice" -- --setup || fail "again: exit status $?"
	[ ! -s "$LOG" ] || { show "$LOG"; fail "a group and a member are made again"; }
}

asks_until_it_knows() {
	answered much 999999G 64 "alice nobody-here" bob -- --setup || { show "$work/err"; fail "exit status $?"; }
	asks_again '"much" is not an amount of memory, such as 512 or 2G'
	asks_again '999999G leaves too little of the machine'
	asks_again 'there is no user nobody-here'
	pool_is 32 32
	pool_before_setup=7
	answered 64 -- --setup && fail "half of the answers are enough"
	unset pool_before_setup
	asks_again '--setup: no answer: nothing is changed'
	holds 7 $pool_2m/nr_hugepages
}

# The commands make the same state.
dry_run_does_the_same() {
	rm -f /etc/sysctl.d/* /etc/security/limits.d/*
	grep -v '^hugepages:' "$work/group" >"$work/new"
	cat "$work/new" >/etc/group
	echo 0 >/proc/sys/vm/hugetlb_shm_group
	answered 20 alice -- --setup --dry-run || { show "$work/err"; fail "--dry-run: exit status $?"; }
	holds 0 $pool_2m/nr_hugepages
	[ ! -s "$LOG" ] && [ -z "$(ls -A /etc/sysctl.d)" ] || fail "the dry run changes something"
	sh -eu "$work/out" || { show "$work/out"; fail "the dry run's commands fail"; }
	pool_is 10 10
	holds 4711 /proc/sys/vm/hugetlb_shm_group
	grep -qx 'vm.hugetlb_shm_group = 4711' /etc/sysctl.d/60-hugeadm-setup.conf ||
		{ show /etc/sysctl.d/60-hugeadm-setup.conf; fail "the dry run loses the group"; }
	grep -qx '@hugepages hard memlock 20480' /etc/security/limits.d/60-hugeadm-setup.conf ||
		fail "the dry run sets other limits"
}

# As scripts call the original's helper.
under_the_old_name() {
	ln -s "$hugeadm" "$work/bin/huge_page_setup_helper.py"
	echo 0 >$pool_2m/nr_hugepages
	printf '12\n\n' | huge_page_setup_helper.py >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "huge_page_setup_helper.py: exit status $?"; }
	pool_is 6 6
}

refuses_others() {
	refuses "--setup goes with --dry-run and --verbose only" --setup --pool-list
	need_program setpriv
	setpriv --reuid 65534 --clear-groups "$hugeadm" --setup </dev/null 2>"$work/err" && fail "a user may"
	says "hugeadm: --setup needs root (--dry-run shows what it would do)"
}

sets_the_pool
sets_up_users
asks_until_it_knows
dry_run_does_the_same
under_the_old_name
refuses_others
