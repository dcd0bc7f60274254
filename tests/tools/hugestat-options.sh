#!/bin/bash
# hugestat prints one line and fails for bad input, keeps a program's exit status, ends --watch, and
# names functions with --perf-map.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"

refused() {
	"$hugestat" "$@" >"$work/out" 2>"$work/err" && fail "$*: accepted"
	[ -s "$work/err" ] || fail "$*: nothing said"
	grep -q '^[^ ]*hugestat: ' "$work/err" || { show "$work/err"; fail "$*: not our line"; }
}

bad_input() {
	refused --bogus
	refused --interval=0 --watch $$
	refused --interval=x --watch $$
	refused --count=-1 --watch $$
	refused --count=99999999999999999999999 --watch $$
	refused --watch
	refused --check $$
	refused --output "$work/report" $$
	refused --interval=1 $$
	refused --count=1 $$
	refused --
	refused $$ -- true
	refused --json --check $$
	refused $$ --check
	refused 0
	refused 99999999999999999999
	refused 4194305
	refused no-such-program-anywhere
	"$hugestat" >/dev/full 2>"$work/err" && fail "a full device is no failure"
	grep -q 'standard output' "$work/err" || fail "a full device is not told"
}

status_of() {
	local status
	"$hugestat" "$@" >"$work/out" 2>"$work/err"
	status=$?
	echo $status
}

programs_end_as_ever() {
	[ "$(status_of -- sh -c 'echo text; exit 7')" = 7 ] || fail "another exit status than 7"
	[ "$(cat "$work/out")" = text ] || fail "the program's output changed"
	grep -qE '^sh, process [0-9]+: kB' "$work/err" || { show "$work/err"; fail "no report"; }
	# shellcheck disable=SC2016
	[ "$(status_of -- sh -c 'kill -TERM $$')" = 143 ] || fail "another status than a shell's"
	[ "$(status_of -- /nowhere/program)" = 127 ] || fail "another status for no program"
	! grep -q 'kB in memory' "$work/err" || fail "a report of no program"
	[ "$(status_of -- "$cases/threads" 4)" = 0 ] || { show "$work/err"; fail "threads"; }
	grep -q '^  heap (threads, large blocks)' "$work/err" || { show "$work/err"; fail "no report of threads"; }
	status_of --json -- true >/dev/null
	! command -v python3 >/dev/null || python3 -m json.tool <"$work/err" >"$work/out" ||
		fail "no JSON at the end of a program"
	[ "$(status_of "--output=$work/report" -- sh -c 'echo error >&2; exit 3')" = 3 ] || fail "--output"
	[ "$(cat "$work/err")" = error ] && grep -qE '^sh, process [0-9]+: kB' "$work/report" ||
		{ show "$work/err" "$work/report"; fail "--output: not there"; }
	[ "$(status_of -o "$work/report" --json -- true)" = 0 ] && [ ! -s "$work/err" ] &&
		[ "$(head -c 1 "$work/report")" = "{" ] || { show "$work/report"; fail "-o"; }
	refused --output "$work/nowhere/report" -- touch "$work/touched"
	[ ! -e "$work/touched" ] || fail "a program without a place for its report was run"
}

