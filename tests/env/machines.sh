# Tests in virtual machines: other kernels, two NUMA nodes, pools of our own size, another CPU. One
# boot runs all cases of a kernel; `guest` is what runs inside. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

arm64_cases=(text-page-calls text-guarded threads-stopped small threads8 threads48 large realloc fork fork-threads
	partial-page partial-page-thread unprivileged segments segments-thp segments-and-heap
	segments-file segments-short-pool segments-empty-pool pool-returned cgroup-limit thp empty-pool
	short-pool short-pool-fork)
# transparent huge pages are of 32M there, too big for heaps of this size
arm64_16k_cases=(small threads8 large realloc fork fork-threads partial-page partial-page-thread segments
	pool-returned segments-short-pool segments-empty-pool short-pool-fork)
x86_64_cases=("${arm64_cases[@]:3}" numa-empty-node numa-empty-node-threads numa-full-node numa-first-touch
	hugeadm-node hugeadm-policy hugeadm-numactl hugeadm-short hugeadm-overcommit hugeadm-ramdisk hugeadm-persist
	hugestat-system hugestat-process hugestat-users hugestat-touched soft-dirty calls-past-libc calls-past-libc-function mremap-pieces
	split-refused-commit fork-data auto-thp-always thp-sizes)
# the other C libraries, by the names of libcs.sh
for libc in "${libcs[@]%:*}"; do
	[ "$(getconf GNU_LIBC_VERSION 2>/dev/null)" = "glibc $libc" ] || x86_64_cases+=("glibc-$libc")
done
# last: a server in the kernel could end the machine
x86_64_cases+=(files-nfs)

# Reads the console of a guest: report_guest <prefix> <console> <case> ...
report_guest()
{
	local prefix=$1 console=$2 case status told=

	shift 2
	for case; do
		# whole lines: the kernel's own messages may come in the middle of one
		status=$(sed -n "s/^RESULT $case \([0-9]*\)\$/\1/p" "$console" | head -1)
		sed -n "s/^DETAIL $case //p" "$console" >"$scratch/details"
		# without a result the machine itself ended: the end of its console says more, once
		if [ -z "$status" ] && [ -z "$told" ]; then
			tail -n 30 "$console" >>"$scratch/details"
			told=yes
		fi
		result "${status:-1}" "$prefix-$case" "$scratch/details"
	done
}

# A kernel that patches its own text at its start can fall over qemu's interpreter, once in dozens
# of boots. Where the machine did not reach its init, nothing of ours has run: it is started again.
# run_machine <cpu> <kernel> <initramfs> <nodes> [<kernel argument>]; words of $kernel_arguments are the
# kernel's, too, $machine_megabytes its memory, $machine_seconds what it may take: ten times what all cases
# take where nothing else runs. Its console is in $scratch/console.
run_machine()
{
	local cpu=$1 kernel=$2 initramfs=$3 nodes=$4

	shift 4
	for _ in 1 2 3; do
		# shellcheck disable=SC2086 # words
		run_limited "${machine_seconds-900}" "$here/vm" "$cpu" "$kernel" "$initramfs" "$nodes" \
			$((${machine_megabytes-1024} / nodes)) default_hugepagesz=2M "$@" ${kernel_arguments-} \
			>"$scratch/console" 2>&1
		grep -q '^RUNNING' "$scratch/console" && break
	done
	sed -i 's/\r//g' "$scratch/console"
}

# boot <prefix> <cpu> <kernel> <initramfs> <nodes> <case> ...
boot()
{
	local prefix=$1 cpu=$2 kernel=$3 initramfs=$4 nodes=$5

	shift 5
	run_machine "$cpu" "$kernel" "$initramfs" "$nodes" cases="$(IFS=, && echo "$*")"
	found_version "$prefix" "$(sed -n 's/^RUNNING \([^ ]*\).*/\1/p' "$scratch/console" | head -1)"
	report_guest "$prefix" "$scratch/console" "$@"
}

