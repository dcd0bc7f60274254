# What a run has measured, for others than its reader: a line of JSON per figure in $results/results.json,
# and progress on the terminal. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

results_file=

# results_begin <directory>: with the machine in the first line.
results_begin() {
	mkdir -p "$1" || exit 1
	results_file=$1/results.json
	printf '{"version": 1, "kind": "machine", "date": "%s", "kernel": "%s", "libc": "%s", "cpu": "%s", "processors": %d, "memory_mb": %d, "page_kb": %d, "load": "%s", "quick": %s, "revision": "%s"}\n' \
		"$(date -u +%Y-%m-%dT%H:%MZ)" "$(uname -r)" "$(getconf GNU_LIBC_VERSION)" \
		"$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | sed 1q | tr -d '"\\')" "$(nproc)" \
		$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024)) "$page_kb" \
		"$(cut -d' ' -f1-3 /proc/loadavg)" "${quick:+true}${quick:-false}" \
		"$(git rev-parse --short HEAD 2>/dev/null)" | sed 's/trueyes/true/' >"$results_file"
}

# result <kind> <name> <column> <line of turns>: one command of one row; times in nanoseconds. The name of
# a row is the same in every run.
result() {
	local kind=$1 name=$2 column=$3
	local min median max cpu faults ratio difference cpu_ratio slower more_cpu resident
	[ -n "$results_file" ] || return 0
	read -r min median max cpu faults ratio difference cpu_ratio slower more_cpu resident <<<"$4"
	printf '{"kind": "%s", "name": "%s", "column": "%s", "min_ns": %s, "median_ns": %s, "max_ns": %s, "cpu_ns": %s, "faults": %s, "ratio": %s, "difference_ns": %s, "cpu_ratio": %s, "p_slower": %s, "p_more_cpu": %s, "resident_kb": %s}\n' \
		"$kind" "${name//\"/}" "${column//\"/}" "$min" "$median" "$max" "$cpu" "$faults" "$ratio" \
		"$difference" "$cpu_ratio" "$slower" "$more_cpu" "$resident" >>"$results_file"
}

# One line, overwritten by the next: only where somebody watches.
progress_rows=0

progress() {
	progress_rows=$((progress_rows + 1))
	[ -t 2 ] || return 0
	printf '\r\033[K[row %d, %d:%02d] %s\r' $progress_rows $((SECONDS / 60)) $((SECONDS % 60)) "$1" >&2
}

progress_end() {
	[ -t 2 ] && printf '\r\033[K' >&2
	return 0
}
