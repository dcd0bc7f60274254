#!/bin/bash
# hugeadm --persist-pools writes files and command lines that restore the present pools.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
need_program sysctl
[ "$(awk '/^Hugepagesize:/ { print $2 }' /proc/meminfo)" = 2048 ] || skip "2M is not the default"
[ "$(echo /sys/devices/system/node/node[0-9]*)" = /sys/devices/system/node/node0 ] ||
	skip "needs a machine with one node; the others are tried in virtual machines"
units=/etc/systemd/system
unit=$units/hugeadm-pools-node0.service
wants=$units/sysinit.target.wants
settings=/etc/sysctl.d/60-hugeadm-pools.conf
set_pool 12
keep_file $pool_2m/nr_overcommit_hugepages
echo 5 >$pool_2m/nr_overcommit_hugepages
cover /etc/sysctl.d
cover $units
with_systemd
pages_1g=$(cat $pool_1g/nr_hugepages 2>/dev/null || echo 0)

# The lines of a unit that fill pools are commands of sh.
run_unit() {
	sh -eu "$work/unit" || fail "the unit's commands fail"
}

writes_files() {
	succeeds --persist-pools
	echo 0 >$pool_2m/nr_hugepages
	echo 0 >$pool_2m/nr_overcommit_hugepages
	sysctl -q -p $settings || fail "sysctl does not take $settings"
	pool_is 12 17
	if ((pages_1g)); then
		[ "$(readlink $wants/${unit##*/})" = $unit ] || fail "the unit is not wanted"
		at_end "write_pool $pages_1g 1G"
		sed -n 's/^ExecStart=//p' $unit >"$work/unit"
		fills_1g 0 "$pages_1g" run_unit
		command -v systemd-analyze >/dev/null && {
			systemd-analyze verify $unit >"$work/verify" 2>&1
			! grep "${unit##*/}:.*[Uu]nknown" "$work/verify" || fail "systemd does not know it"
		}
	else
		[ ! -e $unit ] || fail "a unit without work"
	fi
}

# What is no longer needed goes; other people's files stay.
deletes_what_is_old() {
	((pages_1g)) || return
	echo mine >$units/other.service
	echo 0 >$pool_1g/nr_hugepages
	succeeds --persist-pools=systemd
	[ ! -e $unit ] && [ ! -L $wants/${unit##*/} ] || fail "a unit without pages stays"
	holds mine $units/other.service
	write_pool "$pages_1g" 1G || skip "the kernel does not give pages of 1G back"
}

dry_run_writes_nothing() {
	succeeds --persist-pools --dry-run
	cp "$work/out" "$work/commands"
	succeeds --persist-pools
	(cd /etc && cat sysctl.d/* systemd/system/*.service 2>/dev/null) >"$work/files"
	rm -rf /etc/sysctl.d/* ${units:?}/*
	succeeds --persist-pools --dry-run
	[ -z "$(ls /etc/sysctl.d $units | grep hugeadm)" ] || fail "the dry run writes"
	sh -eu "$work/out" || fail "the dry run's commands fail"
	(cd /etc && cat sysctl.d/* systemd/system/*.service 2>/dev/null) >"$work/files2"
	! grep -q mine "$work/files" || sed -i /mine/d "$work/files"
	cmp "$work/files" "$work/files2" || fail "the dry run's commands write other files"
}

prints_the_command_line() {
	local expected="default_hugepagesz=2M hugepagesz=2M hugepages=12"
	((pages_1g)) && expected+=" hugepagesz=1G hugepages=$pages_1g"
	# the rest is printed, and the exit status says that it is not all
	"$hugeadm" --persist-pools cmdline >"$work/out" 2>"$work/err" && fail "all of it is said"
	says "hugeadm: the kernel command line cannot say that 5 pages of 2M may be overcommitted"
	holds "$expected" "$work/out"
	echo 0 >$pool_2m/nr_overcommit_hugepages
	succeeds --persist-pools=cmdline
	holds "$expected" "$work/out"
	refuses "--persist-pools: grub is none of systemd, cmdline" --persist-pools=grub
}

writes_files
deletes_what_is_old
dry_run_writes_nothing
prints_the_command_line
