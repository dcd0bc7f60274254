#!/bin/bash
# HUGETLB_REPORT follows no symbolic link, and appends to no file of another user or with a second name;
# one line says so.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
own=$work/own
shared=$work/shared
mkdir -m 1777 "$shared"
plain=$work/plain
mkdir -m 755 "$plain"

# refused <file> <error>: root's own file stays as it is.
refused() {
	echo mine >"$own"
	preload "$1" 2>"$work/err" || fail "$1: exit status $?"
	[ "$(cat "$own")" = mine ] || { show "$own"; fail "written through $1"; }
	[ "$(wc -l <"$work/err")" = 1 ] && grep -q "HUGETLB_REPORT: $1 cannot be written ($2)" "$work/err" ||
		{ show "$work/err"; fail "not one line for $1, or another"; }
	rm -f "$1"
}

preload() {
	env "LD_PRELOAD=$LIB" "HUGETLB_REPORT=$1" true
}

for directory in "$plain" "$shared"; do
	ln -s "$own" "$directory/link"
	chown -h 65534 "$directory/link"
	refused "$directory/link" '\(ELOOP\|EACCES\)' # EACCES: sysctl fs.protected_*
	echo mine >"$own"
	ln "$own" "$directory/second"
	refused "$directory/second" EPERM
done

# Another user's file gets nothing.
echo theirs >"$plain/other"
chown 65534 "$plain/other"
preload "$plain/other" 2>"$work/err"
[ "$(cat "$plain/other")" = theirs ] || fail "appended to another user's file"
grep -qF "$plain/other cannot be written (EPERM)" "$work/err" || { show "$work/err"; fail "no line"; }

# One's own is appended to, and what the kernel gives as a link is followed.
for file in "$plain/new" "$plain/new" /dev/stderr; do
	preload "$file" 2>"$work/err" || fail "$file: exit status $?"
	! grep -q "cannot be written" "$work/err" || { show "$work/err"; fail "$file is refused"; }
done
[ "$(grep -c 'kB in memory' "$plain/new")" = 2 ] || { show "$plain/new"; fail "not two tables"; }
grep -q 'kB in memory' "$work/err" || { show "$work/err"; fail "no table on /dev/stderr"; }
exit 0
