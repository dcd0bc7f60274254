#!/bin/bash
# What hugestat, hugectl and hugeadm write as JSON is what the schema says, and all of it is in the schema.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program python3
schema=$tests/../src/tools/schema-1.json

# is <definition> <list|lines|one> <tool> [argument ...]: its output
is() {
	local definition=$1 form=$2
	shift 2
	"$BUILD/bin/$1" "${@:2}" >"$work/out" 2>"$work/err" || { show "$work/err"; fail "$*: exit status $?"; }
	[ -s "$work/out" ] || cp "$work/err" "$work/out"
	python3 "$tests/helpers/json_schema.py" "$schema" "$definition" "$form" <"$work/out" 2>"$work/said" ||
		{ show "$work/said"; fail "$*"; }
}

python3 -c 'x = bytearray(20 << 20); import time; time.sleep(100)' &
program=$!
at_end "kill $program 2>/dev/null; wait $program 2>/dev/null"
if [ -x "$BUILD/bin/hugestat" ]; then
	is hugestat-system one hugestat --json
	is hugestat-system one hugestat --json --numa
	is hugestat-users one hugestat --users --json
	is hugestat-process list hugestat --json $program $$
	is hugestat-process list hugestat --json --numa --verbose $program
	is hugestat-process one hugestat --json -- true
	is hugestat-top lines hugestat --top --json --count=2 --interval=0.1
	is hugestat-why list hugestat --why --json --verbose $program
	is hugestat-advise list hugestat --advise --json $program
	is hugestat-advise one hugestat --advise --json -- true
	if [ "$(id -u)" = 0 ] && [ -r /proc/kpageflags ]; then
		is hugestat-machine one hugestat --pages --json
		is hugestat-process list hugestat --pages --json --verbose $program
		"$BUILD/bin/hugestat" --collapse --json $program >"$work/out" 2>/dev/null &&
			is hugestat-collapse list hugestat --collapse --json $program
	fi
fi
is hugectl-compare one hugectl --heap=thp --compare=2 --json true
is hugeadm-list one hugeadm --json --pool-list --list-all-mounts --page-sizes --page-sizes-all --list-shared-text --files --explain

# The schema has each field of smaps, those too that this kernel or this processor lacks.
fields=$(sed -n 's/^\t\[SMAPS_[A-Z_]*\] = "\(.*\)",$/\1/p' "$tests/../src/proc/smaps.c")
[ "$(grep -c . <<<"$fields")" -ge 24 ] || fail "fields of smaps: $fields"
for field in $fields; do
	grep -q "\"$field\": {\"type\": \"integer\"}" "$schema" || fail "$field is not in the schema"
done

# It finds a member that is missing, one too many, and one of another type.
"$BUILD/bin/hugeadm" --json --pool-list >"$work/good"
for change in 's/"version": 1/"version": 2/' 's/"minimum_pages": \([0-9]*\)/"minimum_pages": "\1"/' \
	's/"free_pages"/"pages_free"/' 's/"version": 1,/"version": 1, "more": 1,/'; do
	sed "$change" "$work/good" >"$work/bad"
	cmp -s "$work/good" "$work/bad" && fail "$change changes nothing"
	python3 "$tests/helpers/json_schema.py" "$schema" hugeadm-list <"$work/bad" 2>/dev/null && fail "$change is not found"
done
true
