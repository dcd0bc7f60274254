#!/bin/bash
# A heap uses huge pages that were added to the pool after the program's start.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

set_pool 300
set_pool 0
mkfifo "$work/go" "$work/said"
preloaded HUGETLB_MORECORE=yes EXPECT_PAGES=75 "$helpers/pool-grows" \
	<"$work/go" >"$work/said" 2>"$work/err" &
program=$!
exec 5>"$work/go" 6<"$work/said"
read -r line <&6
[ "$line" = small ] || fail "it said $line"
set_pool 300
echo go >&5
read -r line <&6
wait $program || { show "$work/err"; fail "exit status $?"; }
(($(lines_of_ours "$work/err") <= 1)) || { show "$work/err"; fail "more than one line"; }
