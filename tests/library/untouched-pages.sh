#!/bin/bash
# Hugetlb pages that the program has not touched stay untouched when a part of one is changed and at a fork,
# and leave the pool when set_mempolicy() confines the process; on a machine that seems to have two nodes.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_own_mounts
need_pages 60 2M
nodes=/sys/devices/system/node/has_memory
[ -e $nodes ] || skip "the kernel knows no nodes"
# The same one twice: the kernel's answers about it fit.
first=$(sed 's/[^0-9].*//' $nodes)
echo "$first,$first" >"$work/nodes"

for what in split fork policy; do
	# shellcheck disable=SC2016 # the inner shell's
	"$helpers/own-mounts" bash -c 'mount --bind "$1" "$2" || exit 77; shift 2; exec "$@"' - "$work/nodes" $nodes \
		env "LD_PRELOAD=$LIB" HUGETLB_MMAP=yes "$helpers/untouched-pages" $what >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 77 ] && skip "nothing can be mounted over $nodes"
	[ $status = 0 ] || { show "$work/out" "$work/err"; fail "$what: exit status $status"; }
	no_lines_of_ours "$work/err"
done
exit 0
