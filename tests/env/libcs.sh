# Tests on this machine's kernel: the heap program built for other C libraries and for 32 bits,
# under the one library that was built here. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

scenarios=(small threads8 threads48 large realloc fork fork-threads partial-page partial-page-thread
	partial-page-sandbox segments segments-thp dlopen dlopen-data dlopen-archive)

# What is left of the pool that was reserved.
pool_pages()
{
	local pool=/sys/kernel/mm/hugepages/hugepages-2048kB

	[ -r $pool/free_hugepages ] || {
		echo 0
		return
	}
	echo $(($(<$pool/free_hugepages) - $(<$pool/resv_hugepages)))
}

# heap_passes <library> <heap program> <argument> ...: status 0, and not a word on stderr.
heap_passes()
{
	local preload=$1 status

	shift
	run_limited 120 env LD_PRELOAD="$preload" HUGETLB_MORECORE=2M "$@" \
		>"$scratch/out" 2>"$scratch/err"
	status=$?
	[ "$status" = 0 ] && [ ! -s "$scratch/err" ] && return
	{
		echo "exit status $status"
		cat "$scratch/out" "$scratch/err"
	} >"$scratch/details"
	return 1
}

# segments_pass <library> <program> <column of huge pages> <variable=value> ...: every whole huge page
# of its text and data, status 0, and not a word on stderr.
segments_pass()
{
	local preload=$1 program=$2 column=$3 status

	shift 3
	run_limited 120 env LD_PRELOAD="$preload" HUGETLB_ELFMAP=RW "$@" "$program" fork \
		>"$scratch/out" 2>"$scratch/err"
	status=$?
	[ "$status" = 0 ] && [ ! -s "$scratch/err" ] &&
		awk -v column="$column" -f "$here/rows-are-huge" "$scratch/out" >"$scratch/rows" &&
		return
	{
		echo "exit status $status"
		cat "$scratch/out" "$scratch/err"
		cat "$scratch/rows" 2>/dev/null
	} >"$scratch/details"
	return 1
}

# late_passes <library> <program> <HUGETLB_ELFMAP> <kB> <mode> <n> <m> [<form of the program>]:
# libraries n and m that come and go have that much on huge pages.
late_passes()
{
	local status

	run_limited 120 env LD_PRELOAD="$1" HUGETLB_ELFMAP="$3" HUGETLB_ELFMAP_OBJECTS=all \
		EXPECT_HUGE_KB="$4" "$2${8-}" "$5" 3 "$2$6.so" "$2$7.so" >"$scratch/out" 2>"$scratch/err"
	status=$?
	[ "$status" = 0 ] && [ ! -s "$scratch/err" ] && return
	{
		echo "exit status $status"
		cat "$scratch/out" "$scratch/err"
	} >"$scratch/details"
	return 1
}

# passes <scenario> <library> <heap program> [its further argument ...]
passes()
{
	case $1 in
	segments) segments_pass "$2" "$3-segments" 4 ;;
	segments-thp) segments_pass "$2" "$3-segments" 5 HUGETLB_ELFMAP_BACKING=thp ;;
	dlopen) late_passes "$2" "$3-late" R 12288 threads 1 2 ;;
	dlopen-data) late_passes "$2" "$3-late" RW 14336 forks 3 4 ;;
	dlopen-archive) late_passes "" "$3-late" R 12288 threads 1 2 -archive ;;
	# glibc before 2.32 moves to transparent pages: one of them is still partly untouched
	partial-page-sandbox) heap_passes "$2" "$3" "${@:4}" -t -s 97 "$1" ;;
	*) heap_passes "$2" "$3" "${@:4}" "$1" ;;
	esac
}

# A thread's partial-page of a page needs userfaultfd's write protection of huge pages, of Linux 5.19.
kernel_refuses()
{
	[ "$1" = partial-page-thread ] &&
		[ "$(printf '%s\n' 5.19 "$(uname -r)" | sort -V | head -1)" != 5.19 ]
}

# run_scenarios <prefix> <library> <heap program>
run_scenarios()
{
	local prefix=$1 preload=$2 program=$3 scenario

	for scenario in "${scenarios[@]}"; do
		selected "$prefix-$scenario" >/dev/null || continue
		take_pool
		if [ "$(pool_pages)" -lt "$pages_needed" ]; then
			skip "needs $pages_needed free huge pages of 2M, has $(pool_pages)" \
				"$prefix-$scenario"
		elif kernel_refuses "$scenario"; then
			skip "needs Linux 5.19" "$prefix-$scenario"
		elif passes "$scenario" "$preload" "$program"; then
			pass "$prefix-$scenario"
		else
			not_ok "$prefix-$scenario" "$scratch/details"
		fi
	done
}

