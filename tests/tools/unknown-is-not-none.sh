#!/bin/bash
# Without /sys or files of /proc the tools say that something is unknown, and never that it is 0 or not
# there.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
pagesize=$BUILD/bin/pagesize

# says_unknown <line> <tool> <argument> ...: exit status 1, and that line on stderr
says_unknown() {
	local line=$1
	shift
	"$@" >"$work/out" 2>"$work/err" && fail "$*: exit status 0"
	grep -qx "$line" "$work/err" || { show "$work/out" "$work/err"; fail "$*: no line: $line"; }
}

: >"$work/empty"
mount --bind "$work/empty" /proc/meminfo || skip "nothing can be mounted over /proc"
at_end "umount /proc/meminfo"
mount --bind "$work/empty" /proc/swaps || skip "nothing can be mounted over /proc"
at_end "umount /proc/swaps"
mount -t tmpfs none /sys || skip "nothing can be mounted over /sys"
at_end "umount /sys"

says_unknown "pagesize: the huge page sizes are unknown: /sys is not mounted" "$pagesize" -H
[ ! -s "$work/out" ] || { show "$work/out"; fail "pagesize -H prints a size"; }
says_unknown "pagesize: the huge page sizes are unknown: /sys is not mounted" "$pagesize" -a
[ "$(cat "$work/out")" = "$(getconf PAGESIZE)" ] || { show "$work/out"; fail "pagesize -a: no base page"; }
for option in --pool-list --page-sizes --page-sizes-all; do
	says_unknown "hugeadm: the huge page sizes are unknown: /sys is not mounted" "$hugeadm" $option
done
says_unknown "hugeadm: transparent huge pages: /sys is not mounted" "$hugeadm" --thp-always
says_unknown "hugeadm: --setup: no default huge page size is known here" "$hugeadm" --setup --dry-run
"$hugeadm" --explain >"$work/out" 2>"$work/err"
grep -qx 'Transparent huge pages: unknown' "$work/out" || { show "$work/out"; fail "--explain: huge pages"; }
grep -qx "Whether there is swap is unknown: can't read /proc/swaps." "$work/out" ||
	{ show "$work/out"; fail "--explain: swap"; }
mount -t tmpfs none /proc || skip "nothing can be mounted over /proc"
at_end "umount /proc"
says_unknown "hugeadm: the mounts are unknown: can't read /proc/self/mounts: No such file or directory" \
	"$hugeadm" --list-all-mounts
"$hugeadm" --explain >"$work/out" 2>"$work/err"
grep -qx "vm.hugetlb_shm_group is unknown: can't read /proc/sys/vm/hugetlb_shm_group." "$work/out" &&
	! grep -q 'vm.hugetlb_shm_group = ' "$work/out" || { show "$work/out"; fail "--explain: group"; }
