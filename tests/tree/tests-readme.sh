#!/bin/bash
# tests/README.md lists every test, and every source file has a test.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

# list_of <directory>: in $work/list, complaints in $work/err
list_of() {
	"$1/list" >"$work/list" 2>"$work/err"
}

list_of "$tests" || { show "$work/err"; fail "see tests/list"; }
sed -n '/^<!-- tests\/list/,$p' "$tests/README.md" | diff - "$work/list" ||
	fail "tests/README.md is out of date: tests/list --update writes it"
for directory in "$tests" "$tests"/*/; do
	(($(ls "$directory" | wc -l) <= 90)) || fail "more than 90 files in $directory"
done

# A copy with faults: each of them is found.
mkdir "$work/tree"
cp -r "$tests" "$tests/../src" "$work/tree/"
copy=$work/tree/tests
finds() {
	list_of "$copy" && fail "not found: $1"
	grep -qF "$1" "$work/err" || { show "$work/err"; fail "no line: $1"; }
}
list_of "$copy" || { show "$work/err"; fail "the copy"; }
echo 'int nothing;' >"$work/tree/src/base/untested.c"
finds "src/base/untested.c: no unit test of its name"
rm "$work/tree/src/base/untested.c"
echo "base/gone  api" >>"$copy/sources"
finds "there is no src/base/gone.c"
sed -i '/^base\/gone/d' "$copy/sources"
sed -i 's/^\(api\/map *\)api/\1no-such-test/' "$copy/sources"
finds "there is no test no-such-test"
cp "$tests/sources" "$copy/sources"
printf '#!/bin/bash\ntrue\n' >"$copy/tools/api.sh"
finds "two tests have the name api"
finds "tools/api.sh: its first comment begins with no sentence"
