#!/bin/bash
# hugeadm sets the pools as asked, as the listings and the commands of --dry-run say.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

need_root
[ -d $pool_2m ] || skip "needs pages of 2M"
set_pool 40
keep_file $pool_2m/nr_overcommit_hugepages
echo 0 >$pool_2m/nr_overcommit_hugepages

sets_and_adjusts() {
	succeeds --pool-pages-min 2M:50
	pool_is 50 50
	succeeds --pool-pages-min=2MB:+4
	pool_is 54 54
	succeeds --pool-pages-min 2048K:-20M
	pool_is 44 54
	succeeds --pool-pages-min 2M:34M
	pool_is 17 54
	succeeds --pool-pages-min 2m:-99
	pool_is 0 54
	succeeds --pool-pages-max 2M:0
	pool_is 0 0
	succeeds --pool-pages-min 2M:10 --pool-pages-min 2M:+10
	pool_is 20 20
}

keeps_a_maximum_that_was_set() {
	succeeds --pool-pages-max 2M:30
	pool_is 20 30
	succeeds --pool-pages-min 2M:+4
	pool_is 24 30
	succeeds --pool-pages-min 2M:35
	pool_is 35 35
	succeeds --pool-pages-max 2M:+5
	pool_is 35 40
	succeeds --pool-pages-max 2M:12
	pool_is 12 12
}

changes_a_node() {
	local node=/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages before
	[ -e $node ] || return
	before=$(cat $node)
	succeeds --pool-pages-min 2M:0:+3
	holds $((before + 3)) $node
	succeeds --node 0 --pool-pages-min 2M:-2
	holds $((before + 1)) $node
	succeeds --pool-list --node=0
	grep -q "^   2097152 *$((before + 1)) *$((before + 1)) *- " "$work/out" || {
		show "$work/out"
		fail "--pool-list --node=0 does not say $((before + 1))"
	}
	succeeds --pool-pages-max 2M:$((before + 1))
	refuses "--node: there is no node 4095 here" --node 4095 --pool-list
	refuses "--pool-pages-min: there is no node 4095 here" --pool-pages-min 2M:4095:1
	refuses "--pool-pages-max: 2M:0:1: a node has no maximum of its own" --pool-pages-max 2M:0:1
	refuses "--pool-pages-max: a node has no maximum of its own" --pool-pages-max 2M:1 --node 0
}

# The same state comes of the commands as of the option itself.
dry_run_does_the_same() {
	succeeds --pool-pages-min 2M:10 --pool-pages-max 2M:10
	succeeds --dry-run --hard --pool-pages-min 2M:+5 --pool-pages-min 2M:+5 --pool-pages-max 2M:25
	cp "$work/out" "$work/commands"
	pool_is 10 10
	! grep -q '^hugeadm' "$work/commands" || fail "the dry run prints its own words"
	sh -eu "$work/commands" || fail "the dry run's commands fail"
	pool_is 20 25
	succeeds --dry-run --pool-pages-max 2M:7
	sh -eu "$work/out" || fail "the dry run's commands fail"
	pool_is 7 7
}

# Pages of 1G can't be overcommitted; a maximum that is there already is no failure.
tells_what_1g_pages_have_not() {
	local pages
	[ -d $pool_1g ] || return
	pages=$(cat $pool_1g/nr_hugepages)
	succeeds --pool-pages-max "1G:$pages"
	"$hugeadm" --pool-pages-max "1G:$((pages + 3))" 2>"$work/err" &&
		fail "a maximum of 1G pages is said to be set"
	grep -qx "hugeadm: the pool of 1G pages: asked for a maximum of $((pages + 3)), got $pages" \
		"$work/err" || { show "$work/err"; fail "asked and got are not told"; }
}

lists_as_json() {
	need_program python3
	succeeds --pool-pages-min 2M:9 --pool-pages-max 2M:11
	succeeds --json --pool-list --list-all-mounts --page-sizes --page-sizes-all --explain
	python3 - "$work/out" <<'END' || { show "$work/out"; fail "the JSON is not as expected"; }
import json, sys
found = json.load(open(sys.argv[1]))
assert sorted(found) == ["explain", "mounts", "page_sizes_all_bytes", "page_sizes_bytes", "pools", "version"]
pool = [p for p in found["pools"] if p["page_size_bytes"] == 2 << 20][0]
assert (pool["minimum_pages"], pool["maximum_pages"], pool["overcommit_pages"]) == (9, 11, 2)
assert sum(n["minimum_pages"] for n in pool["nodes"]) in (0, 9)
assert 2 << 20 in found["page_sizes_bytes"] and 2 << 20 in found["page_sizes_all_bytes"]
assert found["explain"]["pools"] == found["pools"] and found["explain"]["memory_bytes"] > 1 << 20
END
}

lists_sizes() {
	succeeds --page-sizes-all
	cmp -s "$work/out" <("$BUILD/bin/pagesize" -H) || fail "--page-sizes-all is not pagesize -H"
	succeeds --page-sizes
	grep -qx 2097152 "$work/out" || fail "--page-sizes has no 2097152, which has pages"
	succeeds --pool-pages-min 2M:0 --pool-pages-max 2M:0
	succeeds --page-sizes
	! grep -qx 2097152 "$work/out" || fail "--page-sizes has 2097152, which has no pages"
}

demotes() {
	local before_1g before_2m
	[ -w $pool_1g/demote ] || return
	refuses "pages of 2M can't be demoted: there is no $pool_2m/demote" --demote 2M:1
	(($(cat $pool_1g/free_hugepages) > 0)) || return
	before_1g=$(cat $pool_1g/nr_hugepages)
	before_2m=$(cat $pool_2m/nr_hugepages)
	at_end "echo 0 >$pool_2m/nr_hugepages; write_pool $before_1g 1G"
	succeeds --demote 1G:1
	holds $((before_1g - 1)) $pool_1g/nr_hugepages
	holds $((before_2m + 512)) $pool_2m/nr_hugepages
	refuses "pages of 1G to demote: asked for 99, got $((before_1g - 1))" --demote 1G:99
}

# A default size is asked for by its name.
knows_default() {
	[ "$(awk '/^Hugepagesize:/ { print $2 }' /proc/meminfo)" = 2048 ] || return
	succeeds --pool-pages-min DEFAULT:6 --pool-pages-max DEFAULT:6
	pool_is 6 6
}

sets_and_adjusts
keeps_a_maximum_that_was_set
changes_a_node
dry_run_does_the_same
tells_what_1g_pages_have_not
knows_default
lists_as_json
lists_sizes
demotes
