#!/bin/bash
# Text and data survive unusual starts: the break directly after bss, threads before the first
# constructor, little address space, policies against executable memory, closed descriptors. One
# line names what is not possible.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"
. "$(dirname "$0")/../lib/segments.sh"

need_pages 100 2M
write_probe
compile_segments_probe
settings=(HUGETLB_ELFMAP=RW)

# run LINK WORDS words…: a program linked so, its words, and what goes before it.
run() {
	local program=$1 words=$2 kind=${1%-*} link=${1#*-} status
	shift 2
	# shellcheck disable=SC2046,SC2086
	timeout 100 "$@" env $(library_for "$kind" "$link") "${settings[@]}" "$work/$program" $huge_bytes \
		$words >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 0 ] && held_what_it_held "$work/out" || {
		show "$work/err" "$work/out"
		fail "$program $words, ${settings[*]}, $*: exit status $status"
	}
	grep -v '^libhugetlbfs \[.*WARNING: ' "$work/err" && fail "$program, $*: another line"
	[ -z "$(sed 's/WARNING: \([a-z]*\):.*/\1/' "$work/err" | sort | uniq -d)" ] ||
		{ show "$work/err"; fail "$program, $*: two lines about the same"; }
}

pages_of() {
	awk -v rows="$1" '$1 ~ rows { sum += $4 + $5 } END { print sum + 0 }' "$work/out"
}

linked=()
for kind in pie no-pie static static-pie; do
	for link in stock align; do
		# shellcheck disable=SC2086
		linker_can bfd ${words_of[$kind]} || continue
		# Two of the kinds have a dash of their own.
		name=${kind/-/_}-$link
		link_segments_probe "$work/$name" $kind bfd $link || { show "$work/$name.log"; fail "no $name"; }
		linked+=("$name")
	done
done

# Without randomization the break begins right behind bss, in the same huge page.
for program in "${linked[@]}"; do
	run "$program" fork setarch -R
	(($(pages_of 'big-(text|const|data|bss)') >= 8)) || { show "$work/out"; fail "$program: not huge"; }
done

# Threads that the program starts before its constructors come after the library's, and data is huge, as
# without them; in a static program they come before, as in one with the libpthread of a glibc before 2.34,
# and data that they may write to is left alone, with a line. Text is huge in both.
for program in "${linked[@]}"; do
	run "$program" "thread fork"
	case $program$(ldd "$work/$program" 2>/dev/null) in
	static* | *libpthread*)
		(($(pages_of 'data|bss') == 0)) || { show "$work/out"; fail "$program: data of two threads"; }
		[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "$program: not one line"; }
		;;
	*)
		(($(pages_of 'data|bss') >= 4)) || { show "$work/out"; fail "$program: data is small"; }
		no_lines_of_ours "$work/err"
		;;
	esac
	(($(pages_of 'text') >= 2)) || { show "$work/out"; fail "$program: text is small beside threads"; }
	for ((turn = 0; turn < 5; turn++)); do
		run "$program" "thread fork"
	done
done

# Little address space: the moved segments take up to 8M of it (a program that has less left to grow fails
# earlier than without the library).
for program in pie-stock pie-align; do
	for ((megabytes = 45; megabytes <= 90; megabytes += 5)); do
		# shellcheck disable=SC2046
		env $(library_for pie "${program#*-}") HUGETLB_ELFMAP=no \
			prlimit --as=$((megabytes << 20)) "$work/$program" >"$work/out" 2>/dev/null &&
			held_what_it_held "$work/out" || continue
		run "$program" fork prlimit --as=$((megabytes << 20))
		settings=(HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=thp)
		run "$program" fork prlimit --as=$((megabytes << 20))
		settings=(HUGETLB_ELFMAP=RW)
	done
done

# Descriptors 0, 1 and 2 closed: none of ours takes their place.
for program in pie-stock pie-align; do
	# shellcheck disable=SC2046
	env $(library_for pie "${program#*-}") HUGETLB_ELFMAP=RW bash -c 'exec "$@" 0<&- 2>&-' - \
		"$work/$program" quiet >"$work/out" || fail "$program with closed descriptors: $?"
	held_what_it_held "$work/out" || fail "$program with closed descriptors"
done
