# What the tests of shares of the pool have in common; sourced by them.
# SPDX-License-Identifier: LGPL-2.1-or-later

# wait_for_lines <n>: until each of $count processes has printed so many lines
wait_for_lines() {
	local i
	for ((i = 0; i < count; i++)); do
		until [ "$(cat "$work/$i.out" 2>/dev/null | wc -l)" -ge "$1" ]; do
			sleep 0.05
			kill -0 $! 2>/dev/null || fail "a process ended early"
		done
	done
}

# together <processes> <megabytes> <settings>: so many processes that begin at once, when all are there, need
# that much memory each and stay; their hugetlb pages go to ${held[@]}.
together() {
	local i count=$1 megabytes=$2
	shift 2
	mkfifo "$work/wait" "$work/start"
	for ((i = 0; i < count; i++)); do
		preloaded HOLD=1 START="$work/start" "$@" "$helpers/print-memory" "$megabytes" <"$work/wait" \
			>"$work/$i.out" 2>>"$work/err" &
	done
	exec 8>"$work/wait"
	wait_for_lines 1
	exec 7>"$work/start"
	wait_for_lines 2
	held=()
	for ((i = 0; i < count; i++)); do
		held+=($(($(tail -n 1 "$work/$i.out" | cut -d' ' -f3) / 2048)))
	done
	exec 7>&- 8>&-
	wait
	rm "$work"/*.out "$work/wait" "$work/start"
	all=$(IFS=+; echo $((${held[*]})))
}
