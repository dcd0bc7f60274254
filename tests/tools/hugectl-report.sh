#!/bin/bash
# hugectl --report names the largest process that has no report, and why, and each that a signal ended,
# without a trace in the program.
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
	/* hugectl looks each 50 ms; on a busy machine it may not for a second */
	return (int)sleep(count > 2 ? 60 : 2);
}
END
"${CC:-cc}" -O1 "$work/fill.c" -o "$work/fill" || fail "no program"

# remark <script>: what --report adds, of a shell's script
remark() {
	"$hugectl" --heap --report="$work/report" sh -c "$1" >"$work/out" 2>"$work/err" || fail "$1: exit status $?"
	for ((tries = 0; tries < 1200; tries++)); do
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

# What a signal ends has no table: the program, or a process of it. On a kernel that forgets an exit status
# when the parent takes it, the line may be missing.
version=$(uname -r)
minor=${version#*.}
may_miss=$((${version%%.*} * 1000 + ${minor%%.*} < 6015))
# ended <name> <signal> <script>
ended() {
	said=$(remark "$3")
	[[ $said =~ ^$1,\ process\ [0-9]+,\ [0-9]+\ MB,\ of\ it\ [0-9]+\ MB\ on\ hugetlb\ pages:\ ended\ by\ signal\ $2\ \(.*\)$ ]] ||
		{ [ $may_miss = 1 ] && [ -z "$said" ]; } || fail "$3: $said"
}
# two seconds, for hugectl to see its memory on a busy machine
ended fill 6 "$work/fill 40 wait & sleep 2; kill -ABRT \$!; wait; true"
ended fill 9 "$work/fill 2 wait & sleep 2; kill -KILL \$!; wait; true"
"$hugectl" --heap --report="$work/report" "$work/fill" 40 wait >"$work/out" 2>"$work/err" &
program=$!
until_asleep $program fill
sleep 2
kill -TERM $program
wait $program 2>/dev/null
[ $? = 143 ] || fail "the program is not ended by the signal"
for ((tries = 0; tries < 1200; tries++)); do
	[ -s "$work/report" ] && break
	sleep 0.05
done
[ $may_miss = 1 ] || grep -q "^hugectl: without a report: fill, process $program, .*: ended by signal 15 (" "$work/report" ||
	{ show "$work/report"; fail "nothing of the program that a signal ended"; }
rm -f "$work/report"

# The program has no child that it did not make, and no pipe stays open after it.
[ "$("$hugectl" --heap --report="$work/report" sh -c 'ps -o pid= --ppid $$ | wc -l; wait' 2>/dev/null)" -le 2 ] ||
	fail "the program has another child"
start=$EPOCHREALTIME
"$hugectl" --heap --report="$work/report" sh -c 'sleep 0.2; exit 3' 2>&1 | cat >"$work/out"
[ "${PIPESTATUS[0]}" = 3 ] || fail "another exit status"
seconds=$(awk -v start="$start" -v now="$EPOCHREALTIME" 'BEGIN { print now - start < 5 }')
[ "$seconds" = 1 ] || fail "a pipe stayed open"
