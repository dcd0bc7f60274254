#!/bin/bash
# hugestat --advise: what is dense and big is worth huge pages, what is small or sparse is not; the
# command and the rule that are advised work.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program python3
# 64M that are full and 64M of which each 16th page is there, in mappings that stay small
cat >"$work/memory.py" <<'END'
import mmap, sys, time
def filled(step):
    memory = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for page in range(0, 64 << 20, step):
        memory[page] = 1
    return memory
kept = [filled(int(step) << 12) for step in sys.argv[1:]]
time.sleep(1.5) # so that it is observed once more when it has grown
sys.exit(7)
END

# advice_is <expression>: of the JSON in a file, as a, and its parts by name, as p
advice_is() {
	python3 -c 'import json, sys
a = json.load(open(sys.argv[1]))
a = a[0] if isinstance(a, list) else a
p = {part["part"]: part for part in a["parts"]}
if not eval(sys.argv[2]):
    sys.exit(sys.argv[2])' "$work/advice" "$1" >"$work/said" 2>&1 || { show "$work/said" "$work/advice"; fail "$1"; }
}

of_programs() {
	local status
	"$hugestat" --advise --json -- python3 "$work/memory.py" 1 16 2>"$work/advice"
	status=$?
	[ $status = 7 ] || { show "$work/advice"; fail "exit status $status, not the program's"; }
	advice_is 'a["version"] == 1 and a["name"].startswith("python3") and not a["static"]'
	advice_is '30 <= p["other mappings"]["dense_ranges"] <= 36'
	# the sparse half is better left alone
	advice_is 'a["options"] == ["--auto"] and p["other mappings"]["sparse_kb"] > 40 << 10'
	advice_is '30 <= a["pool_pages"] <= 60 and a["more_memory_kb"] < 4096'
	advice_is 'a["page_faults"] > 16000 and a["cpu_s"] > 0'
	# unless fresh memory is so dear here that a short program cannot gain
	advice_is 'a["fresh_fault_us"] <= 0.1 or a["verdict"] != "not worth it" and a["gain_low"] > 0'
	advice_is '-0.6 <= a["gain_low"] < a["gain_high"] <= 0.6'
	advice_is 'a["fresh_fault_us"] < a["fault_us"] * 2'

	"$hugestat" --advise --json -- python3 "$work/memory.py" 16 2>"$work/advice"
	advice_is 'a["verdict"] == "not worth it" and p["other mappings"]["dense_ranges"] < 8'
	"$hugestat" --advise --json -- true 2>"$work/advice" || fail "exit status $?"
	advice_is 'a["verdict"] == "not worth it"'

	# of a program that starts others the largest counts
	"$hugestat" --advise --json -- sh -c "python3 $work/memory.py 1; exit 4" 2>"$work/advice"
	[ $? = 4 ] || { show "$work/advice"; fail "another exit status"; }
	advice_is 'a["of_child"] and a["name"].startswith("python3") and 30 <= p["other mappings"]["dense_ranges"] <= 36'
	advice_is 'a["options"] == ["--mmap"] and a["verdict"] != "not worth it"'

	# by hugectl, for people, with the command to paste and a rule that is one
	"$hugectl" --advise python3 "$work/memory.py" 1 2>"$work/err"
	status=$?
	[ $status = 7 ] || { show "$work/err"; fail "hugectl --advise: exit status $status"; }
	grep -qxF "  hugectl --mmap python3 $work/memory.py 1" "$work/err" || { show "$work/err"; fail "no command"; }
	! grep -v "$work" "$work/err" | grep '.\{81\}' || fail "more than 80 columns"
	sed -n '/^    \[/,/^  [A-Z]/s/^    //p' "$work/err" >"$work/rule"
	grep -qx 'MMAP = yes' "$work/rule" || { show "$work/err"; fail "no rule"; }
	HUGETLB_CONFIG=$work/rule "$hugestat" --json >"$work/out"
	! grep -q '"config-' "$work/out" || { show "$work/rule" "$work/out"; fail "the rule is none"; }
	"$hugestat" --advise -- /nowhere/program 2>"$work/err" && fail "no program is no failure"
	[ "$(wc -l <"$work/err")" = 1 ] || { show "$work/err"; fail "advice on no program"; }
}

of_processes() {
	python3 -c 'import mmap, time
memory = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(0, 64 << 20, 4096):
    memory[page] = 1
print(1, flush=True)
time.sleep(100)' >"$work/ready" &
	local program=$!
	at_end "kill $program 2>/dev/null; wait $program 2>/dev/null"
	until [ -s "$work/ready" ]; do sleep 0.05; done
	"$hugestat" --advise --json $program >"$work/advice" || fail "exit status $?"
	advice_is '30 <= p["other mappings"]["dense_ranges"] <= 34 and "--mmap" in a["options"]'
	"$hugestat" --advise $program >"$work/out" || fail "exit status $?"
	grep -qE '^  hugectl --mmap python3' "$work/out" || { show "$work/out"; fail "no command"; }
	"$hugestat" --advise 4194305 >"$work/out" 2>&1 && fail "no process is no failure"
	return 0
}

