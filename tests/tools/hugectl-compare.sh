#!/bin/bash
# hugectl --compare runs a program plain and on huge pages in turn: what the figures are, that its input
# and output are apart, what each variant gets, servers with a load, and what is refused.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

need_program python3
# 60M that are filled, and stay 0.5 s: hugectl measures the peak by looks, which come late on a busy machine
fill='import time; x = bytearray(60 << 20); time.sleep(0.5)'

# json_is <expression>: of what --json has printed, as j
json_is() {
	python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
v = {variant["name"]: variant for variant in j["variants"]}
if not eval(sys.argv[2]):
    sys.exit(sys.argv[2])' "$work/out" "$1" >"$work/said" 2>&1 || { show "$work/said" "$work/out"; fail "$1"; }
}

figures_are_measured() {
	need_pages 60 2M
	"$hugectl" --heap --mmap --compare=2 --json python3 -c "$fill" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
	json_is 'j["version"] == 1 and list(v) == ["plain", "huge pages"]'
	json_is 'all(len(variant["runs"]) == 2 for variant in v.values())'
	json_is 'all(run["wall_s"] >= 0.5 for variant in v.values() for run in variant["runs"])'
	json_is 'v["plain"]["medians"]["peak_hugetlb_kb"] == 0 and v["plain"]["environment"] == {}'
	json_is 'v["huge pages"]["medians"]["peak_hugetlb_kb"] >= 60 << 10'
	json_is 'v["huge pages"]["environment"]["HUGETLB_MORECORE"] == "yes"'
	json_is 'abs(v["huge pages"]["medians"]["peak_kb"] / v["plain"]["medians"]["peak_kb"] - 1) < 0.5'
	json_is 'v["huge pages"]["ratios"]["page_faults"]["mean"] < 0.5'
	json_is 'v["huge pages"]["verdict"] in ("faster", "slower", "no difference", "not sure")'
}

# CPU time and memory are weighed too: what works, fills more or less of both, under the library only.
all_costs_are_weighed() {
	cat >"$work/costs.py" <<-'END'
		import os, sys, time
		huge = "HUGETLB_MORECORE" in os.environ
		start = time.monotonic()
		if sys.argv[1] == "memory":
		    x = b"x" * ((60 if huge else 10) << 20)
		while sys.argv[1] == "cpu" and huge and time.process_time() < 0.25:
		    sum(range(20000)) # reading the clock itself is the kernel's work
		time.sleep(max(0, 0.4 + start - time.monotonic()))
	END
	"$hugectl" --heap=thp --compare=4 --json python3 "$work/costs.py" memory >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
	json_is 'v["huge pages"]["memory_verdict"] == "more" and "more memory, sure" in v["huge pages"]["verdict_text"]'
	"$hugectl" --heap=thp --compare=4 --json python3 "$work/costs.py" cpu >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
	json_is 'v["huge pages"]["cpu_verdict"] == "more" and "more CPU time, sure" in v["huge pages"]["verdict_text"]'
	# a busy machine may change the time too
	json_is 'v["huge pages"]["verdict"] in ("slower", "faster") or v["huge pages"]["cause"] == "program"'
}

# What is slower by a wait of its own, under the library only, is found out.
a_difference_is_sure() {
	# shellcheck disable=SC2016
	"$hugectl" --heap --compare=4 --json sh -c \
		'[ -z "$HUGETLB_MORECORE" ] && sleep 0.15 || sleep 0.9' >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
	json_is 'v["huge pages"]["verdict"] == "slower" and v["huge pages"]["ratios"]["wall_s"]["low"] > 1.5'
	json_is 'v["huge pages"]["cause"] == "waiting"'
	# shellcheck disable=SC2016
	"$hugectl" --heap --compare=4 sh -c '[ -z "$HUGETLB_MORECORE" ] && sleep 0.9 || sleep 0.15' \
		>"$work/out" 2>"$work/err" || { show "$work/err"; fail "exit status $?"; }
	grep -qE '^  verdict  [5-9][0-9] % faster, sure ' "$work/out" || { show "$work/out"; fail "not faster"; }
	! grep '.\{81\}' "$work/out" || fail "more than 80 columns"
}

# each: one variant a feature, with its variables and no other feature's
features_run_alone() {
	"$hugectl" --compare=each,1 --json sh -c : >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
	json_is 'list(v) == ["plain", "heap", "mappings", "text and data", "shared memory", "all of these"]'
	json_is 'set(v["text and data"]["environment"]) == {"HUGETLB_ELFMAP", "HUGETLB_ELFMAP_OBJECTS", "LD_PRELOAD"}'
	json_is 'set(v["heap"]["environment"]) == {"HUGETLB_MORECORE", "LD_PRELOAD"}'
	json_is 'len(v["all of these"]["environment"]) == 6'
}

