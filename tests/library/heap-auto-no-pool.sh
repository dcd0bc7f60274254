#!/bin/bash
# HUGETLB_MORECORE=auto prints nothing and works when the pool is empty.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

set_pool 0
for words in "1" "100" "100 1000 2" "100 40000000"; do
	# shellcheck disable=SC2086 # they are several
	read -r all thp hugetlb < <(preloaded HUGETLB_MORECORE=auto "$helpers/print-memory" $words \
		2>"$work/err")
	[ ! -s "$work/err" ] || { show "$work/err"; fail "$words: lines on stderr"; }
	[ -n "$thp" ] && [ "$hugetlb" = 0 ] || fail "$words: $all kB, $hugetlb kB hugetlb"
done
