#!/bin/bash
# ld.hugetlbfs aligns and marks every kind of program with every linker, and the program runs with
# the library.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"

need_program objdump readelf
need_hugeedit
write_probe
tested=0

uses_library() {
	case $2 in
	pie | no-pie)
		readelf -d "$1" | grep -q 'NEEDED.*\[libhugetlbfs\.so\.0\]' ||
			fail "$1 does not need the library"
		;;
	*) nm "$1" | grep -q ' options_parse_size$' || fail "$1 does not contain the library" ;;
	esac
}

for linker in "${linkers[@]}"; do
	for kind in "${kinds[@]}"; do
		# shellcheck disable=SC2206
		words=(${words_of[$kind]} "-fuse-ld=$linker")
		linker_can "$linker" ${words_of[$kind]} || {
			echo "left out: $kind with $linker can't be linked here: $(head -n 1 "$work/plain.log")"
			continue
		}
		program=$work/$kind-$linker
		relinked "$program" "${words[@]}" -Wl,--hugetlbfs-align
		expect_alignment "$program" $huge_bytes
		expect_marks "$program" no no
		expect_runs "$program"
		uses_library "$program" "$kind"
		relinked "$program" "${words[@]}" -Wl,--hugetlbfs-link=BDT
		expect_alignment "$program" $huge_bytes
		expect_marks "$program" yes yes
		expect_runs "$program"
		expect_runs env HUGETLB_ELFMAP=no "$program"
		tested=$((tested + 1))
	done
done
((tested)) || skip "no linker of ${linkers[*]} works with $compiler here"
