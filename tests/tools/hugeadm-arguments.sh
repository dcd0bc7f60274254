#!/bin/bash
# hugeadm prints one line and exits with 1 for each bad value; its completion works.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

bad_pools() {
	local sizes
	# bash 5.1 would take a << in here for a here document
	sizes=$("$BUILD/bin/pagesize" -H | while read -r bytes; do
		((bytes >= 1024 ** 3)) && echo -n " $((bytes >> 30))G" || echo -n " $((bytes >> 20))M"
	done)
	[ -n "$sizes" ] || return
	refuses "--pool-pages-min: no huge pages of 3M here; there are:$sizes" --pool-pages-min 3M:1
	refuses "--demote: x is no page size (DEFAULT, or like 2M)" --demote=x:1
	refuses "--pool-pages-max: 2M is not like 2M:64, 2M:+64M or 2M:0:64" --pool-pages-max 2M
	local value
	for value in "" + x -x 1x +-1 1.5G 99999999999999999999 " 1"; do
		refuses "--pool-pages-min: DEFAULT:$value: ${value#[+-]} is no number of pages and no \
amount of memory" --pool-pages-min "DEFAULT:$value"
	done
	refuses "--demote: DEFAULT:+1: +1 is no number of pages and no amount of memory" \
		--demote DEFAULT:+1
	refuses "--pool-pages-min: DEFAULT:9999999999999999999: too many pages" \
		--pool-pages-min DEFAULT:9999999999999999999
} 2>/dev/null

bad_values() {
	local option
	for option in thp-khugepaged-pages thp-khugepaged-scan-sleep thp-khugepaged-alloc-sleep \
		max-inodes node verbose; do
		for value in "" -1 x 1x 0x10 99999999999999999999; do
			refuses "--$option: $value is no number" "--$option=$value"
		done
	done
	refuses "--max-size: 1T is no size (bytes, or with K, M, G)" --max-size 1T
	refuses "--min-size:  is no size (bytes, or with K, M, G)" --min-size ""
	refuses "--mode: 888 is no mode (octal, like 0770)" --mode 888
	refuses "--mode: a hugetlbfs has no set-id bits" --mode 4755
	refuses "--uid: there is no user no-such-user" --uid no-such-user
	refuses "--gid: there is no group no-such-group" --gid no-such-group
	refuses "--create-user-mounts: there is no user ../x" --create-user-mounts ../x
	refuses "--create-group-mounts: there is no group -5" --create-group-mounts=-5
	refuses "--set-shm-group: there is no group 4294967295" --set-shm-group 4294967295
	refuses "--add-temp-swap: 0 pages: at least 1 is needed" --add-temp-swap=0
	refuses "--add-temp-swap: 1G is no number" --add-temp-swap 1G
	refuses "--verbose: 100 is not from 0 to 99" --verbose 100
}

bad_combinations() {
	refuses "nothing to do: see hugeadm --help"
	refuses "nothing to do: see hugeadm --help" --dry-run
	refuses "unexpected argument: 2M:1" 2M:1
	misuses "unrecognized option '--no-such'" --no-such
	misuses "invalid option -- 'x'" -x
	misuses "option '--node' requires an argument" --node
	misuses "option '--hard' doesn't allow an argument" --hard=1
	refuses "--json is for listings, and none is requested" --json --create-mounts
	refuses "--json does not go with --dry-run and --persist-pools" --json --dry-run --pool-list
	refuses "--hard is for --pool-pages-min" --hard --pool-list
	refuses "swap is added for --pool-pages-min, which is not given" --add-ramdisk-swap
	refuses "--node is for pools: --pool-pages-min, --demote, --pool-list and --explain" \
		--node 0 --create-mounts
	refuses "--obey-mempolicy is for --pool-pages-min" --obey-mempolicy --pool-list
	refuses "--persist is for --add-temp-swap and --add-ramdisk-swap" --persist --pool-list
	refuses "options of mounts are given, but no --create-...-mounts" --max-size 1G --pool-list
	refuses "--enable-zone-movable and --disable-zone-movable exclude each other" \
		--enable-zone-movable --disable-zone-movable
	"$hugeadm" --pool-list >/dev/full 2>"$work/err" && fail "a full disk is no matter"
	grep -qx "hugeadm: standard output: No space left on device" "$work/err" ||
		{ show "$work/err"; fail "a full disk is not told"; }
}

