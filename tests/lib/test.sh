# What the tests' scripts share; sourced by each of them. tests/check gives BUILD and LIB.
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cases=$BUILD/tests/cases
helpers=$BUILD/tests/helpers
work=$(mktemp -d "${TMPDIR:-/tmp}/libhugetlbfs-test.XXXXXX") || exit 1
cleanups=()

# Remembers a command that puts something back; they run backwards, also after a signal.
at_end() {
	cleanups+=("$*")
}

# No variable of ours is in use while a command runs, which may set any.
clean_up() {
	local cleanup
	while ((${#cleanups[@]})); do
		cleanup=${cleanups[-1]}
		unset 'cleanups[-1]'
		eval "$cleanup"
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

skip() {
	echo "$*"
	exit 77
}

fail() {
	echo "failed: $*"
	exit 1
}

# Shows a file in the output of a test that fails.
show() {
	local file
	for file; do
		echo "--- ${file##*/}:"
		head -n 40 "$file"
	done
}

need_program() {
	local name
	for name; do
		command -v "$name" >/dev/null || skip "needs $name"
	done
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# Skips where a command can't have a mount namespace of its own, "$helpers/own-mounts" COMMAND….
need_own_mounts() {
	need_root
	"$helpers/own-mounts" true 2>/dev/null || skip "needs mount namespaces"
}

# A number of a pool, or its file: pool_value 2M free_hugepages
pool_file() {
	case $1 in
	2M) echo "/sys/kernel/mm/hugepages/hugepages-2048kB/$2" ;;
	1G) echo "/sys/kernel/mm/hugepages/hugepages-1048576kB/$2" ;;
	esac
}

pool_value() {
	cat "$(pool_file "$1" "$2")" 2>/dev/null || echo 0
}

# A script that tests/check runs while others may have the pool takes nothing of it.
pool_is_ours() {
	[ "${CHECK_POOL-}" != no ] || fail "it uses huge pages and says that it needs none"
}

# Skips unless so many pages are free: need_pages 150 2M
need_pages() {
	local free
	pool_is_ours
	free=$(($(pool_value "$2" free_hugepages) - $(pool_value "$2" resv_hugepages)))
	((free >= $1)) || skip "needs $1 free huge pages of $2, there are $free"
}

# Until a program that does nothing but sleep does so: with its name alone it may still be loading libraries.
# until_asleep <process> <part of its name>
until_asleep() {
	until grep -q "$2" "/proc/$1/comm" && grep -q '^State:.S' "/proc/$1/status"; do
		kill -0 "$1" 2>/dev/null || fail "$2 ended"
		sleep 0.05
	done
}

# until_written <file> <process>: until the process has written there; fails if it ends without
until_written() {
	until [ -s "$1" ]; do
		kill -0 "$2" 2>/dev/null || [ -s "$1" ] || return
		sleep 0.05
	done
}

# Before what is to be on transparent huge pages: other tests leave memory in pieces.
compact() {
	[ ! -w /proc/sys/vm/compact_memory ] || echo 1 >/proc/sys/vm/compact_memory
}

# write_pool PAGES [1G]: where memory is in pieces the kernel finds enough only after it has compacted.
write_pool() {
	local file try
	file=$(pool_file "${2:-2M}" nr_hugepages)
	pool_is_ours
	for try in 1 2 3 4 5; do
		echo "$1" >"$file"
		(($(cat "$file") == $1)) && return
		compact
		sleep "0.$try"
	done
	return 1
}

# Makes the pool of 2M pages so big for the time of the test: nobody else's pages are taken.
set_pool() {
	local file=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages used
	[ -w "$file" ] || skip "needs root and pages of 2M"
	if [ -z "${pool_before-}" ]; then
		pool_before=$(cat "$file")
		at_end "write_pool $pool_before"
	fi
	used=$((pool_before - $(pool_value 2M free_hugepages)))
	((used == 0)) || [ -n "${pool_set-}" ] || skip "the pool is in use by others"
	pool_set=1
	write_pool "$1" || skip "a pool of $1 pages of 2M is not available"
}

# The tests of real programs run three times; HEAP says how: the heap on hugetlb pages (yes), on
# transparent ones (thp), or on hugetlb pages with the text and data of everything (segments).
program_settings=("HUGETLB_MORECORE=${HEAP-}")
case ${HEAP-} in
yes) need_pages 250 2M ;;
segments)
	need_pages 400 2M
	program_settings=(HUGETLB_MORECORE=yes HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_OBJECTS=all)
	;;
esac

# As env: preloaded HUGETLB_MORECORE=yes program arguments
preloaded() {
	env LD_PRELOAD="$LIB" "$@"
}

# Lines of ours in a file.
lines_of_ours() {
	grep -c '^libhugetlbfs' "$1"
}

no_lines_of_ours() {
	[ "$(lines_of_ours "$1")" = 0 ] || {
		show "$1"
		fail "the library had something to say"
	}
}

# Runs a command plain, then under the library with the settings before "--": exit status and output
# must be the same, and the library silent. Leaves $plain_status, and plain.out, plain.err, ours.out and
# ours.err in $work.
same_as_plain() {
	local settings=() status
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	shift
	env "$@" >"$work/plain.out" 2>"$work/plain.err"
	plain_status=$?
	preloaded "${settings[@]}" "$@" >"$work/ours.out" 2>"$work/ours.err"
	status=$?
	[ $status = $plain_status ] || {
		show "$work/ours.out" "$work/ours.err" "$work/plain.err"
		fail "exit status $status, plain $plain_status"
	}
	cmp -s "$work/plain.out" "$work/ours.out" || {
		diff "$work/plain.out" "$work/ours.out" | head -n 40
		fail "another output than plain"
	}
	no_lines_of_ours "$work/ours.err"
}