# A symbol version newer than the oldest C library keeps the library from loading there, and a
# build on a new one picks such versions up without a word.
test_symbols()
{
	local name=symbols-of-glibc-2.17 newest

	selected $name >/dev/null || return
	if ! readelf -W --dyn-syms "$library" >"$scratch/symbols" 2>"$scratch/details"; then
		not_ok $name "$scratch/details"
		return
	fi
	newest=$(grep -oE '@GLIBC_[0-9.]+' "$scratch/symbols" | sort -uV | tail -1)
	if [ -n "$newest" ] &&
		[ "$(printf '%s\n' "$newest" @GLIBC_2.17 | sort -V | tail -1)" = @GLIBC_2.17 ]; then
		pass $name
	else
		grep -F "${newest:-@}" "$scratch/symbols" >"$scratch/details"
		not_ok $name "$scratch/details"
	fi
}

# libc_tree <suite>: unpacks that suite's C library for this machine's CPU and prints where; on
# failure prints why not.
libc_tree()
{
	local suite=$1 architecture tree

	architecture=$(dpkg --print-architecture 2>/dev/null)
	tree=$cache/libc-$suite-$architecture
	[[ $suite != experimental ]] || ! debian_lacks "$suite" "$architecture" libc6 2>>"$cache/log" ||
		return
	"$here/libc" "$suite" "$architecture" "$tree" >>"$cache/log" 2>&1 || {
		echo "no C library of Debian $suite is available"
		return 1
	}
	echo "$tree"
}

# Which version was unpacked there: 2.41
libc_version()
{
	sed 's/.*\<libc6 \([0-9.]*\).*/\1/' "$1.versions"
}

# test_libc <name> <suite>: this machine's own if it is that version.
test_libc()
{
	local prefix=glibc-$1 suite=$2 archive=${library%.so*}.a tree names program

	names=$(selected "${scenarios[@]/#/$prefix-}") || return
	program=$cache/heap-$prefix
	if [ "$(getconf GNU_LIBC_VERSION 2>/dev/null)" = "glibc $1" ]; then
		build_heap "$program" gcc && build_late_archive "$archive" "$program" gcc
	elif tree=$(libc_tree "$suite"); then
		found_version "$prefix" "$(libc_version "$tree")"
		build_heap "$program" "$here/gcc-at" "$tree" --bake &&
			build_late_archive "$archive" "$program" "$here/gcc-at" "$tree" --bake
	else
		# shellcheck disable=SC2086 # one argument a name
		skip "$tree" $names
		return
	fi || {
		not_ok "$prefix-compile" "$scratch/compile"
		return
	}
	run_scenarios "$prefix" "$library" "$program"
}

# The C libraries that are tried, and their suites. The last two follow their suites.
libcs=(2.31:bullseye 2.36:bookworm 2.41:trixie newest:sid experimental:experimental)

test_libcs()
{
	local libc

	for libc in "${libcs[@]}"; do
		test_libc "${libc%:*}" "${libc#*:}"
	done
}

# An arena of 32 bits is smaller than a huge page and address space is dear, so there only the main
# arena's share counts.
test_32_bit()
{
	local preload=$build/i386/lib/libhugetlbfs.so program=$cache/heap-i386 name names

	names=$(selected "${scenarios[@]/#/i386-}") || return
	echo 'int main(void) { return 0; }' >"$scratch/empty.c"
	if ! gcc -m32 "$scratch/empty.c" -o "$scratch/empty" 2>/dev/null; then
		# shellcheck disable=SC2086 # one argument a name
		skip "gcc makes no 32-bit programs here" $names
		return
	fi
	if ! build_library "$build/i386" CC=gcc CFLAGS='-O2 -g -m32'; then
		not_ok i386-build "$scratch/make"
		return
	fi
	if ! build_heap "$program" gcc -m32 ||
		! build_late_archive "${preload%.so}.a" "$program" gcc -m32; then
		not_ok i386-compile "$scratch/compile"
		return
	fi
	take_pool
	for name in $names; do
		case $name in
		i386-small | i386-realloc | i386-fork) set -- ;;
		*) set -- -s 0 ;;
		esac
		if [ "$(pool_pages)" -lt "$pages_needed" ]; then
			skip "needs $pages_needed free huge pages of 2M, has $(pool_pages)" "$name"
		elif kernel_refuses "${name#i386-}"; then
			skip "needs Linux 5.19" "$name"
		elif passes "${name#i386-}" "$preload" "$program" "$@"; then
			pass "$name"
		else
			not_ok "$name" "$scratch/details"
		fi
	done
}
