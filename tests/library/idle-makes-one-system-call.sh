#!/bin/bash
# With no variable set, the library's only system call at start is the check for the configuration
# file.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program strace
config=/etc/libhugetlbfs.conf
[ ! -e $config ] || skip "there is a $config here"
: | "${CC:-cc}" -shared -o "$work/libhugetlbfs.so" -x c - || fail "no empty library"
# What strace sees of a start, without what differs between any two: addresses, sizes, names.
calls() {
	strace -f -E LD_PRELOAD="$1" -o "$work/whole-trace" /bin/true || fail "strace"
	grep -vF $config "$work/whole-trace" >"$work/trace"
	awk '{ sub(/^[0-9]+ +/, ""); sub(/\(.*/, ""); print }' "$work/trace" | sort | uniq -c
	grep -oE 'open(at)?\(.*"[^"]*"' "$work/trace" | grep -v libhugetlbfs | sort
}
calls "$work/libhugetlbfs.so" >"$work/empty"
calls "$LIB" >"$work/ours"
[ "$(grep -cF $config "$work/whole-trace")" = 1 ] || {
	grep -F $config "$work/whole-trace"
	fail "not one call about $config"
}
# An empty library has as many segments as its linker likes: how often it is mapped is no matter.
mapping='^ *[0-9]+ (mmap|mprotect|pread64|munmap)$'
diff <(grep -vE "$mapping" "$work/empty") <(grep -vE "$mapping" "$work/ours") >"$work/difference" ||
	{ cat "$work/difference"; fail "other calls than an empty library's"; }
count() { awk '$2 ~ /^(mmap|mprotect|pread64|munmap)$/ { sum += $1 } END { print sum }' "$1"; }
(($(count "$work/ours") <= $(count "$work/empty") + 1)) || {
	show "$work/empty" "$work/ours"
	fail "more mappings than an empty library"
}
