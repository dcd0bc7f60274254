#!/bin/bash
# sqlite3 gives the same output: tables, indexes, joins, JSON, a database file.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program sqlite3
cat >"$work/statements.sql" <<-'END'
	pragma journal_mode = off;
	create table t (id integer primary key, name text, value real);
	with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
	insert into t select i, 'name ' || (i * 7919 % 100003), i * 0.5 from n;
	create index by_name on t (name);
	select count(*), sum(value), min(name) from t;
	select substr(name, 6, 2), count(*) from t group by 1 order by 2 desc, 1 limit 20;
	select count(*) from t a join t b on a.name = b.name;
	select length(group_concat(name)) from t;
	delete from t where id % 2; vacuum;
	pragma integrity_check;
	select no_such_column from t;
END
same_as_plain "${program_settings[@]}" -- sh -c "rm -f $work/db; sqlite3 $work/db <$work/statements.sql"
grep -q '^ok$' "$work/plain.out" || { show "$work/plain.out" "$work/plain.err"; fail "sqlite3 itself fails"; }
