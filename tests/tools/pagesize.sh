#!/bin/bash
# pagesize prints the base page size, and with -a or -H the huge page sizes that the kernel has.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

tool_name=pagesize refusal_status=1
pagesize=$BUILD/bin/pagesize
. "$(dirname "$0")/../lib/tool.sh"

# prints <file of expected lines> <option> ...
prints() {
	local expected=$1
	shift
	succeeds "$@"
	cmp -s "$expected" "$work/out" || {
		show "$expected" "$work/out"
		fail "pagesize $*: other lines"
	}
}

getconf PAGESIZE >"$work/base"
for directory in /sys/kernel/mm/hugepages/hugepages-*kB; do
	[ -d "$directory" ] || continue
	kb=${directory##*-}
	echo $((${kb%kB} * 1024))
done | sort -n >"$work/huge"
cat "$work/base" "$work/huge" >"$work/all"
prints "$work/base"
prints "$work/all" -a
prints "$work/all" --all
prints "$work/huge" -H
prints "$work/huge" --huge-only
# the narrower of both counts, in either order
prints "$work/huge" -aH
prints "$work/huge" -Ha
prints "$work/huge" -H --all
refuses "unexpected argument: 2M" -a 2M
misuses "invalid option -- 'x'" -x
misuses "option '--all' doesn't allow an argument" --all=2M
"$pagesize" -a >/dev/full 2>"$work/err" && fail "a full disk is no matter"
says "pagesize: standard output: No space left on device"
