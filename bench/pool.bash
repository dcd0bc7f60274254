# Adds huge pages to the pool for a run, and removes them afterwards. Sourced by demo and run.
#
# Only missing pages are added, and exactly those are removed, so that changes by others meanwhile stay.
# The caller sets `trap pool_put_back EXIT` and makes signals end in exit.
# SPDX-License-Identifier: LGPL-2.1-or-later

pool_directory() {
	echo "/sys/kernel/mm/hugepages/hugepages-${1}kB"
}

# pool_exists <page size in kB>
pool_exists() {
	[ -r "$(pool_directory "$1")/nr_hugepages" ]
}

# The pages of this size that are neither in use nor reserved.
pool_free_pages() {
	local directory
	directory=$(pool_directory "$1")
	echo $(($(<"$directory/free_hugepages") - $(<"$directory/resv_hugepages")))
}

pool_default_kb() {
	sed -n 's/^Hugepagesize: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

# Root may write to the pool, and users whom sudo does not ask for a password.
pool_may_write() {
	[ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

pool_write() {
	if [ "$(id -u)" -eq 0 ]; then
		echo "$2" >"$1"
	else
		echo "$2" | sudo -n tee "$1" >/dev/null
	fi 2>/dev/null
}

declare -A pool_added_pages   # what is ours to take off again, by page size
declare -A pool_growing_from  # set while a pool grows: what it was before

pool_note_growth() {
	local kb=$1 now
	[ -n "${pool_growing_from[$kb]:-}" ] || return 0
	now=$(<"$(pool_directory "$kb")/nr_hugepages")
	pool_added_pages[$kb]=$((${pool_added_pages[$kb]:-0} + now - pool_growing_from[$kb]))
	unset "pool_growing_from[$kb]"
}

# pool_reserve <page size in kB> <pages>: adds pages until this many are free, as far as the kernel can.
# pool_free_pages prints the result.
pool_reserve() {
	local kb=$1 missing file wanted
	missing=$(($2 - $(pool_free_pages "$kb")))
	[ $missing -gt 0 ] && pool_may_write || return 0
	file=$(pool_directory "$kb")/nr_hugepages
	pool_growing_from[$kb]=$(<"$file")
	wanted=$((pool_growing_from[$kb] + missing))
	pool_write "$file" $wanted
	if [ "$(<"$file")" -lt $wanted ]; then
		# Free memory may be there in pieces that are too small.
		pool_write /proc/sys/vm/compact_memory 1
		pool_write "$file" $wanted
	fi
	pool_note_growth "$kb"
}

# Removes what was added. Correct also if a signal interrupted pool_reserve.
pool_release() {
	local kb file
	for kb in "${!pool_growing_from[@]}"; do
		pool_note_growth "$kb"
	done
	for kb in "${!pool_added_pages[@]}"; do
		file=$(pool_directory "$kb")/nr_hugepages
		pool_write "$file" $(($(<"$file") - pool_added_pages[$kb]))
		unset "pool_added_pages[$kb]"
	done
}

# At the end; signals are ignored meanwhile.
pool_put_back() {
	trap '' HUP INT TERM
	pool_release
}

# 2048 -> 2M
pool_size_name() {
	if [ $(($1 % 1048576)) -eq 0 ]; then
		echo $(($1 / 1048576))G
	elif [ $(($1 % 1024)) -eq 0 ]; then
		echo $(($1 / 1024))M
	else
		echo "${1}K"
	fi
}
