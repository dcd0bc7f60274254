#!/bin/bash
# hugectl --report names the largest process that has no report, and why, without a trace in the program.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

cat >"$work/fill.c" <<'END'
#include <stdlib.h>
#include <unistd.h>
int main(int count, char **words)
{
	const size_t bytes = (size_t)atoi(count > 1 ? words[1] : "0") << 20;
	volatile char *memory = malloc(bytes + 1);

	for (size_t i = 0; i < bytes; i += 4096)
		memory[i] = 1;
	return usleep(300000);
}
END
"${CC:-cc}" -O1 "$work/fill.c" -o "$work/fill" || fail "no program"

# remark <script>: what --report adds, of a shell's script
remark() {
	"$hugectl" --heap --report="$work/report" sh -c "$1" >"$work/out" 2>"$work/err" || fail "$1: exit status $?"
	for ((tries = 0; tries < 100; tries++)); do
		pgrep -f "[h]ugectl --heap --report=$work/report" >/dev/null || break
		sleep 0.05
	done
	sed -n 's/^hugectl: without a report: //p' "$work/report"
	rm -f "$work/report"
}

said=$(remark "env -u LD_PRELOAD $work/fill 40; env -u LD_PRELOAD $work/fill 20")
[[ $said =~ ^fill,\ process\ [0-9]+,\ 4[0-9]\ MB:\ LD_PRELOAD\ is\ not\ in\ its\ environment\; ]] ||
	fail "without LD_PRELOAD: $said"
said=$(remark "$work/fill 40")
[ -z "$said" ] || fail "of a process with a report: $said"
said=$(remark "env -u LD_PRELOAD $work/fill 4")
[ -z "$said" ] || fail "of a small process: $said"
if "${CC:-cc}" -O1 -static "$work/fill.c" -o "$work/static" 2>/dev/null; then
	said=$(remark "$work/static 40")
	[[ $said == "static, process "*" MB: it is linked statically; while it runs: hugestat --collapse" ]] ||
		fail "a static one: $said"
fi

# The program has no child that it did not make, and no pipe stays open after it.
[ "$("$hugectl" --heap --report="$work/report" sh -c 'ps -o pid= --ppid $$ | wc -l; wait' 2>/dev/null)" -le 2 ] ||
	fail "the program has another child"
start=$EPOCHREALTIME
"$hugectl" --heap --report="$work/report" sh -c 'sleep 0.2; exit 3' 2>&1 | cat >"$work/out"
[ "${PIPESTATUS[0]}" = 3 ] || fail "another exit status"
seconds=$(awk -v start="$start" -v now="$EPOCHREALTIME" 'BEGIN { print now - start < 5 }')
[ "$seconds" = 1 ] || fail "a pipe stayed open"
