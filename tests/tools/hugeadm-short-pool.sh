#!/bin/bash
# hugeadm reports a pool that stays too small, or an interrupted change, with the pages asked for
# and obtained, and removes what was temporary. The test mounts a directory that looks like such a
# pool over the real one, in a mount namespace of its own.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
[ -d $pool_2m ] || skip "needs pages of 2M"
mkdir "$work/pool"
for file in nr_hugepages free_hugepages resv_hugepages nr_overcommit_hugepages; do
	echo 0 >"$work/pool/$file"
done
# surplus pages don't stay, so of 20 that are set 16 count
echo 4 >"$work/pool/surplus_hugepages"
mount --bind "$work/pool" $pool_2m || skip "no directory can be mounted over /sys"
at_end "umount $pool_2m"
keep_file /proc/sys/vm/hugetlb_shm_group
group_before=$(cat /proc/sys/vm/hugetlb_shm_group)

no_swap_is_left() {
	! grep -q hugetlbfs /proc/swaps || fail "swap is left: $(grep hugetlbfs /proc/swaps)"
	[ -z "$(ls -A $mounts_base/swap 2>/dev/null)" ] || fail "a swap file is left"
}

# Memory that becomes one piece when it is compacted, and not before: here the pages that did not
# count. Without --hard nobody asks for that.
hard_compacts() {
	local compaction
	# whoever asks for it waits until somebody reads there
	mkfifo "$work/compact"
	mount --bind "$work/compact" /proc/sys/vm/compact_memory || return 0
	at_end "umount /proc/sys/vm/compact_memory 2>/dev/null"
	echo 0 >"$work/pool/nr_hugepages"
	refuses "the pool of 2M pages: asked for 20, got 16" --pool-pages-min 2M:20
	: >"$work/asked"
	# the second time, at the latest, there are pages
	(read -r asked <"$work/compact"
		echo 0 >"$work/pool/surplus_hugepages"
		echo "$asked" >"$work/asked"
		while :; do read -r asked <"$work/compact"; done) &
	compaction=$!
	at_end "kill $compaction 2>/dev/null; wait $compaction 2>/dev/null"
	succeeds --hard --pool-pages-min 2M:20
	holds 1 "$work/asked"
	kill $compaction
	wait $compaction 2>/dev/null
	echo 4 >"$work/pool/surplus_hugepages"
	umount /proc/sys/vm/compact_memory
}

interrupted() {
	local signal=$1 expected=$2 status tool
	echo 0 >"$work/pool/nr_hugepages"
	env --default-signal=INT,HUP,TERM "$hugeadm" --hard --add-temp-swap=2 --pool-pages-min 2M:20 --set-shm-group 4711 \
		>"$work/out" 2>"$work/err" &
	tool=$!
	at_end "kill $tool 2>/dev/null"
	# it is at work when it has written its number
	until grep -q 20 "$work/pool/nr_hugepages"; do
		kill -0 $tool 2>/dev/null || break
		sleep 0.02
	done
	kill -"$signal" $tool
	wait $tool
	status=$?
	[ $status = "$expected" ] || { show "$work/err"; fail "SIG$signal: exit status $status"; }
	grep -qx 'hugeadm: interrupted: the pool of 2M pages: asked for 20, got 16' "$work/err" || {
		show "$work/err"
		fail "SIG$signal: the state is not told"
	}
	grep -qx 'hugeadm: interrupted by a signal: the remaining steps are not done' \
		"$work/err" || fail "SIG$signal: the rest is not told"
	holds "$group_before" /proc/sys/vm/hugetlb_shm_group
	no_swap_is_left
}

# On a terminal there is progress, and no trace of it at the end.
shows_progress() {
	command -v script >/dev/null || return
	echo 0 >"$work/pool/nr_hugepages"
	script -qec "$hugeadm --pool-pages-min 2M:900 --hard" /dev/null >"$work/terminal" 2>&1
	[ $? = 1 ] || fail "a short pool on a terminal: not exit status 1"
	grep -q 'the pool of 2M pages: [0-9]* of 900, compacting memory' "$work/terminal" || {
		show "$work/terminal"
		fail "no progress on a terminal"
	}
	grep -q 'asked for 900, got ' "$work/terminal" || fail "asked and got are not told"
}

# Ctrl-C there: what was got is told on a line of its own, and the added swap is gone.
interrupted_on_a_terminal() {
	local terminal status
	command -v script >/dev/null || return 0
	echo 0 >"$work/pool/nr_hugepages"
	mkfifo "$work/keys"
	env --default-signal=INT,QUIT,HUP,TERM script -qefc "$hugeadm --hard --add-temp-swap=2 \
--pool-pages-min 2M:900 --set-shm-group 4711" /dev/null <"$work/keys" >"$work/terminal" 2>&1 &
	terminal=$!
	at_end "kill $terminal 2>/dev/null"
	exec 7>"$work/keys"
	until grep -q 'compacting memory' "$work/terminal"; do
		kill -0 $terminal 2>/dev/null || break
		sleep 0.02
	done
	printf '\003' >&7
	wait $terminal
	status=$?
	exec 7>&-
	[ $status = 130 ] || { show "$work/terminal"; fail "Ctrl-C: exit status $status"; }
	tr -d '\r' <"$work/terminal" | sed 's/.*\x1b\[K//' >"$work/lines"
	grep -qxE 'hugeadm: interrupted: the pool of 2M pages: asked for 900, got [0-9]+' "$work/lines" &&
		grep -qx 'hugeadm: interrupted by a signal: the remaining steps are not done' \
			"$work/lines" || { show "$work/lines"; fail "Ctrl-C: not told, each on a line"; }
	holds "$group_before" /proc/sys/vm/hugetlb_shm_group
	no_swap_is_left
}

refuses "the pool of 2M pages: asked for 20, got 16" --pool-pages-min 2M:20
refuses "the pool of 2M pages: asked for 20, got 16" --pool-pages-min 2M:20 --hard
hard_compacts
cover $mounts_base
if "$hugeadm" --add-temp-swap --dry-run --pool-pages-min 2M:1 | grep -q swapon &&
	command -v mkswap >/dev/null && swapon --show >/dev/null 2>&1; then
	# tmpfs holds no swap file: that is told, and the pool is changed all the same
	"$hugeadm" --add-temp-swap --pool-pages-min 2M:20 2>"$work/err" && fail "a short pool succeeds"
	grep -q "^hugeadm: can't swap to $mounts_base/swap/temporary-[0-9]*: " "$work/err" ||
		{ show "$work/err"; fail "a swap file that can't be used is not told"; }
	holds 20 "$work/pool/nr_hugepages"
	no_swap_is_left
fi
interrupted INT 130
interrupted TERM 143
shows_progress
interrupted_on_a_terminal