# Where transparent huge pages or none are asked for, none of the pool is missed.
missing_pages_are_noted() {
	local options
	for options in --heap=thp "--mmap=yes,thp" --auto --text; do
		"$hugectl" "$options" --compare=1 true >"$work/out" 2>"$work/err" || fail "$options: exit status $?"
		! grep -q 'No hugetlb page' "$work/out" || { show "$work/out"; fail "$options: pages are missed"; }
	done
	"$hugectl" --shm --compare=1 true >"$work/out" 2>"$work/err" || fail "--shm: exit status $?"
	grep -q '^  note     No hugetlb page was in use' "$work/out" || { show "$work/out"; fail "no page is missed"; }
}

automatic_by_default() {
	"$hugectl" --compare=1 --json sh -c : >"$work/out" 2>"$work/err" || { show "$work/err"; fail "exit status $?"; }
	json_is 'list(v) == ["plain", "huge pages"]'
	json_is '[v["huge pages"]["environment"][n] for n in ("HUGETLB_MORECORE", "HUGETLB_MMAP")] == ["auto"] * 2'
	"$hugectl" --compare=1 sh -c : | grep -qx '  with --auto' || fail "--auto is not named"
}

input_and_output_are_apart() {
	# each run reads all of the input, from a file and from a pipe
	seq 100 >"$work/input"
	"$hugectl" --heap --compare=2 sh -c '[ "$(wc -l)" = 100 ] && echo heard' <"$work/input" >"$work/out" 2>&1 ||
		{ show "$work/out"; fail "a file as input"; }
	! grep -q '^heard' "$work/out" || fail "the program's output is not apart"
	! grep -q 'differs between runs' "$work/out" || { show "$work/out"; fail "the same output differs"; }
	seq 100 | "$hugectl" --heap --compare=2 sh -c '[ "$(wc -l)" = 100 ]' >"$work/out" 2>&1 ||
		{ show "$work/out"; fail "a pipe as input"; }
	# shellcheck disable=SC2016
	"$hugectl" --heap --compare=2 sh -c 'echo "$HUGETLB_MORECORE"' >"$work/out" 2>&1 || fail "exit status $?"
	grep -q 's output differs between runs' "$work/out" || { show "$work/out"; fail "another output is not told"; }
}

ends_are_compared() {
	local status
	"$hugectl" --heap --compare=1 sh -c 'exit 3' >"$work/out" 2>"$work/err" || fail "the same end is no failure"
	# shellcheck disable=SC2016
	"$hugectl" --heap --compare=1 sh -c '[ -z "$HUGETLB_MORECORE" ] || exit 9' >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 1 ] || fail "exit status $status where the program fails on huge pages"
	says "hugectl: sh: exit status 9 with huge pages, 0 plain: the figures do not compare"
	"$hugectl" --heap --compare=1 /nowhere/program >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 127 ] || fail "exit status $status for no program"
	says "hugectl: /nowhere/program: No such file or directory"
}

# One server, ready in three ways; the load fails where the server is not there.
servers_are_loaded() {
	local port ready
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	cat >"$work/server.py" <<-'END'
		import socket, sys, time
		listener = socket.socket()
		listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		time.sleep(0.1)
		listener.bind(("127.0.0.1", int(sys.argv[1])))
		listener.listen()
		print("ready to serve", flush=True)
		while True:
		    client, _ = listener.accept()
		    client.send(b"served")
		    client.close()
	END
	cat >"$work/load.py" <<-'END'
		import socket, sys, time
		time.sleep(0.2)
		assert socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv(10) == b"served"
	END
	for ready in "$port" "/ready to [a-z]+\$/" "python3 $work/load.py $port 2>/dev/null"; do
		"$hugectl" --heap --compare=1 --json --ready="$ready" --load="python3 $work/load.py $port" \
			python3 "$work/server.py" "$port" >"$work/out" 2>"$work/err" ||
			{ show "$work/err"; fail "--ready=$ready: exit status $?"; }
		json_is 'all(0.2 <= r["wall_s"] < 5 for variant in v.values() for r in variant["runs"])'
		json_is 'all(r["exit_status"] == 0 and r["cpu_s"] > 0 for r in v["huge pages"]["runs"])'
	done
	refuses "--load: exit status 7: exit 7" --heap --compare=1 --ready="$port" --load='exit 7' \
		python3 "$work/server.py" "$port"
	refuses "--ready: the program ended before it was ready" --heap --compare=1 --ready="$port" --load=: true
	refuses "--ready: no regular expression: /(/" --heap --compare=1 --ready='/(/' --load=: sleep 5
}

refusals() {
	refuses "--compare: 0: not 1 to 1000, each, or each,<runs>" --compare=0 true
	refuses "--compare: every: not 1 to 1000, each, or each,<runs>" --compare=every true
	refuses "--compare: each,x: not 1 to 1000, each, or each,<runs>" --compare=each,x true
	refuses "--json goes with --compare or --advise" --json true
	refuses "--ready and --load go with --compare" --ready=80 --load=: true
	refuses "--advise, --compare and --dry-run exclude each other" --compare --advise true
	refuses "--ready and --load go together" --compare --ready=80 true
	refuses "--compare and --dry-run exclude each other" --compare --dry-run true
}

refusals
ends_are_compared
features_run_alone
missing_pages_are_noted
automatic_by_default
input_and_output_are_apart
a_difference_is_sure
all_costs_are_weighed
servers_are_loaded
figures_are_measured
