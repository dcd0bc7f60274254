#!/bin/bash
# A shell that makes 300 command substitutions has few page faults per fork more than plain. Its small
# heap leaves huge pages after the first forks, with one line at INFO. Children of bash run the
# library's destructor, which dash's do not.
#
# libc's text is in five mappings under the library, of one before, and a fork's child has a page fault in
# each of them that it runs: 3 more per fork with glibc 2.36, 6 with 2.31 and 2.41, of 26 to 34 plain ones.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 50 2M
need_program python3
loop='i=0; while [ $i -lt 300 ]; do x=$(echo $i); i=$((i + 1)); done; echo $x'

# Page faults of a command and its children, SETTING… -- COMMAND…: the least of five runs, as they differ
# by several hundred, plain ones as well.
faults() {
	for _ in 1 2 3 4 5; do
		faults_once "$@" || return
	done | sort -n | head -n 1
}

faults_once() {
	local settings=()
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	shift
	env "${settings[@]}" python3 -c '
import os, resource, subprocess, sys
library = os.environ.pop("LIBRARY", None)
if library:
    os.environ["LD_PRELOAD"] = library
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt)' "$@"
}

for shell in dash bash; do
	command -v $shell >/dev/null || continue
	more=6
	[ $shell = dash ] || more=14
	plain=$(faults -- $shell -c "$loop") || fail "$shell: plain"
	ours=$(faults LIBRARY="$LIB" HUGETLB_MORECORE=yes -- $shell -c "$loop") || fail "$shell: with the library"
	((ours - plain <= more * 300 + 500)) || fail "$shell: $ours page faults, plain $plain"
	preloaded HUGETLB_MORECORE=yes HUGETLB_VERBOSE=3 $shell -c "$loop" >"$work/out" 2>"$work/err" ||
		fail "$shell: exit status $?"
	[ "$(cat "$work/out")" = 299 ] || fail "$shell: printed $(cat "$work/out")"
	[ "$(grep -c 'the process forks often' "$work/err")" = 1 ] ||
		{ show "$work/err"; fail "$shell: not one line"; }
done
