# For the tests of text, data and bss: segments-probe.c linked in every way, and programs that take
# pages from it. Sourced after test.sh and relink.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later

probe_source=$tests/cases/segments-probe.c
whole_library="-L$BUILD/lib -Wl,--whole-archive -lhugetlbfs -Wl,--no-whole-archive"

compile_probe_as() {
	"$compiler" -std=gnu11 -D_GNU_SOURCE -O2 -I"$tests/lib" -c "$probe_source" -o "$work/$1" "$2" || fail "no $1"
}

compile_segments_probe() {
	compile_probe_as position-independent.o -fPIE
	compile_probe_as fixed.o -fno-PIE
}

# link_segments_probe OUTPUT KIND LINKER LINK words…: stock, align or BDT (the last two by
# ld.hugetlbfs). What the linker says is in OUTPUT.log.
link_segments_probe() {
	local output=$1 kind=$2 linker=$3 link=$4 object=$work/position-independent.o words
	shift 4
	[ "$kind" != no-pie ] && [ "$kind" != static ] || object=$work/fixed.o
	# shellcheck disable=SC2206
	words=(${words_of[$kind]} "-fuse-ld=$linker" "$object" -o "$output" -pthread "$@")
	# shellcheck disable=SC2206
	case $link in
	stock) [[ $kind != static* ]] || words+=($whole_library) ;;
	align) words+=(-B "$wrapper" -Wl,--hugetlbfs-page-size=2M -Wl,--hugetlbfs-align) ;;
	BDT) words+=(-B "$wrapper" -Wl,--hugetlbfs-page-size=2M -Wl,--hugetlbfs-link=BDT) ;;
	esac
	"$compiler" "${words[@]}" >"$output.log" 2>&1
}

# How the library comes into a program that was linked so: words for env.
library_for() {
	if [ "$2" = stock ] && [[ $1 != static* ]]; then
		echo "LD_PRELOAD=$LIB"
	fi
}

# The last line of a good run.
held_what_it_held() {
	[ "$(tail -n 1 "$1")" = "as it was" ]
}
