# How the library's cost grows: with the size of the heap, with threads, mappings and loaded objects. Four
# points each; the page draws them. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

cost_heading() {
	pending_heading=()
	printf '\n%-29s%12s%19s%19s\n' "$1" plain "$2" auto
}

# cost <subject> <amount> <unit> <--own or ""> <rounds> <megabytes> <assignments of the second, by |> -- <command>
cost() {
	local subject=$1 amount=$2 unit=$3 own=$4 times=$5 megabytes=$6 second i=0 line columns=(plain yes auto)
	IFS='|' read -ra second <<<"$7"
	shift 8
	prepare "cost: $subject" "$megabytes" || return 0
	progress "cost: $subject, $amount"
	# shellcheck disable=SC2086 # one option or none
	if ! measure $own "$(rounds "$times")" "${plain_words[@]}" "$@" -- "${second[@]}" "$@" -- \
		"${auto_words[@]}" "$@"; then
		failed=1
		printf '%-29s FAILED\n' "$amount $unit"
		tell_messages
		return
	fi
	progress_end
	while read -r line; do
		result cost "$subject/$amount" "${columns[i]}" "$line"
		i=$((i + 1))
	done <"$work/numbers"
	awk -v name="$amount $unit" '
	NR == 1 { printf "%-29s%9.2f ms", name, $2 / 1e6 }
	NR > 1 { printf "%9.2f ms (%.2f)", $2 / 1e6, $6 }
	END { print "" }' "$work/numbers"
}

cost_of_heap() {
	local size sizes=(64 256 1024 4096)
	cost_heading "filling a heap" yes
	[ -z "$quick" ] || sizes=(32 128 512 2048)
	for size in "${sizes[@]}"; do
		cost heap "$size" MB "" 7 "$size" "LD_PRELOAD=$library|HUGETLB_MORECORE=yes" -- "$programs/fill" "$size"
	done
}

cost_of_threads() {
	local threads
	cost_heading "2M malloc/free per thread" yes
	for threads in 1 2 4 8; do
		cost threads "$threads" threads "" 7 256 "LD_PRELOAD=$library|HUGETLB_MORECORE=yes" -- \
			"$programs/threads" "$threads" 2000000
	done
}

cost_of_mappings() {
	local count
	cost_heading "5000 x five calls, mappings" "yes,thp"
	for count in 100 1000 10000 30000; do
		cost mappings "$count" mappings --own 7 0 "LD_PRELOAD=$library|HUGETLB_MMAP=yes,thp" -- \
			"$programs/calls" many 5000 1 "$count"
	done
}

# Copies, for ld.so loads one file once.
cost_of_objects() {
	local count number=0 objects='' plain_words auto_words
	cost_heading "start with loaded objects" "text, all"
	for count in 1 10 100 400; do
		while [ "$number" -lt "$count" ]; do
			number=$((number + 1))
			cp "$programs/empty.so" "$work/empty$number.so" || return
			objects="$objects $work/empty$number.so"
		done
		plain_words=("LD_PRELOAD=$programs/empty.so$objects")
		auto_words=("LD_PRELOAD=$library$objects" "${autos[@]}")
		cost objects "$count" objects "" 60 0 \
			"LD_PRELOAD=$library$objects|HUGETLB_ELFMAP=R|HUGETLB_ELFMAP_OBJECTS=all" -- "$programs/trivial" malloc
	done
	rm -f "$work"/empty*.so
}

bench_costs() {
	local autos=(HUGETLB_MORECORE=auto HUGETLB_MMAP=auto HUGETLB_ELFMAP=auto)
	local plain_words=("${plain[@]}") auto_words=("LD_PRELOAD=$library" "${autos[@]}")
	selected "costs" || return 0
	cost_of_heap
	cost_of_threads
	cost_of_mappings
	cost_of_objects
}