# A file that is read in random order, page by page, is in small pages of the page cache.
of_files() {
	local file
	file=$(mktemp -p /var/tmp)
	at_end "rm -f $file"
	head -c 64M /dev/urandom >"$file" && sync "$file" && dd if="$file" iflag=nocache count=0 status=none
	cat >"$work/file.py" <<-'END'
		import mmap, sys, time
		with open(sys.argv[1], "rb") as file:
		    memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
		memory.madvise(mmap.MADV_RANDOM)
		while True:
		    print(sum(memory[page] for page in range(0, 64 << 20, 4096)), flush=True)
		    time.sleep(0.05)
	END
	python3 "$work/file.py" "$file" >"$work/read" &
	local program=$!
	at_end "kill $program 2>/dev/null; wait $program 2>/dev/null"
	until [ -s "$work/read" ]; do
		kill -0 $program 2>/dev/null || fail "the reader of a file ended"
		sleep 0.05
	done
	"$hugestat" $program >"$work/out" || fail "exit status $?"
	grep -q "^  $file: .* of 65536 kB on huge pages, " "$work/out" || { show "$work/out"; fail "no file by name"; }
	"$hugestat" --advise --json $program >"$work/advice" || fail "exit status $?"
	advice_is 'p["files"]["memory_kb"] >= 65536'
	# a file system that reads large pieces all the same has nothing to gain
	advice_is '("--files" in a["options"]) == (p["files"]["memory_kb"] - p["files"]["huge_kb"] >= 16 << 10)'
	advice_is 'a["pool_pages"] == 0'
	! grep -q -- --files "$work/advice" && return
	"$hugestat" --advise $program >"$work/out" || fail "exit status $?"
	grep -qx '  hugectl --files python3' "$work/out" && grep -qx '    MMAP_FILES = yes' "$work/out" &&
		grep -q "^  $file: " "$work/out" || { show "$work/out"; fail "another advice"; }
}

# What is touched, of all that is in memory: 8M of 64M again and again, and then nothing.
of_touched_memory() {
	[ -w /proc/self/clear_refs ] || return 0
	mkfifo "$work/stop"
	: >"$work/touching"
	python3 -c 'import mmap, select, sys, time
memory = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(0, 64 << 20, 4096):
    memory[page] = 1
print(1, flush=True)
while not select.select([sys.stdin], [], [], 0.05)[0]:
    for page in range(0, 8 << 20, 4096):
        memory[page] = 2
sys.stdin.read(1)
print(2, flush=True)
time.sleep(100)' <"$work/stop" >"$work/touching" &
	local program=$!
	exec 8>"$work/stop"
	at_end "exec 8>&-; kill $program 2>/dev/null; wait $program 2>/dev/null"
	until grep -q 1 "$work/touching"; do sleep 0.05; done
	"$hugestat" --advise --json $program >"$work/advice" || fail "exit status $?"
	advice_is 'a["touched_by"] in ("clear_refs", "damon") and 1.5 < a["touched_s"] < 20'
	# DAMON samples
	advice_is '(4, 8)[a["touched_by"] != "damon"] << 10 <= p["other mappings"]["touched_kb"]'
	advice_is 'p["other mappings"]["touched_kb"] <= (48, 9)[a["touched_by"] != "damon"] << 10'
	"$hugestat" --advise $program >"$work/out" || fail "exit status $?"
	grep -qE '^  touched within [0-9.]+ s: by (DAMON \(samples\)|the accessed bits of its page tables \(clear_refs\))$' \
		"$work/out" || { show "$work/out"; fail "the means is not named"; }
	! grep '.\{81\}' "$work/out" || fail "more than 80 columns"
	echo >&8
	until grep -q 2 "$work/touching"; do sleep 0.05; done
	"$hugestat" --advise --json $program >"$work/advice" || fail "exit status $?"
	advice_is 'p["other mappings"]["touched_kb"] <= 1024'
}

# Into a static program nothing can be preloaded.
of_static_programs() {
	cat >"$work/static.c" <<-'END'
		#include <stdlib.h>
		#include <unistd.h>
		int main(void)
		{
			volatile char *memory = malloc(64 << 20);

			for (int i = 0; i < 64 << 20; i += 4096)
				memory[i] = 1;
			return sleep(1);
		}
	END
	${CC:-cc} -O2 -static "$work/static.c" -o "$work/static" 2>/dev/null || return 0
	"$hugestat" --advise -- "$work/static" >"$work/out" 2>&1 || fail "exit status $?"
	grep -q 'Not worth it' "$work/out" || grep -qE '^  hugestat --collapse [0-9]+$' "$work/out" ||
		{ show "$work/out"; fail "another advice for a static program"; }
	! grep -q 'hugectl --' "$work/out" || fail "a static program is to be preloaded"
}

of_programs
of_processes
of_files
of_touched_memory
of_static_programs
refuses "--json goes with --compare or --advise" --json true