# Tracing would take a set-uid program's rights away: it runs without a report. Root may trace it.
set_uid_programs_keep_their_rights() {
	[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || return 0
	! findmnt -nT "$work" -o OPTIONS | grep -qw nosuid || return 0
	chmod 711 "$work"
	cp "$hugestat" "$work/hugestat"
	cp "$(command -v id)" "$work/id"
	chmod 4755 "$work/id"
	(cd "$work" && PATH=$work:$PATH setpriv --reuid 65534 --clear-groups ./hugestat -- id -u) \
		>"$work/out" 2>"$work/err" || fail "a set-uid program: exit status $?"
	[ "$(cat "$work/out")" = 0 ] || { show "$work/out"; fail "a set-uid program has lost its rights"; }
	[ "$(cat "$work/err")" = "hugestat: no report: id runs with other rights than yours" ] ||
		{ show "$work/err"; fail "why there is no report is not told"; }
	[ "$(status_of -- "$work/id" -u)" = 0 ] && grep -qE '^id, process' "$work/err" ||
		{ show "$work/err"; fail "root gets no report of a set-uid program"; }
}

# A signal to hugestat is the program's, which may answer it.
signals_are_passed_on() {
	local status
	: >"$work/out"
	# shellcheck disable=SC2016
	"$hugestat" -- bash -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done' \
		>"$work/out" 2>"$work/err" &
	local here=$!
	at_end "kill -9 $here 2>/dev/null"
	until grep -q ready "$work/out"; do sleep 0.05; done
	kill -TERM $here
	wait $here
	status=$?
	[ $status = 5 ] || fail "exit status $status after SIGTERM"
	grep -qE '^bash, process [0-9]+: kB' "$work/err" || { show "$work/err"; fail "no report"; }
	"$hugestat" -- sleep 100 2>"$work/err" &
	here=$!
	at_end "kill -9 $here 2>/dev/null"
	until pgrep -P $here -x sleep >/dev/null; do sleep 0.05; done
	kill -USR1 $here
	wait $here
	status=$?
	[ $status = $((128 + 10)) ] || fail "exit status $status after SIGUSR1"
}

valid_json() {
	command -v python3 >/dev/null || return 0
	"$hugestat" --json "$@" >"$work/out" || fail "--json $*: exit status $?"
	python3 -X utf8 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$work/out" ||
		{ show "$work/out"; fail "--json $*: no JSON"; }
}

# A thread of the kernel, one of another user, one that is gone, and one whose name is no word.
processes_of_all_kinds() {
	local odd="$work/eep"$'\n\033]0;\302\233\377'"\"\\x" gone process
	sleep 0 & gone=$!
	wait $gone
	refused $gone
	grep -qi 'no such process' "$work/err" || { show "$work/err"; fail "a process that is gone"; }
	if grep -qx kthreadd /proc/2/comm; then
		refused 2
		grep -q 'a thread of the kernel' "$work/err" || { show "$work/err"; fail "kthreadd"; }
	fi
	cp "$(command -v sleep)" "$odd"
	"$odd" 100 &
	process=$!
	at_end "kill $process 2>/dev/null; wait $process 2>/dev/null"
	until_asleep $process eep
	valid_json $process
	valid_json --verbose --numa $process
	"$hugestat" --verbose $process >"$work/out" || fail "a process with an odd name"
	! LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xff' "$work/out" ||
		{ cat -v "$work/out"; fail "a name reaches the terminal as it is"; }
	head -n 1 "$work/out" | grep -qF 'eep\012\033]0;\302\233\377"\x, process' ||
		{ cat -v "$work/out"; fail "the name is not shown"; }
	valid_json
	valid_json --numa
	! command -v python3 >/dev/null || python3 - "$work/out" <<-'END' || fail "--json --numa: other nodes"
		import glob, json, re, sys
		nodes = json.load(open(sys.argv[1], encoding="utf-8"))["nodes"]
		files = glob.glob("/sys/devices/system/node/node*/meminfo")
		assert sorted(node["node"] for node in nodes) == sorted(
		    int(re.search("node([0-9]+)/", path).group(1)) for path in files), nodes
		for node in nodes:
		    text = open("/sys/devices/system/node/node%d/meminfo" % node["node"]).read()
		    assert node["kb"]["MemTotal"] == int(re.search("MemTotal: *([0-9]+) kB", text).group(1))
		    assert len(node["kb"]) + len(node["pages"]) == len(text.splitlines()), node
	END
	[ "$(id -u)" = 0 ] || return 0
	valid_json --pages $process
	command -v setpriv >/dev/null || return 0
	chmod 711 "$work"
	cp "$hugestat" "$work/hugestat"
	setpriv --reuid 65534 --clear-groups "$work/hugestat" $process >"$work/out" 2>"$work/err" &&
		fail "another user's process is shown"
	grep -q "another user's" "$work/err" || { show "$work/err"; fail "another user's process"; }
}

# The program's memory under the library: the break, the arenas and the mappings are told apart.
heap_is_named() {
	(($(pool_value 2M free_hugepages) - $(pool_value 2M resv_hugepages) >= 150)) || return 0
	status_of -- env LD_PRELOAD="$LIB" HUGETLB_MORECORE=yes "$helpers/print-heap" >/dev/null
	awk '/^  heap \(main\)/ && $4 >= 20480 { found = 1 } END { exit !found }' "$work/err" ||
		{ show "$work/err"; fail "20M of the break are not there"; }
	status_of -- env LD_PRELOAD="$LIB" HUGETLB_MORECORE=yes "$helpers/page-kinds" stack \
		>/dev/null </dev/null
	awk '/^  heap \(threads, large blocks\)/ && $6 >= 2048 { found = 1 } END { exit !found }' "$work/err" ||
		{ show "$work/err"; fail "the arena is not there"; }
	status_of -- env LD_PRELOAD="$LIB" HUGETLB_MMAP=yes "$helpers/page-kinds" thp=1 >/dev/null </dev/null
	awk '/^  other mappings/ && $4 >= 2048 { found = 1 } END { exit !found }' "$work/err" ||
		{ show "$work/err"; fail "the mapping is not there"; }
}

# The file that the caller's programs would read, be its name what it may.
own_configuration() {
	local file="$work/it's a \$(file)"$'\033'
	printf 'MORECORE = yes\nMORECROE = yes\n' >"$file"
	HUGETLB_CONFIG=$file "$hugestat" --check >"$work/out" 2>"$work/err" && fail "a bad line is no problem"
	# the text is wrapped
	tr -s ' \n' ' ' <"$work/out" | grep -qE '^ \[WRONG\] config-line: line 2 of .*MORECROE = yes as root: ' ||
		{ show "$work/out"; fail "HUGETLB_CONFIG: the line is not named"; }
	! grep -q $'\033' "$work/out" || fail "a file's name reaches the terminal as it is"
	HUGETLB_CONFIG=$file "$hugestat" --json >"$work/out" 2>"$work/err"
	! command -v python3 >/dev/null || python3 -c 'import json, subprocess, sys
for finding in json.load(open(sys.argv[1]))["findings"]:
    if finding["name"] == "config-line":
        subprocess.run(["sh", "-c", finding["command"]], check=True)' "$work/out" || fail "the command fails"
	[ "$(sed -n 2p "$file")" = "# MORECROE = yes" ] || { show "$file"; fail "the line is there still"; }
}

watching_ends() {
	sleep 100 &
	local sleeper=$!
	at_end "kill $sleeper 2>/dev/null; wait $sleeper 2>/dev/null"
	until_asleep $sleeper sleep
	"$hugestat" --watch --interval=0.05 --count=3 $sleeper >"$work/out" || fail "--watch fails"
	[ "$(grep -c '^sleep, process' "$work/out")" = 3 ] || { show "$work/out"; fail "not three times"; }
	! grep -q $'\033' "$work/out" || fail "a terminal's codes in a file"
	"$hugestat" --watch --json --interval=0.05 --count=2 $sleeper >"$work/out" || fail "--json --watch"
	[ "$(wc -l <"$work/out")" = 2 ] || { show "$work/out"; fail "not one line a picture"; }
	: >"$work/out"
	"$hugestat" --watch --interval=0.05 $sleeper >"$work/out" 2>/dev/null &
	local watch=$!
	until grep -q '^sleep, process' "$work/out"; do
		kill -0 $watch 2>/dev/null || fail "nothing watched"
		sleep 0.05
	done
	kill $sleeper
	wait $sleeper $watch 2>/dev/null
}

# letter <letter and arguments> -- <long option and arguments>: the same lines but for their figures
letter() {
	local short=()
	while [ "$1" != -- ]; do
		short+=("$1")
		shift
	done
	shift
	"$hugestat" "$@" >"$work/long" 2>&1
	expected=$?
	"$hugestat" "${short[@]}" >"$work/short" 2>&1
	[ $? = $expected ] || { show "$work/short"; fail "${short[*]} ends otherwise than $*"; }
	# pages and flags of pages change from call to call; with how many others a page is shared does, too,
	# and what is 0 is not shown
	sed -i 's/ \(Shared\|Private\)_\(Clean\|Dirty\) [0-9]* kB,//g; s/ \(Pss_Dirty\|Referenced\) [0-9]* kB,//g
		/0x/d; /, user /d; / more (hugestat/d; /^  nobody/d; /page size  in use/d; s/[0-9 #]//g' "$work/long" "$work/short"
	cmp -s <(sort -u "$work/long") <(sort -u "$work/short") ||
		{ diff <(sort -u "$work/long") <(sort -u "$work/short"); fail "${short[*]} shows other lines than $*"; }
	[ -s "$work/short" ] || [ "$1" = --check ] || fail "${short[*]} shows nothing"
}

letters_do_the_same() {
	sleep 100 &
	local sleeper=$! expected
	at_end "kill $sleeper 2>/dev/null; wait $sleeper 2>/dev/null; rm -f /tmp/perf-$sleeper.map"
	until_asleep $sleeper sleep
	letter -c -- --check
	letter -n -- --numa
	letter -j $sleeper -- --json $sleeper
	letter -v $sleeper -- --verbose $sleeper
	letter -n $sleeper -- --numa $sleeper
	[ "$(id -u)" != 0 ] || letter -p $sleeper -- --pages $sleeper
	letter -w -i 0.05 -N 2 $sleeper -- --watch --interval 0.05 --count=2 $sleeper
	letter -m $sleeper -- --perf-map $sleeper
	[ "$("$hugestat" -t -N1 | head -n 1)" = "$("$hugestat" --top --count=1 | head -n 1)" ] || fail "-t"
	[ "$(grep -c '^sleep, process' < <("$hugestat" -wi0.01 -N3 $sleeper))" = 3 ] || fail "-wi -N"
	kill $sleeper
	wait $sleeper 2>/dev/null
}

# perf_map_names_functions [<name of a memfd>]: anonymous memory, or a file's
perf_map_names_functions() {
	rm -f "$work/wait" "$work/address"
	mkfifo "$work/wait"
	"${lost_text-$helpers/anonymous-text}" "$@" <"$work/wait" >"$work/address" &
	local program=$! told=
	at_end "kill $program 2>/dev/null; wait $program 2>/dev/null; rm -f /tmp/perf-$program.map"
	exec 8>"$work/wait"
	until [ -s "$work/address" ]; do sleep 0.05; done
	"$hugestat" --perf-map $program >"$work/out" || { show "$work/out"; fail "no map"; }
	grep -qE "^$(cat "$work/address") [0-9a-f]+ function_on_lost_page$" /tmp/perf-$program.map ||
		{ show /tmp/perf-$program.map; fail "the function is not named"; }
	! grep -q function_behind /tmp/perf-$program.map || fail "a function with a file is named"
	head -n 1 "$work/out" | grep -qx "/tmp/perf-$program.map: 1 functions in 1 mappings of text \
without a file" || { show "$work/out"; fail "the map is not told"; }
	# perf has its own mind of text with a file's name: that is told, and nothing else
	[ $# = 0 ] || told="perf does not use that file for text whose mapping has a file name, such as
/memfd:$1 (deleted): start the program under perf, or set HUGETLB_ELFMAP_BACKING=thp or file"
	[ "$(sed 1d "$work/out")" = "$told" ] || { show "$work/out"; fail "what perf does is not told"; }
	exec 8>&-
	wait $program || fail "anonymous-text: exit status $?"
}

bad_input
programs_end_as_ever
set_uid_programs_keep_their_rights
signals_are_passed_on
processes_of_all_kinds
heap_is_named
own_configuration
watching_ends
letters_do_the_same
# A program that was linked for huge pages has holes between its segments; one without symbols has no
# names, which is a failure.
perf_map_of_other_links() {
	local lost_text=$work/aligned
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -I"$tests/lib" -I"$tests/../src/arch/$(uname -m)" \
		-Wl,-z,max-page-size=0x200000 -Wl,-z,common-page-size=0x200000 \
		"$tests/helpers/anonymous-text.c" -o "$lost_text" -pthread 2>"$work/err" || return 0
	perf_map_names_functions
	command -v strip >/dev/null || return 0
	strip "$lost_text"
	rm -f "$work/wait" "$work/address"
	mkfifo "$work/wait"
	"$lost_text" <"$work/wait" >"$work/address" &
	local program=$!
	at_end "kill $program 2>/dev/null; wait $program 2>/dev/null; rm -f /tmp/perf-$program.map"
	exec 8>"$work/wait"
	until [ -s "$work/address" ]; do sleep 0.05; done
	refused --perf-map $program
	grep -qx "hugestat: no names for the text at $(cat "$work/address"): its file has no symbols there" \
		"$work/err" || { show "$work/err"; fail "missing names are not told"; }
	exec 8>&-
	wait $program
}

perf_map_names_functions
perf_map_names_functions libhugetlbfs
perf_map_of_other_links
