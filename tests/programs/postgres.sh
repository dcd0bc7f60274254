#!/bin/bash
# postgres gives the same answers: initdb and a server.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

directory=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1)")
[ -x "$directory/initdb" ] || directory=$(dirname "$(command -v initdb || echo /nowhere/initdb)")
[ -x "$directory/initdb" ] || skip "needs the postgres server"

# The server refuses to run as root.
as_nobody=()
if [ "$(id -u)" = 0 ]; then
	need_program setpriv
	as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 711 "$work"
fi
cat >"$work/statements.sql" <<-'END'
	create table t (id int primary key, name text, value numeric);
	insert into t select i, md5(i::text), i * 1.5 from generate_series(1, 100000) i;
	create index on t (name);
	update t set value = value + 1 where id % 3 = 0;
	analyze t;
	select count(*), sum(value), min(name), max(name) from t;
	select substr(name, 1, 1) as letter, count(*), avg(value) from t group by 1 order by 1;
	select count(*) from t a join t b on a.id = b.id + 1 where a.name < b.name;
	select length(string_agg(name, ',' order by id)) from t;
	set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set parallel_tuple_cost = 0;
	set min_parallel_table_scan_size = 0;
	select sum(hashtext(name)::bigint) from t;
	delete from t where id > 50000; vacuum full t; select count(*) from t;
END
# answers WORD SETTING...: what the statements give, in $work/WORD.out
answers() {
	local name=$1 data=$work/$1
	shift
	mkdir "$data" "$data/run"
	[ ${#as_nobody[@]} = 0 ] || chown -R 65534:65534 "$data"
	(
		cd "$data" || exit 1
		run=("${as_nobody[@]}" env PGHOST="$data/run" "$@")
		"${run[@]}" "$directory/initdb" -D "$data/cluster" -U tester -A trust --no-sync \
			>"$data/initdb.log" 2>&1 || exit 1
		"${run[@]}" "$directory/pg_ctl" -D "$data/cluster" -w -t 100 -l "$data/server.log" \
			-o "-c listen_addresses='' -k $data/run -c fsync=off" start >"$data/start.log" || exit 1
		"${run[@]}" "$directory/psql" -X -U tester -d postgres -v ON_ERROR_STOP=1 \
			<"$work/statements.sql" >"$data/answers" 2>"$data/psql.err"
		status=$?
		"${run[@]}" "$directory/pg_ctl" -D "$data/cluster" -w -m fast stop >>"$data/start.log"
		exit $status
	) || { show "$data"/*.log "$data/psql.err"; fail "$name: exit status $?"; }
}
[ -x "$directory/psql" ] || skip "needs psql"
at_end '"${as_nobody[@]}" "$directory/pg_ctl" -D "$work/ours/cluster" -m immediate stop >/dev/null 2>&1'
at_end '"${as_nobody[@]}" "$directory/pg_ctl" -D "$work/plain/cluster" -m immediate stop >/dev/null 2>&1'
answers plain
answers ours LD_PRELOAD="$LIB" "${program_settings[@]}"
cmp "$work/plain/answers" "$work/ours/answers" || fail "other answers than plain"
no_lines_of_ours "$work/ours/server.log"
no_lines_of_ours "$work/ours/psql.err"
