# The costs of splitting one huge page of 2M. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

# split_line <HUGETLB_EXACT's means> <threads>: the run of five that has the median ratio
split_line() {
	local name="$1, $2 threads asleep" run status
	: >"$work/numbers"
	for ((run = 0; run < $(rounds 5); run++)); do
		env "${huge[@]}" HUGETLB_EXACT="default,$1" "$programs/splits" "$2" >>"$work/numbers" 2>"$work/stderr"
		status=$?
		[ $status = 0 ] && continue
		if [ $status = 77 ]; then
			printf '%-31sskipped: not allowed here\n' "$name"
			return
		fi
		failed=1
		printf '%-31sFAILED\n' "$name"
		tell_messages
		return
	done
	sort -n "$work/numbers" | awk -v name="$name" '
	{ line[NR] = $0 }
	END {
		split(line[int(NR / 2) + 1], of)
		printf "%-31s%6.1f%12.0f us%12.0f us\n", name, of[1], of[2] / 1e3, of[3] / 1e3
	}'
}

bench_split() {
	local threads
	[ "$page_kb" = 2048 ] && selected split || return 0
	pending_heading=()
	prepare split 170 || return 0
	printf '\n%-31s%6s%15s%15s\n' "split of a page, medians" ratio split memcpy
	split_line alone 0
	for threads in 8 256; do
		split_line userfaultfd $threads
		split_line ptrace $threads
	done
}
