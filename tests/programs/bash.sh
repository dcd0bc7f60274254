#!/bin/bash
# bash gives the same output: loops with many forks, pipes, command substitution and big variables.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

cat >"$work/program.sh" <<-'END'
	sum=0
	for i in {1..300}; do sum=$((sum + $(echo $((i * 2))))); done
	echo $sum
	for i in {1..50}; do seq 1000 | sort -rn | head -n 1 & done | sort | uniq -c
	wait
	text=$(seq 200000)
	echo ${#text} $(wc -c <<<"$text")
	declare -A map
	for i in {1..50000}; do map[key$i]=$i; done
	echo ${#map[@]} ${map[key777]}
	(exit 9)
END
same_as_plain "${program_settings[@]}" -- bash "$work/program.sh"
[ "$plain_status" = 9 ] || { show "$work/plain.err"; fail "bash itself fails"; }