# Why there can be no machines of that CPU; fails where there can.
machines_impossible()
{
	local tool

	for tool in "qemu-system-$1" cpio dpkg-deb; do
		command -v "$tool" >/dev/null || {
			echo "no $tool"
			return
		}
	done
	return 1
}

# machine_busybox <architecture>: prints the path of a static busybox.
machine_busybox()
{
	local tree=$cache/busybox-$1

	(debian_unpack trixie "$1" "$tree" busybox-static) >>"$cache/log" 2>&1 || return 1
	find "$tree/" -path '*/bin/busybox' -type f | grep -m1 .
}

# fetch_kernel <suite> <architecture> <flavour>: prints the path of its image.
fetch_kernel()
{
	"$here/kernel" "$1" "$2" "$3" "$cache/kernel-$1-$3" 2>>"$cache/log"
}

# x86_64_kernel <prefix> <suite> <case> ...: sets the caller's $kernel; where there can be no such machine the
# cases are skipped with the reason, and this fails
x86_64_kernel()
{
	local prefix=$1 suite=$2 reason

	shift 2
	if [ "$(uname -m)" != x86_64 ]; then
		reason="this machine is no x86-64"
	elif ! reason=$(machines_impossible x86_64) && { [ "$suite" != experimental ] ||
		! reason=$(debian_lacks "$suite" amd64 linux-image-cloud-amd64 2>>"$cache/log"); }; then
		kernel=$(fetch_kernel "$suite" amd64 cloud-amd64) && return
		reason="no kernel of Debian $suite is available"
	fi
	skip "$reason" "${@/#/$prefix-}"
	return 1
}

# The names of the cases, without prefix, that -k asks for: cases_selected <prefix> <case> ...
cases_selected()
{
	local prefix=$1

	shift
	selected "${@/#/$prefix-}" | sed "s/^$prefix-//" | grep .
}

# copy_libraries <program> <directory>: what this machine's loader loads for the program, the
# loader included, to the same places.
copy_libraries()
{
	local file

	ldd "$1" | grep -o '/[^ ]*' | sort -u | while read -r file; do
		install -D -m 755 "$file" "$2$file" || return 1
	done
}

# add_tools <directory> <tool> ...: with their libraries; those that are not there are left out
add_tools()
{
	local directory=$1 tool

	shift
	for tool; do
		[ -x "$tool" ] || continue
		cp "$tool" "$directory/bin/" && copy_libraries "$tool" "$directory" || return 1
	done
}

# add_cases <directory> <name> ...: programs of tests/cases, which this machine's C library runs
add_cases()
{
	local directory=$1 name

	shift
	for name; do
		gcc -std=gnu11 -D_GNU_SOURCE -O2 -pthread -I"$here/../lib" -I"$root/src/arch/x86_64" 			"$here/../cases/$name.c" -o "$directory/bin/$name" >>"$cache/log" 2>&1 || return 1
	done
}

# add_libc <directory> <name> <tree>: another C library in /glibc/<name>, and the heap program for it
add_libc()
{
	local directory=$1 name=$2 tree=$3 place=/glibc/$2 loader file

	loader=$(find "$tree/" -name 'ld-linux*.so.*' | head -1)
	mkdir -p "$directory$place" && cp -L "$loader" "$directory$place/" || return 1
	for file in libc.so.6 libpthread.so.0 libdl.so.2; do
		file=$(find "$tree/" -name "$file" | head -1)
		[ -z "$file" ] || cp -L "$file" "$directory$place/" || return 1
	done
	"$here/gcc-at" "$tree" -std=gnu11 -D_GNU_SOURCE -O2 -pthread "$here"/heap/*.c \
		-o "$directory/bin/heap-glibc-$name" -Wl,--dynamic-linker="$place/${loader##*/}" \
		-Wl,-rpath,"$place" >>"$cache/log" 2>&1
}

