#!/bin/bash
# hugestat --metrics: OpenMetrics text with the figures of /sys, /proc and hugestat itself, odd names
# escaped, the file replaced at once; with Prometheus' own tools where they are, the alert rules too.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program python3

cat >"$work/check.py" <<'END'
"""Reads OpenMetrics text strictly; prints what is wrong with it and ends with 1 then."""
import re, sys

lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
assert lines[-1] == "" and lines[-2] == "# EOF", "the end"
helped, typed, seen, order = set(), {}, set(), []
for line in lines[:-2]:
    if line.startswith("# HELP "):
        name = line.split(" ")[2]
        assert name not in helped, f"{name} twice"
        helped.add(name)
        order.append(name)
    elif line.startswith("# TYPE "):
        typed[line.split(" ")[2]] = line.split(" ")[3]
    else:
        found = re.fullmatch(
            r'([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? (\d+(?:\.\d+)?(?:e[-+]\d+)?)',
            line,
        )
        assert found, line
        assert found[1] == order[-1], f"{found[1]} is not with its family"
        assert (found[1], found[2]) not in seen, f"{line} twice"
        seen.add((found[1], found[2]))
assert set(typed.values()) == {"gauge"}
assert all(("_total" in name) != (name in typed) for name in helped), "types"
END
value() {
	sed -n "s/^$1{$2} //p" "$work/metrics"
}

"$hugestat" --metrics >"$work/metrics" || fail "exit status $?"
python3 "$work/check.py" "$work/metrics" >"$work/said" 2>&1 || { show "$work/said"; fail "not OpenMetrics"; }
grep -qx 'hugestat_schema_version 1' "$work/metrics" || fail "no version"
if [ -d /sys/kernel/mm/hugepages/hugepages-2048kB ]; then
	[ "$(value hugestat_pool_pages 'page_kb="2048",state="total"')" = "$(pool_value 2M nr_hugepages)" ] ||
		{ show "$work/metrics"; fail "another number of pages than in /sys"; }
	nodes=$(sed -n 's/^hugestat_pool_node_pages{page_kb="2048",node="[0-9]*",state="total"} //p' \
		"$work/metrics" | paste -sd+ | bc 2>/dev/null)
	[ -z "$nodes" ] || [ "$nodes" = "$(pool_value 2M nr_hugepages)" ] || fail "nodes don't add up: $nodes"
fi
alloc=$(awk '$1 == "thp_fault_alloc" { print $2 }' /proc/vmstat)
((alloc - $(value hugestat_events_total 'event="thp_fault_alloc"') < 100000)) || fail "another count than vmstat's"

# Processes by name, a name that must be escaped, and the same sum as hugestat's own table.
odd="odd \"name\\"
cp "$(command -v sleep)" "$work/$odd"
"$work/$odd" 100 & first=$!
"$work/$odd" 100 & second=$!
at_end "kill $first $second 2>/dev/null; wait $first $second 2>/dev/null"
until_asleep $first odd
until_asleep $second odd
"$hugestat" --metrics "$odd" >"$work/metrics" || fail "exit status $?"
python3 "$work/check.py" "$work/metrics" >"$work/said" 2>&1 || { show "$work/said"; fail "not OpenMetrics"; }
grep -qxF 'hugestat_processes{name="odd \"name\\"} 2' "$work/metrics" || { show "$work/metrics"; fail "not two"; }
[ "$(grep -F 'hugestat_process_memory_bytes{name="odd \"name\\",' "$work/metrics" |
	awk '{ sum += $NF } END { print sum / 1024 }')" = "$("$hugestat" --json $first $second |
	python3 -c 'import json, sys; print(sum(p["total"]["memory_kb"] for p in json.load(sys.stdin)))')" ] ||
	{ grep process_memory "$work/metrics"; fail "another sum than the table's"; }

# The file is there whole, or as before.
"$hugestat" --metrics --output="$work/hugestat.prom" >"$work/out" || fail "exit status $?"
[ ! -s "$work/out" ] && [ "$(stat -c %a "$work/hugestat.prom")" = 644 ] || fail "the file's mode"
python3 "$work/check.py" "$work/hugestat.prom" || fail "the file is not OpenMetrics"
[ "$(find "$work" -name 'hugestat.prom*' | wc -l)" = 1 ] || fail "a file is left beside it"
"$hugestat" --metrics --output="$work/nowhere/file" 2>"$work/err" && fail "no directory is no failure"
grep -q "^hugestat: $work/nowhere/file" "$work/err" || { show "$work/err"; fail "another line"; }

# Prometheus' own tools: the format that its node exporter reads, and the alert rules.
if command -v promtool >/dev/null; then
	promtool check metrics <"$work/metrics" >"$work/out" 2>&1 || { show "$work/out"; fail "promtool"; }
	(cd "$tests/../examples/prometheus" && promtool test rules rules-test.yml) >"$work/out" 2>&1 ||
		{ show "$work/out"; fail "the alert rules"; }
else
	echo "left out: no promtool"
fi
if command -v prometheus-node-exporter >/dev/null && command -v curl >/dev/null; then
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	prometheus-node-exporter --collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$work" --web.listen-address=127.0.0.1:"$port" \
		>"$work/exporter" 2>&1 9>&- &
	at_end "kill $! 2>/dev/null; wait $! 2>/dev/null"
	for ((tries = 0; tries < 100; tries++)); do
		curl -s "http://127.0.0.1:$port/metrics" >"$work/scraped" && break
		sleep 0.1
	done
	grep -q '^hugestat_pool_pages{page_kb="[0-9]*",state="total"} ' "$work/scraped" ||
		{ show "$work/exporter" "$work/scraped"; fail "the node exporter does not serve them"; }
	grep -qx 'node_textfile_scrape_error 0' "$work/scraped" || fail "the node exporter finds an error"
fi
