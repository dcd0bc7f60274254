# Other ways to huge pages, in the same run on the same work: malloc's own tunables, other allocators alone
# and on our pages, the distribution's libhugetlbfs, and the limit, a program that maps its memory from the
# pool by hand. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

# One a line: a name, then its assignments.
peers=()

find_library() {
	local file
	for file in /usr/lib*/"$1"* /usr/lib/*-linux-gnu*/"$1"*; do
		[ -e "$file" ] && echo "$file" && return
	done
	return 1
}

# The distribution's package is unpacked, not installed: its tools have the names of ours.
find_distribution_library() {
	local cache=$build/bench/packages suite architecture
	[ -e /etc/debian_version ] && command -v dpkg >/dev/null || return 1
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	architecture=$(dpkg --print-architecture)
	. tests/env/debian.sh
	(debian_unpack "$suite" "$architecture" "$cache/libhugetlbfs-$suite" libhugetlbfs0) \
		>/dev/null 2>&1 || return 1
	find "$cache/libhugetlbfs-$suite" -name 'libhugetlbfs.so*' | grep -m1 .
}

add_allocator() {
	local name=$1 heap=$2 file
	shift 2
	file=$(find_library "lib$3") || return 0
	peers+=("$name|LD_PRELOAD=$file|$1"
		"$name, our pages|LD_PRELOAD=$file $library|HUGETLB_MMAP=yes|HUGETLB_MORECORE=$heap|$2")
}

find_peers() {
	local file name
	[ ${#peers[@]} = 0 ] || return 0
	peers=("ours, yes|LD_PRELOAD=$library|HUGETLB_MORECORE=yes"
		"ours, auto|LD_PRELOAD=$library|HUGETLB_MORECORE=auto|HUGETLB_MMAP=auto|HUGETLB_ELFMAP=auto"
		"ours, thp|LD_PRELOAD=$library|HUGETLB_MORECORE=thp"
		"glibc tunable 1|GLIBC_TUNABLES=glibc.malloc.hugetlb=1"
		"glibc tunable 2|GLIBC_TUNABLES=glibc.malloc.hugetlb=2")
	# what each of them has for huge pages; on ours it is off
	add_allocator jemalloc no MALLOC_CONF=thp:always MALLOC_CONF=thp:default jemalloc.so
	add_allocator tcmalloc yes A= A= tcmalloc_minimal.so
	add_allocator mimalloc no MIMALLOC_ALLOW_LARGE_OS_PAGES=1 A= mimalloc.so
	file=$(find_distribution_library) &&
		peers+=("distribution's libhugetlbfs|LD_PRELOAD=$file|HUGETLB_MORECORE=yes")
	for name in "${!peers[@]}"; do
		peers[name]=${peers[name]//|A=/}
	done
}

peer_heading() {
	printf '\n%-29s%-18s%8s%8s%12s%12s\n' "$1" time ratio cpu "page faults" "p slower"
}

# peer_rows <work>: the lines of turns in $work/numbers, by the names in ${columns[@]}.
peer_rows() {
	local line i=0
	while read -r line; do
		result peers "$1" "${columns[i]}" "$line"
		# shellcheck disable=SC2086 # the numbers of one line
		set -- "$1" $line
		awk -v name="${columns[i]}" -v ns="$3" -v ratio="$7" -v cpu="$9" -v faults="$6" \
			-v slower="${10}" 'BEGIN {
			by = ns < 1e6 ? 1e3 : ns < 1e9 ? 1e6 : 1e9
			unit = by == 1e3 ? "us" : by == 1e6 ? "ms" : "s"
			printf "%-29s%-18s%8.3f%8.3f%12d%12s\n", name, sprintf("%.1f %s", ns / by, unit), ratio, \
				cpu, faults, slower < 0.0005 ? "<0.001" : sprintf("%.3f", slower)
		}'
		i=$((i + 1))
	done <"$work/numbers"
}

# peer_work <name> <rounds> <megabytes> <--own or ""> <arguments that make it by hand, or ""> -- <command>
# The allocators that cannot run it are left out with a line.
peer_work() {
	local name=$1 times=$2 megabytes=$3 own=$4 hand=$5 peer words=() commands=()
	shift 6
	selected "peers: $name" && prepare "$name" "$megabytes" || return 0
	find_peers
	columns=(plain)
	commands=("${plain[@]}" "$@")
	for peer in "${peers[@]}"; do
		IFS='|' read -ra words <<<"$peer"
		if ! env "${words[@]:1}" "$@" >/dev/null 2>&1; then
			echo "  | ${words[0]} cannot run this"
			continue
		fi
		columns+=("${words[0]}")
		commands+=(-- "${words[@]:1}" "$@")
	done
	if [ -n "$hand" ]; then
		columns+=("MAP_HUGETLB by hand")
		commands+=(-- "${plain[@]}" "$@" "$hand")
	fi
	progress "peers: $name"
	# shellcheck disable=SC2086 # one option or none
	if ! measure $own --warm "$megabytes" "$(rounds "$times")" "${commands[@]}"; then
		failed=1
		printf '%-29s FAILED\n' "$name"
		tell_messages
		return
	fi
	progress_end
	peer_heading "$name"
	peer_rows "$name"
}

bench_peers() {
	pending_heading=()
	peer_work "fill 2G" 9 2048 "" hand -- "$programs/fill" 2048
	peer_work "updates in 2G, 30M random" 9 2048 --own hand -- "$programs/updates" 2048 30000000
	peer_work "threads: 8 x 2M malloc/free" 9 256 "" "" -- "$programs/threads" 8 2000000
	[ -n "$quick" ] || peer_work "lifetimes of blocks, 400M" 5 700 "" "" -- "$programs/lifetimes" 400 4 8
}