# /bin/no-glibc-<name> says why one is not there.
add_libcs()
{
	local directory=$1 libc tree

	for libc in "${libcs[@]}"; do
		[[ " ${x86_64_cases[*]} " == *" glibc-${libc%:*} "* ]] || continue
		if tree=$(libc_tree "${libc#*:}"); then
			add_libc "$directory" "${libc%:*}" "$tree" || return 1
		else
			echo "$tree" >"$directory/bin/no-glibc-${libc%:*}"
		fi
	done
}

# Prepared once for all kernels: this machine's C library, ours and the tools in an initramfs.
prepare_x86_64()
{
	local directory=$scratch/x86_64 busybox

	[ -f "$scratch/x86_64.gz" ] && return
	busybox=$(machine_busybox amd64) || return 1
	mkdir -p "$directory"/{bin,lib} && build_heap "$directory/bin/heap" gcc &&
		copy_libraries "$directory/bin/heap" "$directory" &&
		gcc -O2 "$here/membind.c" -o "$directory/bin/membind" >>"$cache/log" 2>&1 &&
		gcc -O2 -D_GNU_SOURCE -pthread -I"$here/../lib" "$here/../helpers/page-kinds.c" \
			-o "$directory/bin/page-kinds" >>"$cache/log" 2>&1 &&
		gcc -O2 -D_GNU_SOURCE -pthread "$here/../helpers/print-memory.c" -o "$directory/bin/print-memory" \
			>>"$cache/log" 2>&1 &&
		gcc -std=gnu11 -O2 -D_GNU_SOURCE -pthread -I"$here/../lib" "$here/../helpers/map-file.c" \
			-o "$directory/bin/map-file" >>"$cache/log" 2>&1 &&
		add_cases "$directory" soft-dirty calls-past-libc mremap-pieces first-touch split-refused-whole fork-moments &&
		add_tools "$directory" "$build/bin/hugeadm" "$build/bin/hugestat" \
			"$(command -v numastat)" "$(command -v numactl)" &&
		add_libcs "$directory" &&
		cp -L "$library" "$directory/lib/libhugetlbfs.so" &&
		"$here/initramfs" "$scratch/x86_64.gz" "$busybox" "$directory"
}

# add_modules <initramfs> <kernel's directory> <output>: what the kernel unpacks last are its own
# modules, in /modules, as far as this machine can read them.
add_modules()
{
	local directory=$scratch/modules file name

	rm -rf "$directory" && mkdir -p "$directory/modules" || return 1
	find "$2"/{,usr/}lib/modules/ -name '*.ko*' 2>/dev/null | sort -u | while read -r file; do
		name=${file##*/}
		case $name in
		*.ko) cp "$file" "$directory/modules/" ;;
		*.xz) xz -dc "$file" >"$directory/modules/${name%.xz}" ;;
		*.zst) zstd -qdc "$file" >"$directory/modules/${name%.zst}" ;;
		esac
	done
	(cat "$1" && cd "$directory" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$3"
}

# test_kernel <version> <suite>: the version is one, or "newest" or "experimental"
test_kernel()
{
	local prefix=kernel-$1 suite=$2 cases kernel

	cases=$(cases_selected "$prefix" "${x86_64_cases[@]}") || return
	# shellcheck disable=SC2206 # one word a name
	cases=($cases)
	x86_64_kernel "$prefix" "$suite" "${cases[@]}" || return
	if ! prepare_x86_64 || ! add_modules "$scratch/x86_64.gz" \
		"$cache/kernel-$suite-cloud-amd64" "$scratch/initramfs.gz" 2>>"$cache/log"; then
		skip "no initramfs could be made" "${cases[@]/#/$prefix-}"
	else
		boot "$prefix" x86_64 "$kernel" "$scratch/initramfs.gz" 2 "${cases[@]}"
	fi
}

test_x86_64_machines()
{
	test_kernel 5.10 bullseye
	test_kernel 6.1 bookworm
	test_kernel 6.12 trixie
	test_kernel newest sid
	test_kernel experimental experimental
}