# asks_for <pages> <argument> ...: the number that the kernel would be given
asks_for() {
	local pages=$1
	shift
	succeeds --dry-run "$@"
	[ "$(head -n 1 "$work/out" | cut -d ' ' -f 1,2)" = "echo $pages" ] || {
		show "$work/out"
		fail "hugeadm $*: not $pages pages"
	}
}

# Sizes as scripts write them, memory for pages, and options cut short where that is clear.
odd_spellings() {
	local size minimum
	[ -d $pool_2m ] || return 0
	minimum=$(($(cat $pool_2m/nr_hugepages) - $(cat $pool_2m/surplus_hugepages)))
	for size in 2M 2m 2MB 2mb 2MiB 2mib 2048K 2048kB 2048KiB 2097152; do
		asks_for 7 --pool-pages-min $size:7
		asks_for $((minimum + 256)) --pool-pages-min=$size:+512M
	done
	asks_for 8 --pool-pages-min 2M:16M
	asks_for 512 --pool-pages-min 2M:1GiB
	asks_for 0 --pool-pages-min 2M:-900G
	asks_for 9 --obey-numa-mempol --pool-pages-min 2M:9
	asks_for 9 --obey-n --pool-pages-mi 2M:9
	misuses "option '--pool' is ambiguous; possibilities: '--pool-list' '--pool-pages-min' \
'--pool-pages-max'" --pool
	[ "$(awk '/^Hugepagesize:/ { print $2 }' /proc/meminfo)" != 2048 ] ||
		asks_for $((minimum + 32)) --pool-pages-min DEFAULT:+64M
	# a signed limit has an end where these begin
	refuses "--set-shm-group: there is no group 4294967295" --set-shm-group 4294967295
	refuses "--max-inodes: 18446744073709551615 is no number" --create-mounts \
		--max-inodes 18446744073709551615
}

verbose_tells() {
	[ -e /proc/sys/vm/hugetlb_shm_group ] && [ "$(id -u)" = 0 ] || return
	keep_file /proc/sys/vm/hugetlb_shm_group
	local words
	for words in -v "--verbose 3" --verbose=99; do
		# shellcheck disable=SC2086 # two words
		"$hugeadm" $words --set-shm-group 7 2>"$work/err"
		holds "hugeadm: writing 7 to /proc/sys/vm/hugetlb_shm_group" "$work/err"
	done
}

completion_works() {
	succeeds --print-completion options
	cp "$work/out" "$work/options"
	[ "$(complete_words hugeadm --pool-l)" = --pool-list ] || fail "bash: --pool-l"
	[ "$(complete_words hugeadm --create-user-mounts roo)" = root ] || fail "bash: a user"
	[ "$(complete_words hugeadm --print-completion = z)" = zsh ] || fail "bash: behind ="
	[ "$(complete_words hugeadm --demote 1)" = 1G: ] || fail "bash: a size"
	[ "$(complete_words hugeadm -- | grep -c '^--')" = "$(grep -c '^--' "$work/options")" ] ||
		fail "bash: not all options"
	"$hugeadm" --print-completion=zsh >"$work/zsh"
	grep -q '^#compdef hugeadm$' "$work/zsh" || fail "zsh: no #compdef"
	command -v zsh >/dev/null || return 0
	zsh -n "$work/zsh" || fail "zsh does not read its completion"
}

bad_pools
bad_values
bad_combinations
odd_spellings
verbose_tells
completion_works
