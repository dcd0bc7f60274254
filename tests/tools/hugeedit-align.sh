#!/bin/bash
# hugeedit --align makes copies of real programs and libraries load on a 2M boundary at every start
# and run as before. A file that can't be aligned is left alone.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"

need_program objdump readelf
need_hugeedit
write_probe

is_at_least() {
	[ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}
is_at_least 5.10 "$(uname -r)" || skip "needs Linux 5.10: before, the kernel took no notice of p_align"

align() {
	"$hugeedit" --align=2M "$1" >"$work/log" 2>&1 || {
		show "$work/log"
		fail "hugeedit --align $1"
	}
}

# The first segment and the text are aligned, and agree with their place in the file.
expect_aligned_text() {
	local address offset bytes alignment flags first=yes
	while read -r address offset bytes alignment flags; do
		if [ -n "$first" ] || ((flags & 1)); then
			((alignment == huge_bytes)) || fail "$1: alignment $alignment"
		fi
		(((address - offset) % alignment == 0)) || fail "$1: ld.so would refuse the file"
		first=''
	done < <(segments "$1")
}

# on_boundary FILE words…: ten starts; the program's headers lie where the auxiliary vector says, at
# the offset that they have in the file.
on_boundary() {
	local file=$1 offset start address places
	offset=$(readelf -h "$file" | sed -n 's/.*Start of program headers: *\([0-9]*\) .*/\1/p')
	shift
	for ((start = 0; start < 10; start++)); do
		address=$(LD_SHOW_AUXV=1 "$@" 2>&1 | sed -n 's/^AT_PHDR: *//p' | head -n 1)
		[ -n "$address" ] || fail "$file: no AT_PHDR"
		(((address - offset) % huge_bytes == 0)) || fail "$file: start $start: at $address"
		echo $((address)) >>"$work/places"
	done
}

tested=0
for program in bash postgres python3 git gcc; do
	file=$(command -v "$program")
	[ $program != postgres ] || file=$(compgen -G '/usr/lib/postgresql*/*/bin/postgres' | tail -n 1)
	[ -n "$file" ] || continue
	copy=$work/$program
	cp "$(readlink -f "$file")" "$copy"
	readelf -h "$copy" 2>/dev/null | grep -q 'Type: *DYN' || continue
	align "$copy"
	expect_aligned_text "$copy"
	"$file" --version >"$work/expected" 2>&1
	(exec -a "$file" "$copy" --version) >"$work/got" 2>&1
	cmp -s "$work/expected" "$work/got" || {
		diff "$work/expected" "$work/got"
		fail "$program does not run as before"
	}
	on_boundary "$copy" "$copy" --version
	tested=$((tested + 1))
done
((tested)) || skip "no program here that may be loaded anywhere"
if [ "$(cat /proc/sys/kernel/randomize_va_space)" != 0 ]; then
	(($(sort -u "$work/places" | wc -l) > tested)) || fail "programs are always at the same place"
fi
if [ -x "$work/postgres" ]; then
	(($("$work/postgres" --describe-config | wc -l) > 200)) || fail "postgres does not run"
fi
"$work/bash" -c 'a=(); for ((i = 0; i < 1000; i++)); do a+=("$i"); done; echo ${#a[@]}' |
	grep -qx 1000 || fail "bash does not run"

# Our own, of every kind: at fixed addresses there is nothing to do.
for kind in "${kinds[@]}"; do
	# shellcheck disable=SC2086
	linker_can bfd ${words_of[$kind]} || continue
	cp "$work/plain" "$work/$kind"
	align "$work/$kind"
	expect_runs "$work/$kind"
	case $kind in
	pie) on_boundary "$work/$kind" "$work/$kind" ;;
	static-pie) expect_aligned_text "$work/$kind" ;;
	*) cmp -s "$work/plain" "$work/$kind" || fail "$kind was changed" ;;
	esac
done

# A library is aligned by ld.so, from glibc 2.35 on.
"$compiler" -shared -fPIC "$work/probe.c" -o "$work/libprobe.so" || fail "no shared library"
align "$work/libprobe.so"
expect_aligned_text "$work/libprobe.so"
for ((start = 0; start < 10; start++)); do
	address=$(LD_PRELOAD=$work/libprobe.so cat /proc/self/maps |
		sed -n "s|^\([0-9a-f]*\)-.* 00000000 .*$work/libprobe.so$|\1|p" | head -n 1)
	[ -n "$address" ] || fail "the aligned library is not loaded"
	if is_at_least 2.35 "$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)"; then
		((0x$address % huge_bytes == 0)) || fail "libprobe.so: start $start: at $address"
	fi
done

# Text whose address and offset differ modulo 2M: only a linker can help.
if linker_can lld; then
	cp "$work/plain" "$work/differs"
	cp "$work/plain" "$work/copy"
	"$hugeedit" --align=2M "$work/differs" >"$work/log" 2>&1 && fail "lld's layout was accepted"
	grep -q '^hugeedit: .*differ modulo 2097152' "$work/log" || fail "no line says why"
	cmp -s "$work/copy" "$work/differs" || fail "a refused file was changed"
fi