# Cross-built, with the C library of another suite: prepare_arm64 <compiler>
prepare_arm64()
{
	local compiler=$1 directory=$scratch/arm64 tree=$cache/libc-trixie-arm64 busybox name file

	[ -f "$scratch/arm64.gz" ] && return
	busybox=$(machine_busybox arm64) || return 1
	"$here/libc" trixie arm64 "$tree" >>"$cache/log" 2>&1 || return 1
	mkdir -p "$directory"/{bin,lib} || return 1
	CC=$compiler build_heap "$directory/bin/heap" "$here/gcc-at" "$tree" || return 1
	build_text_page_calls "$directory" "$compiler" "$tree" || return 1
	CC=$compiler "$here/gcc-at" "$tree" -std=gnu11 -D_GNU_SOURCE -O2 -pthread -I"$here/../lib" \
		"$here/../cases/calls-not-interrupted-by-splits.c" \
		-o "$directory/bin/calls-not-interrupted-by-splits" >"$scratch/compile" 2>&1 || return 1
	build_library "$build/arm64" CC="env CC=$compiler $here/gcc-at $tree" \
		OBJCOPY="${compiler%gcc}objcopy" AR="${compiler%gcc}ar" || return 1
	cp -L "$build/arm64/lib/libhugetlbfs.so" "$directory/lib/" || return 1
	for name in ld-linux-aarch64.so.1 libc.so.6; do
		file=$(find "$tree/" -name $name | head -1)
		install -D -m 755 "$file" "$directory/lib/$name" || return 1
	done
	"$here/initramfs" "$scratch/arm64.gz" "$busybox" "$directory"
}

# A program that changes its own text, and the same as a library in which indirect branches end only
# where they may (whose own start has no such places): build_text_page_calls <directory> <compiler> <tree>
build_text_page_calls()
{
	local directory=$1 source=$here/../cases/text-page-calls.c
	local gcc=(env CC="$2" "$here/gcc-at" "$3" -std=gnu11 -D_GNU_SOURCE -O2 -pthread -I"$here/../lib")

	{
		"${gcc[@]}" "$source" -o "$directory/bin/text-page-calls" &&
			"${gcc[@]}" "$here/../helpers/dlopen-main.c" -o "$directory/bin/dlopen-main" &&
			"${gcc[@]}" "$source" -DLIBRARY -fPIC -shared -nostartfiles \
				-mbranch-protection=standard -Wl,-z,force-bti \
				-o "$directory/lib/libtext-page-calls.so"
	} >"$scratch/compile" 2>&1
}

# test_arm64_kernel <prefix> <flavour> <case> ...
test_arm64_kernel()
{
	local prefix=$1 flavour=$2 cases kernel compiler reason

	shift 2
	cases=$(cases_selected "$prefix" "$@") || return
	# shellcheck disable=SC2206 # one word a name
	cases=($cases)
	if reason=$(machines_impossible aarch64); then
		skip "$reason" "${cases[@]/#/$prefix-}"
	elif ! kernel=$(fetch_kernel trixie arm64 "$flavour"); then
		skip "no arm64 kernel of Debian trixie is available" "${cases[@]/#/$prefix-}"
	elif ! compiler=$("$here/cross-gcc" "$cache/cross-gcc" 2>>"$cache/log"); then
		skip "no cross compiler for arm64 is available" "${cases[@]/#/$prefix-}"
	elif ! prepare_arm64 "$compiler"; then
		cat "$scratch"/{compile,make} >"$scratch/details" 2>/dev/null
		not_ok "$prefix-build" "$scratch/details"
	else
		boot "$prefix" aarch64 "$kernel" "$scratch/arm64.gz" 1 "${cases[@]}"
	fi
}

# With small pages of 4K and of 16K.
test_arm64_machines()
{
	test_arm64_kernel arm64-4k cloud-arm64 "${arm64_cases[@]}"
	test_arm64_kernel arm64-16k arm64-16k "${arm64_16k_cases[@]}"
}
