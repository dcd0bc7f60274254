# What the tests of shares of the pool have in common; sourced by them.
# SPDX-License-Identifier: LGPL-2.1-or-later

# together <processes> <megabytes> <settings>: so many processes that start at once, need that much memory
# each and are there together; their hugetlb pages go to ${held[@]}.
together() {
	local i count=$1 megabytes=$2
	shift 2
	mkfifo "$work/wait"
	for ((i = 0; i < count; i++)); do
		preloaded HOLD=1 "$@" "$helpers/print-memory" "$megabytes" <"$work/wait" \
			>"$work/$i.out" 2>>"$work/err" &
	done
	exec 8>"$work/wait"
	for ((i = 0; i < count; i++)); do
		while [ ! -s "$work/$i.out" ]; do
			sleep 0.05
			kill -0 $! 2>/dev/null || fail "$*: a process ended early"
		done
	done
	held=()
	for ((i = 0; i < count; i++)); do
		held+=($(($(cut -d' ' -f3 "$work/$i.out") / 2048)))
	done
	exec 8>&-
	wait
	rm "$work"/*.out "$work/wait"
	all=$(IFS=+; echo $((${held[*]})))
}
