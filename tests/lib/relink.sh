# For the tests of ld.hugetlbfs and hugeedit: a small program and library, and what segments say.
# SPDX-License-Identifier: LGPL-2.1-or-later

wrapper=$BUILD/share/libhugetlbfs
hugeedit=$BUILD/bin/hugeedit
compiler=${CC:-cc}
huge_bytes=$((2 << 20))

need_hugeedit() {
	[ -x "$hugeedit" ] || skip "hugeedit was not built: no libelf for this compiler"
}

# Constants, data, bss and thread-local data that the program looks at itself; prints "as it was".
write_probe() {
	cat >"$work/probe.c" <<-'END'
		#include <stdio.h>
		static const volatile char constants[100000] = {[99999] = 1};
		static volatile int data[50000] = {[49999] = 2};
		static volatile int bss[100000];
		static __thread volatile int own = 3;
		static int started;
		static int (*volatile function)(const char *) = puts;
		__attribute__((constructor)) static void start(void) { started = 4; }
		int main(void)
		{
			long sum = 0;
			for (int i = 0; i < 100000; i++)
				sum += constants[i] + bss[i] + (i < 50000 ? data[i] : 0);
			bss[99999] = 5;
			if (sum != 3 || own != 3 || started != 4 || bss[99999] != 5)
				return 1;
			return function("as it was") < 0;
		}
	END
}

# One line for each loaded segment: address, offset, bytes in memory, alignment, flags, in decimal,
# flags with the system's own bits. objdump knows nothing of hugeedit.
segments() {
	local words address offset bytes alignment flags own
	objdump -p "$1" | awk '$1 == "LOAD" { print $3, $5, $9; getline; print $4, $6, $7 }' |
		while read -r offset address alignment; do
			read -r bytes flags own
			words=${alignment#2\*\*}
			case $flags in
			r--) flags=4 ;;
			r-x) flags=5 ;;
			rw-) flags=6 ;;
			*) flags=7 ;;
			esac
			echo $((address)) $((offset)) $((bytes)) $((1 << words)) $((flags | 0x${own:-0}))
		done
}

# Every loaded segment is aligned to $2 bytes, and no two share a page of so many bytes.
expect_alignment() {
	local file=$1 page=$2 address offset bytes alignment flags end=0 count=0
	while read -r address offset bytes alignment flags; do
		((alignment >= page)) || fail "$file: a segment has alignment $alignment"
		(((address - offset) % page == 0)) || fail "$file: $address and $offset differ"
		((address / page * page >= end)) || fail "$file: two segments within one huge page"
		end=$((address + bytes)) count=$((count + 1))
	done < <(segments "$file")
	((count >= 2)) || fail "$file: $count segments"
}

# expect_marks FILE TEXT DATA [CONSTANTS]: whether every segment that is executable, writable, or neither
# (by default as TEXT) has the mark: yes or no.
expect_marks() {
	local file=$1 text=$2 data=$3 constants=${4-$2}
	local address offset bytes alignment flags expected marked count=0
	while read -r address offset bytes alignment flags; do
		((flags & 1)) && expected=$text || expected=$constants
		((flags & 2)) && expected=$data
		((flags & 0x100000)) && marked=yes || marked=no
		[ $marked = "$expected" ] || fail "$file: flags $flags, expected $expected"
		count=$((count + 1))
	done < <(segments "$file")
	((count >= 2)) || fail "$file: $count segments"
}

expect_runs() {
	local output
	output=$("$@" 2>&1)
	[ "$output" = "as it was" ] || fail "$*: printed '$output'"
}

# Can the machine link so without us? linker_can LINKER words…
linker_can() {
	local linker=$1
	shift
	"$compiler" "$work/probe.c" -o "$work/plain" "-fuse-ld=$linker" "$@" >"$work/plain.log" 2>&1 &&
		[ "$("$work/plain" 2>&1)" = "as it was" ]
}

# relink OUTPUT words…: by the wrapper; what it says is in $work/link.log.
relink() {
	local output=$1
	shift
	rm -f "$output"
	"$compiler" "$work/probe.c" -B "$wrapper" -o "$output" -Wl,--hugetlbfs-page-size=2M "$@" \
		>"$work/link.log" 2>&1
}

relinked() {
	relink "$@" || {
		show "$work/link.log"
		fail "can't link: $*"
	}
}

kinds=("pie" "no-pie" "static" "static-pie")
declare -A words_of=(
	[pie]="-fPIE -pie -Wl,-rpath,$BUILD/lib"
	[no-pie]="-fno-PIE -no-pie -Wl,-rpath,$BUILD/lib"
	[static]="-static"
	[static-pie]="-fPIE -static-pie"
)
linkers=(bfd gold lld mold)
