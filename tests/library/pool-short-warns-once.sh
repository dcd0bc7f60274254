#!/bin/bash
# A pool that is too small gives one warning per process, with threads too.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

set_pool 20
for command in "small-blocks 200" "threads 8" large-in-threads "fork many-children"; do
	# shellcheck disable=SC2086
	preloaded HUGETLB_MORECORE=yes "$cases"/$command 2>"$work/err" ||
		{ show "$work/err"; fail "$command: exit status $?"; }
	[ "$(lines_of_ours "$work/err")" = 1 ] ||
		{ show "$work/err"; fail "$command: not one line of warning"; }
	grep -q WARNING "$work/err" || { show "$work/err"; fail "$command: no warning"; }
done
