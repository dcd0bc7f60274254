#!/bin/bash
# Text, constants, data and bss are on huge pages in programs of every kind from every linker, stock
# and relinked. With R, W and RW; RELRO stays read-only, and no content is lost.
#
# Stock: the whole huge pages inside each segment. Relinked: every page. What is not asked for stays
# where it was.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"
. "$(dirname "$0")/../lib/segments.sh"

need_pages 60 2M
mkdir "$work/lost"

# rows_are FILE LINK SETTING: each row of the probe's output is what the setting asks for. The kernel
# puts file pages on transparent huge pages when it likes, so these are not looked at.
rows_are() {
	awk -v link="$2" -v setting="$3" '
	$1 == "relro" { relro = $6; next }
	NF != 6 { next }
	{
		rows++
		asked = $1 ~ /text|const/ ? setting ~ /R/ : setting ~ /W/
		expected = !asked ? 0 : link == "stock" ? $3 : $2
		if ($4 != expected) {
			print $1 ": " $4 " pages on hugetlb, expected " expected
			wrong = 1
		}
	}
	END {
		if (rows != 8 || relro == "" || relro == "writable")
			print rows " rows, RELRO " relro
		exit wrong || rows != 8 || relro == "" || relro == "writable"
	}' "$1"
}

rights_of() {
	awk 'NF == 6 { print $1, $6 }' "$1"
}

# cell NAME LINK SETTING words…: the program, with one setting.
cell() {
	local name=$1 link=$2 setting=$3 out=$work/$1-$3
	shift 3
	timeout 60 env "$@" "$work/$name" $huge_bytes fork >"$out.out" 2>"$out.err" || {
		echo "$name, $setting: exit status $?"
		cat "$out.err"
		return 1
	}
	[ ! -s "$out.err" ] || {
		echo "$name, $setting: there is a line"
		cat "$out.err"
		return 1
	}
	rows_are "$out.out" "$link" "$setting" >"$out.wrong" || {
		sed "s/^/$name, $setting: /" "$out.wrong"
		return 1
	}
	diff <(rights_of "$work/$name-none.out") <(rights_of "$out.out") >"$out.wrong" || {
		sed "s/^/$name, $setting: other rights: /" "$out.wrong"
		return 1
	}
}

# cells NAME LINK words…: all settings of one program.
cells() {
	local name=$1 link=$2 setting wrong=0
	shift 2
	cell "$name" "$link" none HUGETLB_ELFMAP=no "$@" || return
	for setting in R W RW; do
		cell "$name" "$link" $setting HUGETLB_ELFMAP=$setting "$@" || wrong=1
	done
	# What is marked is backed without being asked for.
	if [ "$link" = BDT ]; then
		cell "$name" "$link" RW- "$@" || wrong=1
	fi
	return $wrong
}

# program KIND LINKER LINK: links one and runs its cells.
program() {
	local kind=$1 linker=$2 link=$3 name=$1-$2-$3
	link_segments_probe "$work/$name" "$kind" "$linker" "$link" || {
		echo "$name: can't be linked: $(head -n 3 "$work/$name.log")"
		return 1
	}
	# shellcheck disable=SC2046
	cells "$name" "$link" $(library_for "$kind" "$link") && rm "$work/$name"
}

at_most() {
	while (($(jobs -rp | wc -l) >= $1)); do
		wait -n
	done
}

write_probe
compile_segments_probe
at_end 'kill $(jobs -p) 2>/dev/null; wait'
count=0
for kind in "${kinds[@]}"; do
	for linker in "${linkers[@]}"; do
		# shellcheck disable=SC2086
		linker_can "$linker" ${words_of[$kind]} || {
			echo "left out: $kind with $linker can't be linked here: $(head -n 1 "$work/plain.log")"
			continue
		}
		for link in stock align BDT; do
			at_most "$(nproc)"
			program "$kind" "$linker" $link >"$work/lost/$kind-$linker-$link" &
			count=$((count + 1))
		done
	done
done
wait
((count)) || skip "no linker of ${linkers[*]} works with $compiler here"
find "$work/lost" -empty -delete
for file in "$work/lost"/*; do
	[ -e "$file" ] || exit 0
	cat "$file"
done
fail "$(find "$work/lost" -type f | wc -l) of $count programs"
