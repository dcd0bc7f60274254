#!/bin/bash
# ld.hugetlbfs works with GNU ld's scripts: bss in a segment of its own, the user's scripts, other
# emulations.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"

need_program objdump readelf ld.bfd
write_probe

# bss alone is marked, and nothing else is in its segment.
expect_bss_marked() {
	local address offset bytes alignment flags marked=0
	while read -r address offset bytes alignment flags; do
		((flags & 0x100000)) || continue
		((flags == 0x100006 && bytes >= 400000 && address % huge_bytes == 0)) ||
			fail "$1: not bss that is marked: $address, $bytes bytes, flags $flags"
		marked=$((marked + 1))
	done < <(segments "$1")
	((marked == 1)) || fail "$1: $marked segments are marked"
}

# What a program has besides segments must not go with the script: RELRO above all.
same_headers() {
	local file
	for file; do
		readelf -lW "$file" | awk '/^ +[A-Z_]+ +0x/ && !/LOAD/ { print $1 }' |
			sort -u >"$file.headers"
	done
	diff "$1.headers" "$2.headers" || fail "$2 has other program headers than $1"
}

for kind in "${kinds[@]}"; do
	linker_can bfd ${words_of[$kind]} || continue
	for mode in B BDT; do
		# shellcheck disable=SC2086
		relinked "$work/$kind" ${words_of[$kind]} -fuse-ld=bfd -Wl,--hugetlbfs-link=$mode
		expect_alignment "$work/$kind" $huge_bytes
		expect_runs "$work/$kind"
		# shellcheck disable=SC2086
		relinked "$work/$kind-aligned" ${words_of[$kind]} -fuse-ld=bfd -Wl,--hugetlbfs-align
		same_headers "$work/$kind-aligned" "$work/$kind"
		[ $mode = BDT ] || expect_bss_marked "$work/$kind"
	done
done

# A shared library is marked as well, without needing ours; C++ exceptions go through its tables.
if command -v c++ >/dev/null; then
	echo 'void thrower(void) { throw 7; }' >"$work/thrower.cc"
	cat >"$work/catcher.cc" <<-'END'
		#include <cstdio>
		void thrower(void);
		int main(void)
		{
			try {
				thrower();
			} catch (int i) {
				return i == 7 ? puts("as it was") < 0 : 1;
			}
			return 1;
		}
	END
	words=(-fuse-ld=bfd -B "$wrapper" -Wl,--hugetlbfs-page-size=2M -Wl,--hugetlbfs-link=BDT)
	c++ -fPIC -shared "$work/thrower.cc" -o "$work/libthrower.so" "${words[@]}" ||
		fail "a shared library can't be linked"
	readelf -d "$work/libthrower.so" | grep -q hugetlbfs && fail "the library needs ours"
	expect_marks "$work/libthrower.so" yes yes
	c++ "$work/catcher.cc" "$work/libthrower.so" -o "$work/catcher" "${words[@]}" \
		"-Wl,-rpath,$work:$BUILD/lib" || fail "a C++ program can't be linked"
	expect_marks "$work/catcher" yes yes
	expect_runs "$work/catcher"
fi

# Of another linker it is refused: bss can't be had apart.
if linker_can gold; then
	relink "$work/refused" -fuse-ld=gold -Wl,--hugetlbfs-link=B && fail "gold links bss apart"
	grep -q '^ld.hugetlbfs: --hugetlbfs-link=B needs GNU ld' "$work/link.log" ||
		fail "gold: no line says why"
fi

# The scripts that are installed, by option and by variable.
emulation=$(ld.bfd -V | awk 'found { print $1; exit } /Supported emulations/ { found = 1 }')
for mode in B BDT; do
	[ -s "$wrapper/ldscripts/$emulation.x$mode" ] || fail "no ldscripts/$emulation.x$mode"
	# shellcheck disable=SC2086
	relinked "$work/script" ${words_of[no-pie]} -fuse-ld=bfd -Wl,--hugetlbfs-link=$mode \
		"-Wl,--hugetlbfs-script-path=$wrapper/ldscripts"
	expect_alignment "$work/script" $huge_bytes
	expect_runs "$work/script"
done
mkdir "$work/scripts"
sed 's/^  _end = \.;/  found_by_variable = .; _end = .;/' "$wrapper/ldscripts/$emulation.xBDT" \
	>"$work/scripts/$emulation.xBDT"
# shellcheck disable=SC2086
HUGETLB_LDSCRIPT_PATH=$work/scripts relinked "$work/script" ${words_of[no-pie]} -fuse-ld=bfd \
	-Wl,--hugetlbfs-link=BDT
nm "$work/script" | grep -q ' found_by_variable$' || fail "HUGETLB_LDSCRIPT_PATH was not used"
expect_marks "$work/script" yes yes
relink "$work/refused" -fuse-ld=bfd -Wl,--hugetlbfs-link=B "-Wl,--hugetlbfs-script-path=$work" &&
	fail "a directory without scripts will do"
grep -q "^ld.hugetlbfs: $work/$emulation.xB: there is no such linker script" "$work/link.log" ||
	fail "no line says which script is missing"
relink "$work/refused" -fuse-ld=bfd -Wl,--hugetlbfs-link=B "-Wl,-T,$work/scripts/$emulation.xBDT" &&
	fail "two scripts will do"

# What was promised for every machine, and where GNU ld knows it, can be read by it.
for emulation in elf_x86_64 elf_i386 aarch64linux; do
	for mode in B BDT; do
		script=$wrapper/ldscripts/$emulation.x$mode
		[ -s "$script" ] || fail "no $script"
		grep -q 'PT_LOAD.*0x10000[67]' "$script" || fail "$script marks nothing"
	done
done

# 32-bit programs, with a 32-bit library.
if [ "$(uname -m)" = x86_64 ] && linker_can bfd -m32; then
	cd "$(dirname "$0")/../.." || exit 1
	"${MAKE:-make}" --no-print-directory BUILD="$BUILD/32-bit" CFLAGS="-O2 -g -m32" all \
		>"$work/build" 2>&1 || { show "$work/build"; fail "the 32-bit library does not build"; }
	for linker in "${linkers[@]}"; do
		for kind in pie no-pie; do
			# shellcheck disable=SC2206
			words=(-m32 ${words_of[$kind]%%-Wl*} "-Wl,-rpath,$BUILD/32-bit/lib")
			linker_can "$linker" "${words[@]}" || continue
			words+=("-fuse-ld=$linker" "-L$BUILD/32-bit/lib")
			relinked "$work/narrow" "${words[@]}" -Wl,--hugetlbfs-align
			expect_alignment "$work/narrow" $huge_bytes
			expect_runs "$work/narrow"
			[ "$linker" = bfd ] || continue
			relinked "$work/narrow" "${words[@]}" -Wl,--hugetlbfs-link=BDT
			expect_marks "$work/narrow" yes yes
			expect_alignment "$work/narrow" $huge_bytes
			expect_runs "$work/narrow"
		done
	done
else
	echo "left out: 32-bit programs: needs a compiler for them"
fi
