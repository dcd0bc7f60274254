#!/bin/bash
# A set-uid program ignores every variable of the library. The dynamic linker ignores LD_PRELOAD
# there unless the library is in a trusted directory and is set-uid itself, so the program is linked
# with the library, which it names by its path.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_program setpriv
need_pages 50 2M
directory=$(mktemp -d /var/tmp/libhugetlbfs-test.XXXXXX) || exit 1
at_end "rm -rf $directory"
chmod 755 "$directory"
cp "$LIB" "$directory/libhugetlbfs.so.0"
chmod 644 "$directory/libhugetlbfs.so.0"
# The name that the linker records is a path: nothing has to be searched for at the start.
"${CC:-cc}" -shared -o "$directory/named.so" -Wl,-soname,"$directory/libhugetlbfs.so.0" -x c /dev/null ||
	fail "no library to link with"
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -I"$tests/lib" -o "$directory/program" -Wl,--no-as-needed \
	"$tests/helpers/print-heap.c" "$directory/named.so" || fail "the program does not link"
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -I"$tests/lib" -o "$directory/segments" -Wl,--no-as-needed -pthread \
	"$tests/cases/segments-probe.c" "$directory/named.so" || fail "the second program does not link"
run() {
	setpriv --reuid=65534 --clear-groups env HUGETLB_MORECORE=yes HUGETLB_DEBUG=yes \
		"HUGETLB_REPORT=$directory/report" "$directory/program" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
}
chmod 755 "$directory/program"
run
(($(lines_of_ours "$work/err") > 0)) || fail "it says nothing without the set-uid bit either"
chmod 4755 "$directory/program"
findmnt -nT "$directory" -o OPTIONS | grep -qw nosuid && skip "set-uid programs are off in /var/tmp"
rm -f "$directory/report"
run
no_lines_of_ours "$work/err"
[ ! -e "$directory/report" ] || fail "it wrote a report"
grep -q libhugetlbfs.so "$work/out" || fail "the library is not there at all"
grep -vE 'libhugetlbfs\.so|/program' "$work/out" | grep -E 'huge' && fail "the heap is on huge pages"

# Its text and data. The kernel may put file pages on transparent huge pages by itself.
hugetlb_pages() {
	setpriv --reuid=65534 --clear-groups env HUGETLB_ELFMAP=RW "$directory/segments" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "the second program: exit status $?"; }
	awk 'NF == 6 { pages += $4 } END { print pages }' "$work/out"
}
chmod 755 "$directory/segments"
(($(hugetlb_pages) >= 4)) || { show "$work/out" "$work/err"; fail "text is not on huge pages without the bit"; }
chmod 4755 "$directory/segments"
(($(hugetlb_pages) == 0)) || { show "$work/out"; fail "text and data are on huge pages"; }
no_lines_of_ours "$work/err"
exit 0
