#!/bin/bash
# hugestat's figures for a process with pages of every kind agree with smaps, numa_maps, page frames
# and /sys.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program python3
need_root
need_pages 12 2M

start_program() {
	local tries
	mkfifo "$work/wait"
	"$helpers/page-kinds" "$@" <"$work/wait" >"$work/kinds" 2>&1 9>&- &
	program=$!
	at_end "kill $program 2>/dev/null; wait $program 2>/dev/null"
	exec 8>"$work/wait"
	for ((tries = 0; tries < 200; tries++)); do
		grep -q ready "$work/kinds" && return
		sleep 0.1
	done
	show "$work/kinds"
	fail "the program is not ready"
}

part_of_json() {
	python3 -c 'import json, sys
for part in json.load(open(sys.argv[1]))[0]["parts"]:
    if part["part"] == sys.argv[2]:
        print(eval(sys.argv[3], {"part": part}))' "$work/json" "$1" "$2"
}

expect_part() {
	local found
	found=$(part_of_json "$1" "$2")
	[ "$found" = "$3" ] || fail "$1: $2 is $found, not $3"
}

gigantic=()
(($(pool_value 1G free_hugepages) > $(pool_value 1G resv_hugepages))) && gigantic=(gigantic=1)
head -c $((8 << 20)) /dev/urandom >"$work/file" || fail "no file"
sync "$work/file"
compact
start_program hugetlb=3 "${gigantic[@]}" thp=4 shm=2 shared=10 stack "file:$work/file"
grep -q '^hugetlb yes' "$work/kinds" || { show "$work/kinds"; fail "no hugetlb pages"; }

"$hugestat" --json --verbose --numa --pages $program >"$work/json" || fail "exit status $?"
python3 "$tests/helpers/hugestat-figures.py" $program "$work/json" >"$work/differences" || {
	show "$work/differences"
	fail "figures differ"
}
expect_part "other mappings" 'part["hugetlb_kb"]["2048"]' 6144
[ ${#gigantic[@]} = 0 ] || expect_part "other mappings" 'part["hugetlb_kb"]["1048576"]' 1048576
! grep -q '^thp yes' "$work/kinds" || expect_part "other mappings" 'part["thp_kb"]' 8192
! grep -q '^shm yes' "$work/kinds" || expect_part 'shared memory' 'part["hugetlb_kb"]["2048"]' 4096
expect_part 'shared memory' 'part["small_kb"]' 40
(($(part_of_json stacks 'part["small_kb"]') >= 100)) || fail "no stack of 100000 bytes"
(($(part_of_json 'heap (threads, large blocks)' 'part["small_kb"]') >= 96)) || fail "no arena with 100000 bytes"
(($(part_of_json 'text' 'part["memory_kb"]') > 0)) || fail "no text"
(($(part_of_json 'libraries' 'part["memory_kb"]') > 500)) || fail "no libraries"

# The table for people has the same figures.
"$hugestat" $program >"$work/table" || fail "exit status $?"
grep -qE '^  other mappings +[0-9]+ +6144 ' "$work/table" || { show "$work/table"; fail "another table"; }
grep -q '####' "$work/table" || fail "no bar"
"$hugestat" page-kinds | cmp -s - "$work/table" || fail "a name finds something else"

# The system's figures are those of /sys.
"$hugestat" --json >"$work/system" || fail "exit status $?"
python3 - "$work/system" <<-'END' || fail "pools differ from /sys"
	import json, sys
	for pool in json.load(open(sys.argv[1]))["pools"]:
	    for ours, theirs in (("total", "nr"), ("free", "free"), ("reserved", "resv"), ("surplus", "surplus")):
	        path = f"/sys/kernel/mm/hugepages/hugepages-{pool['page_kb']}kB/{theirs}_hugepages"
	        if pool[ours] != int(open(path).read()):
	            sys.exit(f"{path}: {pool[ours]}")
	    if pool["nodes"] and sum(node["total"] for node in pool["nodes"]) != pool["total"]:
	        sys.exit("nodes don't add up")
END

# numastat shows MB with two digits. What other processes do between two looks may change a figure:
# all must agree at one of some tries. Newer ones count pages of 1G as HugePages, too.
agrees_with_numastat() {
	"$hugestat" --numa >"$work/ours" && numastat -m >"$work/theirs" 2>/dev/null || return 1
	for name in nr:Total free:Free surplus:Surp; do
		cat /sys/devices/system/node/node*/hugepages/hugepages-1048576kB/"${name%:*}"_hugepages 2>/dev/null |
			awk -v name="HugePages_${name#*:}" '{ pages += $1 } END { print name, pages * 1024 }'
	done >"$work/of-1G"
	compare_with_numastat /dev/null || compare_with_numastat "$work/of-1G"
}

# compare_with_numastat FILE: with so many more MB of each figure that the file names
compare_with_numastat() {
	awk -v more_of="$1" 'BEGIN { while ((getline <more_of) > 0) more[$1] = $2 }
		FNR == NR { ours[$1] = ($NF == "(pages)" ? $2 * 2 : $2 / 1024) + more[$1]; next }
		/^(MemTotal|HugePages_.*|AnonHugePages|ShmemHugePages|ShmemPmdMapped|FileHugePages|FilePmdMapped|Shmem) / {
			compared++
			if (sprintf("%.2f", ours[$1]) != sprintf("%.2f", $2))
				print $1 ": numastat says " $2 " MB, hugestat " ours[$1]
		}
		END { if (compared < 6) print "only " compared + 0 " figures" }' \
		"$work/ours" "$work/theirs" >"$work/out"
	[ ! -s "$work/out" ]
}

if command -v numastat >/dev/null; then
	tries=0
	until agrees_with_numastat; do
		((tries++ < 20)) || { show "$work/out"; fail "numastat has other figures"; }
		sleep 0.2
	done
fi

exec 8>&-
file_thp=$(python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readline())["file"])' \
	"$work/differences")
((file_thp > 0)) || skip "this file system has no huge pages of files; all other figures agree"
