#!/bin/bash
# A file that is truncated and written to while it is mapped: on huge pages of its page cache all is seen
# as on small pages; a copy stays what it was, without SIGBUS, but for parts that the program changes, for
# the end that is mapped from the file, and for a new mapping.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

mount_for_files
need_pages 20 2M
before=$(free_pages)

# of_kind <settings>: both kinds of mappings, in $work/out
of_kind() {
	local kind
	: >"$work/out"
	: >"$work/err"
	for kind in shared private; do
		echo "--- $kind" >>"$work/out"
		env "$@" "$helpers/truncated-file" "$disk/a file" $kind >>"$work/out" 2>>"$work/err" ||
			{ show "$work/err"; fail "$*: exit status $?"; }
	done
}

of_kind A=1
cp "$work/out" "$work/plain"
grep -q '^shorter: start old, before the end old, in the last page zero, in the last huge page SIGBUS, beyond SIGBUS' \
	"$work/plain" || { show "$work/plain"; fail "the program itself sees something else"; }
of_kind "LD_PRELOAD=$LIB" HUGETLB_MMAP_FILES=yes
diff "$work/plain" "$work/out" || fail "in its page cache: other than plain"
! grep -v 'keeps no huge pages of files' "$work/err" || fail "in its page cache: a line"

of_kind "LD_PRELOAD=$LIB" HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount"
no_lines_of_ours "$work/err"
cat >"$work/copy" <<-'END'
	at first: start old, before the end old, in the last page old, in the last huge page old, beyond old, in the tail old
	shorter: start old, before the end old, in the last page old, in the last huge page old, beyond old, in the tail SIGBUS
	shorter, in parts: start old, before the end old, in the last page zero, in the last huge page SIGBUS, beyond SIGBUS, in the tail SIGBUS
	longer again: start old, before the end old, in the last page zero, in the last huge page zero, beyond zero, in the tail zero
	written to: start old, before the end new, in the last page new, in the last huge page new, beyond new, in the tail new
	mapped again: start new, before the end new, in the last page new, in the last huge page new, beyond new, in the tail new
END
for kind in shared private; do
	sed -n "/^--- $kind/,/^--- private/{/^---/!p}" "$work/out" | diff "$work/copy" - || fail "$kind: another copy"
done
rm -rf "$copies"
[ "$(free_pages "$before")" = "$before" ] || fail "$((before - $(free_pages))) pages are lost"
