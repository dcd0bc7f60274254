#!/bin/bash
# The messages about text and data are true: the lines people search for, one line when only a part
# is on huge pages, none when nothing can be.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"
. "$(dirname "$0")/../lib/segments.sh"

# 6M each of text, constants, data and bss.
write_big_program() {
	cat >"$work/big.c" <<-'END'
		#include <stdio.h>
		#define BYTES (6 << 20)
		__asm__(".pushsection .text\n.space 6291456\n.popsection\n");
		static const volatile char constants[BYTES] = {[BYTES - 1] = 1};
		static volatile char data[BYTES] = {[BYTES - 1] = 2}, bss[BYTES];
		int main(void)
		{
			bss[BYTES - 1] = 3;
			return printf("%d\n", constants[BYTES - 1] + data[BYTES - 1] + bss[BYTES - 1]) < 0;
		}
	END
	"$compiler" -O1 "$work/big.c" -o "$work/big" || fail "can't compile"
}

run() {
	preloaded "$@" "$work/big" >"$work/out" 2>"$work/err"
}

expect_lines() {
	local count=$1 text=$2
	shift 2
	run "$@" || { show "$work/err"; fail "$*: exit status $?"; }
	[ "$(cat "$work/out")" = 6 ] || fail "$*: another output"
	[ "$(lines_of_ours "$work/err")" = "$count" ] && grep -q "$text" "$work/err" || [ "$count" = 0 ] ||
		{ show "$work/err"; fail "$*: not $count lines with '$text'"; }
}

expect_refusal() {
	run HUGETLB_REQUIRE=yes "$@"
	local status=$?
	[ $status = 125 ] || { show "$work/err"; fail "$*: exit status $status, not 125"; }
	[ "$(lines_of_ours "$work/err")" = 1 ] && [ ! -s "$work/out" ] ||
		{ show "$work/err" "$work/out"; fail "$*: not one line alone"; }
}

write_probe
write_big_program
thp=/sys/kernel/mm/transparent_hugepage/enabled
grep -q '\[never\]' "$thp" && skip "transparent huge pages are off"
[ -e "$thp" ] || skip "no transparent huge pages"

compact
expect_lines 0 "" HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=thp
expect_lines 0 "" HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=thp HUGETLB_REQUIRE=yes
expect_lines 0 "" HUGETLB_ELFMAP=no
expect_lines 0 "" HUGETLB_ELFMAP_BACKING=hugetlb
preloaded HUGETLB_ELFMAP=RW HUGETLB_REQUIRE=yes /bin/echo started >"$work/out" 2>"$work/err" ||
	fail "a small program: exit status $?"
no_lines_of_ours "$work/err"
expect_lines 1 "has no huge pages of 4 kB" HUGETLB_ELFMAP=R=4K
expect_lines 1 "has no huge pages of 4 kB" HUGETLB_ELFMAP=R=4K:W=4K
expect_refusal HUGETLB_ELFMAP=R=4K

# Its sections are not aligned, so in a file that is not either nothing is where it would have to be.
if [ $(($(segments "$work/big" | awk 'NR == 1 { print $4 }'))) -lt $huge_bytes ]; then
	expect_lines 1 "hugeedit --align" HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=file
fi

run HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=thp HUGETLB_DEBUG=yes || fail "exit status $?"
while read -r line; do
	grep -qE "^libhugetlbfs \[[^]:]+:[0-9]+\]: (INFO|DEBUG): $line" "$work/err" ||
		{ show "$work/err"; fail "no line with $line"; }
done <<-'END'
	HUGETLB_SHARE=0, sharing disabled
	Segment [0-9]+ \(phdr [0-9]+\): 0x[0-9a-f]+-0x[0-9a-f]+  \(filesz=0x[0-9a-f]+\) \(prot = 0x5\)$
	Segment [0-9]+ \(phdr [0-9]+\): 0x[0-9a-f]+-0x[0-9a-f]+  \(filesz=0x[0-9a-f]+\) \(prot = 0x6\)$
	Mapped hugeseg at 0x[0-9a-f]+. Copying 0x[0-9a-f]+ bytes and 0x[0-9a-f]+ extra bytes from 0x[0-9a-f]+...done
	text of .*/big: .* kB on transparent huge pages
	data of .*/big: .* kB on transparent huge pages
END

# A static program has a loader of its own inside: its text is not changed for that. Where its malloc
# is, this is not laid to its alignment.
# shellcheck disable=SC2086
if linker_can bfd -static-pie && "$compiler" -O1 -fPIE -static-pie "$work/big.c" -o "$work/static" \
	-Wl,-z,max-page-size=$huge_bytes $whole_library; then
	env HUGETLB_ELFMAP=R HUGETLB_ELFMAP_OBJECTS=all HUGETLB_ELFMAP_BACKING=thp HUGETLB_VERBOSE=3 \
		"$work/static" >"$work/out" 2>"$work/err" || fail "static: exit status $?"
	grep -q "ld.so could not be hooked" "$work/err" || { show "$work/err"; fail "a static program is watched"; }
	env HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=file HUGETLB_MORECORE=thp "$work/static" \
		>"$work/out" 2>"$work/err" || fail "static, with malloc: exit status $?"
	grep -q "are on the file's own huge pages (" "$work/err" && ! grep -q "do not allow huge pages" "$work/err" ||
		{ show "$work/err"; fail "another reason than that the text was changed"; }
fi

set_pool 0
expect_lines 1 "are on hugetlb pages (the pool of 2048 kB pages is short" HUGETLB_ELFMAP=RW
expect_lines 1 "stay on small pages" HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_BACKING=hugetlb
expect_refusal HUGETLB_ELFMAP=RW
expect_refusal HUGETLB_ELFMAP=W HUGETLB_ELFMAP_BACKING=hugetlb
set_pool 1
expect_lines 1 "are on hugetlb pages (" HUGETLB_ELFMAP=R
set_pool 24
expect_lines 0 "" HUGETLB_ELFMAP=RW
expect_lines 0 "" HUGETLB_ELFMAP=RW HUGETLB_REQUIRE=yes
