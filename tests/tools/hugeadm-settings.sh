#!/bin/bash
# hugeadm sets the kernel's settings, reads them back, reports what it can't set, and lowers none.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

need_root
thp=/sys/kernel/mm/transparent_hugepage
khugepaged=$thp/khugepaged

sets_thp() {
	local option word before
	[ -w $thp/enabled ] || return
	before=$(sed 's/.*\[\(.*\)\].*/\1/' $thp/enabled)
	at_end "echo $before >$thp/enabled"
	for option in --thp-always --thp-never --thp-madvise; do
		succeeds $option
		word=${option#--thp-}
		grep -q "\[$word\]" $thp/enabled || fail "$option: $(cat $thp/enabled)"
	done
	succeeds --thp-always --thp-never
	grep -q "\[never\]" $thp/enabled || fail "the last of two does not count: $(cat $thp/enabled)"
	succeeds --thp-never --thp-madvise
	grep -q "\[madvise\]" $thp/enabled || fail "the last of two does not count: $(cat $thp/enabled)"
	keep_file $khugepaged/pages_to_scan
	keep_file $khugepaged/scan_sleep_millisecs
	keep_file $khugepaged/alloc_sleep_millisecs
	succeeds --thp-khugepaged-pages 1234 --thp-khugepaged-scan-sleep=2345 \
		--thp-khugepaged-alloc-sleep 3456
	holds 1234 $khugepaged/pages_to_scan
	holds 2345 $khugepaged/scan_sleep_millisecs
	holds 3456 $khugepaged/alloc_sleep_millisecs
	refuses "can't write 0 to $khugepaged/pages_to_scan: Invalid argument" --thp-khugepaged-pages 0
	succeeds --dry-run --thp-never --thp-khugepaged-pages 77
	grep -q '\[madvise\]' $thp/enabled || fail "the dry run changes something"
	sh -eu "$work/out"
	grep -q '\[never\]' $thp/enabled || fail "the dry run's commands do something else"
	holds 77 $khugepaged/pages_to_scan
}

# A value near 2^64 is big, not negative.
raises_shmmax() {
	local file=/proc/sys/kernel/shmmax pools
	keep_file $file
	succeeds --set-recommended-shmmax
	(($(cut -c 1-4 $file) == 1844)) || holds "$(cat $file)" $file
	echo 18446744073692774399 >$file
	succeeds --set-recommended-shmmax
	holds 18446744073692774399 $file
	echo 4096 >$file
	succeeds --set-recommended-shmmax
	pools=$("$hugeadm" --pool-list | awk 'NR > 1 { sum += $1 * $4 } END { printf "%.0f", sum }')
	((pools > 4096)) || pools=4096
	holds "$pools" $file
	succeeds --explain
	grep -q "kernel.shmmax is $pools, enough" "$work/out" || { show "$work/out"; fail "--explain"; }
}

raises_min_free() {
	local file=/proc/sys/vm/min_free_kbytes wanted
	keep_file $file
	echo 8192 >$file
	succeeds --explain
	wanted=$(sed -n 's/vm.min_free_kbytes is 8192, \([0-9]*\) is recommended: hugeadm .*/\1/p' \
		"$work/out")
	[ "${wanted:-0}" -gt 8192 ] || { show "$work/out"; fail "--explain recommends nothing"; }
	succeeds --set-recommended-min_free_kbytes
	holds "$wanted" $file
	echo $((wanted + 1000)) >$file
	succeeds --set-recommended-min_free_kbytes
	holds $((wanted + 1000)) $file
}

sets_shm_group() {
	local file=/proc/sys/vm/hugetlb_shm_group
	keep_file $file
	succeeds --set-shm-group daemon
	holds "$(getent group daemon | cut -d: -f3)" $file
	succeeds --set-shm-group=4242
	holds 4242 $file
	refuses "--set-shm-group: there is no group no-such-group" --set-shm-group no-such-group
	holds 4242 $file
}

knows_what_is_gone() {
	local option
	[ ! -e /proc/sys/vm/hugepages_treat_as_movable ] || return
	for option in --enable-zone-movable --disable-zone-movable; do
		refuses "this kernel has no vm.hugepages_treat_as_movable, which Linux 4.16 removed: \
nothing changed" $option
	done
}

refuses_what_is_not_permitted() {
	local file=/proc/sys/vm/hugetlb_shm_group
	need_program setpriv
	setpriv --reuid 65534 --clear-groups "$hugeadm" --set-shm-group 0 2>"$work/err" &&
		fail "a user may set the group"
	[ "$(cat "$work/err")" = "hugeadm: can't write 0 to $file: Permission denied (this needs root)" ] ||
		{ show "$work/err"; fail "no permission: another line"; }
}

# Where the machine can swap at all: the file is there with --persist, and gone without.
adds_swap() {
	local file
	command -v mkswap >/dev/null && [ -e /proc/swaps ] && [ -d $pool_2m ] || return
	set_pool 8
	[ -d $mounts_base ] || at_end "rmdir $mounts_base"
	"$hugeadm" --add-temp-swap=3 --persist --pool-pages-min 2M:9 2>"$work/err"
	file=$(sed -n 's/.*swap stays on \([^ ]*\) .*/\1/p' "$work/err")
	if [ -z "$file" ]; then
		grep -q "can't swap to\|can't make a swap file" "$work/err" && return
		show "$work/err"
		fail "no swap, and no word of it"
	fi
	at_end "swapoff $file 2>/dev/null; rm -f $file; rmdir $mounts_base/swap 2>/dev/null"
	grep -q "^$file .*6140" /proc/swaps || fail "not 3 pages of swap: $(cat /proc/swaps)"
	[ "$(stat -c %a "$file")" = 600 ] || fail "others can read what is swapped"
	holds 9 $pool_2m/nr_hugepages
	swapoff "$file"
	rm "$file"
	succeeds --add-temp-swap --pool-pages-min 2M:10
	holds 10 $pool_2m/nr_hugepages
	! grep -q $mounts_base /proc/swaps || fail "swap is left"
	[ ! -e $mounts_base/swap ] || fail "$mounts_base/swap is left"
	[ -e /dev/ram0 ] || refuses "no empty RAM disk to swap to (modprobe brd makes them)" \
		--add-ramdisk-swap --pool-pages-min 2M:10
}

sets_thp
raises_shmmax
raises_min_free
sets_shm_group
knows_what_is_gone
adds_swap
refuses_what_is_not_permitted
