#!/bin/bash
# Without /sys or files of /proc the tools say that something is unknown, and never that it is 0 or not
# there.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
pagesize=$BUILD/bin/pagesize hugestat=$BUILD/bin/hugestat

# json_is <expression>: of hugestat --json, as j
json_is() {
	[ -x "$hugestat" ] || return 0
	"$hugestat" --json >"$work/json" 2>"$work/err" || { show "$work/err"; fail "hugestat --json"; }
	python3 -c 'import json, sys
if not eval(sys.argv[2], {"j": json.load(open(sys.argv[1]))}):
    sys.exit(sys.argv[2])' "$work/json" "$1" >"$work/said" 2>&1 || { show "$work/said" "$work/json"; fail "$1"; }
}

# says_unknown <line> <tool> <argument> ...: exit status 1, and that line on stderr
says_unknown() {
	local line=$1
	shift
	"$@" >"$work/out" 2>"$work/err" && fail "$*: exit status 0"
	grep -qx "$line" "$work/err" || { show "$work/out" "$work/err"; fail "$*: no line: $line"; }
}

need_program python3
json_is 'j["unknown"] == [] and j["users"]["known"] and j["transparent"]["page_kb"] != None'
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
json_is 'j["unknown"] == ["pools", "transparent", "cgroup"] and j["users"]["known"]'
json_is 'all(pool[name] is None for pool in j["pools"] for name in ("total", "free", "surplus"))'
json_is 'j["transparent"]["page_kb"] is None and j["transparent"]["enabled"] is None'
json_is 'all(pool["cgroup"]["usage_kb"] is None for pool in j["pools"])'
mount -t tmpfs none /proc || skip "nothing can be mounted over /proc"
at_end "umount /proc"
json_is '{"mounts", "limits", "users"} < set(j["unknown"]) and not j["users"]["known"]'
json_is 'j["limits"]["shmmax_bytes"] is None and j["limits"]["shmall_pages"] is None'
says_unknown "hugeadm: the mounts are unknown: can't read /proc/self/mounts: No such file or directory" \
	"$hugeadm" --list-all-mounts
"$hugeadm" --explain >"$work/out" 2>"$work/err"
grep -qx "vm.hugetlb_shm_group is unknown: can't read /proc/sys/vm/hugetlb_shm_group." "$work/out" &&
	! grep -q 'vm.hugetlb_shm_group = ' "$work/out" || { show "$work/out"; fail "--explain: group"; }
