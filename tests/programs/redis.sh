#!/bin/bash
# redis-server has the same data after a reload: 200,000 keys and a snapshot by a child process
# during writes.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program redis-server redis-cli
socket=$work/socket
ask() {
	redis-cli -s "$socket" "$@"
}
cd "$work" || exit 1
# before redis 7 the debug command was enabled, and had no option
options=()
redis-server --version | grep -q 'v=[1-6]\.' || options=(--enable-debug-command yes)
preloaded "${program_settings[@]}" redis-server --port 0 --unixsocket "$socket" --dir "$work" --save '' \
	"${options[@]}" >"$work/out" 2>"$work/err" &
server=$!
at_end "kill $server 2>/dev/null"
for _ in {1..600}; do
	[ "$(ask ping 2>/dev/null)" = PONG ] && break
	sleep 0.1
done
ask debug populate 200000 key 100 >/dev/null || { show "$work/out"; fail "no server"; }
for i in {1..2000}; do
	echo "hset hash$((i % 50)) field$i value$i"
	echo "zadd set$((i % 20)) $i member$i"
done | ask >/dev/null
ask bgsave >/dev/null
# the parent writes while the child saves
for i in {1..5000}; do echo "set key:$i changed$i"; done | ask >/dev/null
for _ in {1..1800}; do
	ask info persistence | grep -q 'rdb_bgsave_in_progress:0' && break
	sleep 0.1
done
ask info persistence | grep -q 'rdb_last_bgsave_status:ok' || { show "$work/out"; fail "BGSAVE failed"; }
before=$(ask debug digest)
[ "$(ask dbsize)" -ge 200000 ] || fail "$(ask dbsize) keys"
ask debug reload >/dev/null
after=$(ask debug digest)
[ "$before" = "$after" ] || fail "digest $before before, $after after the reload"
ask shutdown nosave
wait $server || { show "$work/out"; fail "exit status $?"; }
no_lines_of_ours "$work/err"
