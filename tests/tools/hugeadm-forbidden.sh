#!/bin/bash
# hugeadm prints one line about the obstacle and who can remove it where it may not read or change
# something. As a user, with /sys and /proc read-only as in containers, without the directory of
# pools. The exit status is not 0 and no output is partial.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
need_program setpriv
[ -d $pool_2m ] || skip "needs pages of 2M"
root_hint=" (this needs root)"
read_only_hint=" (mounted read-only, as containers have it: only the host can change it)"
pages=$(($(cat $pool_2m/nr_hugepages) + 1))
cp "$hugeadm" "$work/hugeadm"
chmod 711 "$work"

# by_a_user <argument> ...: without any right
program=$hugeadm
by_a_user() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$work/hugeadm" "$@"
}

# changes_nothing <error and hint>
changes_nothing() {
	local error=$1 before
	before=$(cat $pool_2m/nr_hugepages $pool_2m/nr_overcommit_hugepages)
	refuses "can't write $pages to $pool_2m/nr_hugepages: $error" --pool-pages-min "2M:$pages"
	refuses "can't write $pages to $pool_2m/nr_hugepages: $error" --hard --pool-pages-min 2M:+1
	refuses "can't write 7777777 to $pool_2m/nr_overcommit_hugepages: $error" \
		--pool-pages-max "2M:$((pages - 1 + 7777777))"
	refuses "can't write 0 to /proc/sys/vm/hugetlb_shm_group: $error" --set-shm-group 0
	[ "$(cat $pool_2m/nr_hugepages $pool_2m/nr_overcommit_hugepages)" = "$before" ] ||
		fail "the pool has changed"
}

# The same directory is in the way of all page sizes.
no_mounts_for_a_user() {
	cover $mounts_base
	chmod 755 $mounts_base
	refuses "can't make the directory $mounts_base/pagesize-2MB: Permission denied$root_hint" \
		--create-mounts
}

without_pools() {
	local absent="can't read $pool_2m/nr_hugepages, which is not there"
	[ "$("$BUILD/bin/pagesize" -H | head -n 1)" = 2097152 ] || return
	mount -t tmpfs none /sys/kernel/mm/hugepages || fail "can't hide the pools"
	at_end "umount /sys/kernel/mm/hugepages"
	[ -n "$("$BUILD/bin/pagesize" -H)" ] || return
	fails_saying "$absent" --pool-list
	refuses "$absent" --pool-pages-min 2M:1
	refuses "$absent" --set-recommended-shmmax
	fails_saying "$absent" --explain
	! grep -q shmmax "$work/out" || fail "something is recommended for pools that were not read"
	refuses "$absent" --persist-pools=cmdline
	[ ! -s "$work/out" ] || { show "$work/out"; fail "half a command line"; }
	"$hugeadm" --json --pool-list --page-sizes-all --list-all-mounts --explain >"$work/out" \
		2>"$work/err" && fail "listings without pools succeed"
	# both listings of pools say so
	[ "$(uniq "$work/err")" = "hugeadm: $absent" ] || { show "$work/err"; fail "JSON: another line"; }
	! command -v python3 >/dev/null || python3 -m json.tool "$work/out" >/dev/null ||
		{ show "$work/out"; fail "no JSON where pools can't be read"; }
}

hugeadm=by_a_user
changes_nothing "Permission denied$root_hint"
no_mounts_for_a_user
hugeadm=$program
mount -o remount,ro,bind /sys || mount -o bind,ro /sys /sys || skip "/sys can't be made read-only"
mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys ||
	skip "/proc/sys can't be made read-only"
at_end "umount /proc/sys"
changes_nothing "Read-only file system$read_only_hint"
without_pools
