#!/bin/bash
# ld.hugetlbfs reads response files, calls the linker it replaces and never itself, and prints a
# line for what it can't do.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"

need_program objdump readelf ld
write_probe
mkdir "$work/path" "$work/with space"

# A linker that says what it was called with, one word a line.
cat >"$work/path/recorder" <<END
#!/bin/bash
for word; do
	case \$word in
	@*) tr -d '"' <"\${word#@}" ;;
	*) echo "\$word" ;;
	esac
done >"$work/words"
END
chmod +x "$work/path/recorder"

# record words…: the words that the linker got from the wrapper are in $work/words.
record() {
	LD=$work/path/recorder "$wrapper/ld" "$@" >"$work/log" 2>&1 || {
		show "$work/log"
		fail "ld.hugetlbfs $*"
	}
}

has_words() {
	local word
	for word; do
		grep -qxF -- "$word" "$work/words" || {
			show "$work/words"
			fail "the linker did not get $word"
		}
	done
}

# refused LINE words…
refused() {
	local line=$1
	shift
	LD=$work/path/recorder "$wrapper/ld" "$@" >"$work/log" 2>&1 && fail "accepted: $*"
	grep -q "^ld.hugetlbfs: .*$line" "$work/log" || {
		show "$work/log"
		fail "no line about '$line'"
	}
	[ "$(wc -l <"$work/log")" = 1 ] || fail "more than one line"
}

# Without options of ours, word by word the same.
record -o out "a b" -z now -L"x y" -lm
printf '%s\n' -o out "a b" -z now "-Lx y" -lm | cmp - "$work/words" ||
	fail "changed without being asked"

record --hugetlbfs-align --hugetlbfs-page-size=4M a.o -lm -lc
has_words max-page-size=4194304 common-page-size=4194304 -lhugetlbfs a.o
(($(grep -nx -- -lhugetlbfs "$work/words" | cut -d: -f1) <
	$(grep -nx -- -lc "$work/words" | cut -d: -f1))) || fail "the library stands behind libc"
record -r --hugetlbfs-align a.o
printf '%s\n' -r a.o | cmp - "$work/words" || fail "a relocatable file was changed"
record -shared --hugetlbfs-align --hugetlbfs-page-size=2M a.o
has_words max-page-size=2097152
grep -q hugetlbfs "$work/words" && fail "a library was made to need the library"
record --hugetlbfs-align --hugetlbfs-page-size=2048k a.o -lhugetlbfs
[ "$(grep -cx -- -lhugetlbfs "$work/words")" = 1 ] || fail "the library was named twice"
record --hugetlbfs-align a.o
machine_bytes=$(($(sed -n 's/^Hugepagesize: *\([0-9]*\) kB$/\1/p' /proc/meminfo) * 1024))
if ((machine_bytes && machine_bytes <= 512 << 20)); then
	has_words "max-page-size=$machine_bytes"
fi

# Response files: nested, with every kind of quoting, empty, and missing ones.
cat >"$work/one" <<-END
	-o 'quoted name'  "with \\" quote" back\\ slash
	@$work/two --hugetlbfs-align "two
	lines" '' @$work/not-there
END
printf -- '--hugetlbfs-page-size=2M\n\n  last.o' >"$work/two"
: >"$work/empty"
record first.o "@$work/one" "@$work/empty" end.o
has_words first.o -o "quoted name" "back slash" last.o end.o "@$work/not-there" \
	max-page-size=2097152
grep -q hugetlbfs-align "$work/words" && fail "an option of ours went to the linker"
grep -qx "two" "$work/words" || fail "a quote over two lines was not kept"
echo "@$work/circle" >"$work/circle"
refused "too deep" "@$work/circle"
echo "'open" >"$work/open"
refused "not closed" "@$work/open"
# In earnest, by the compiler, with a file name that needs quotes; and 4000 objects.
cp "$work/probe.c" "$work/with space/probe.c"
printf '%s\n' "'$work/with space/probe.c'" "-o '$work/with space/program'" "-Wl,--hugetlbfs-align" \
	"-Wl,--hugetlbfs-page-size=2M" "-Wl,-rpath,$BUILD/lib" "-B $wrapper" >"$work/response"
"$compiler" "@$work/response" >"$work/log" 2>&1 || { show "$work/log"; fail "a response file"; }
expect_alignment "$work/with space/program" $huge_bytes
expect_runs "$work/with space/program"
seq -f "object-%g.o" 4000 >"$work/many"
record --hugetlbfs-align "@$work/many"
[ "$(grep -c '^object-' "$work/words")" = 4000 ] || fail "objects of a response file were lost"
[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'ld.hugetlbfs.*' -newer "$work/many")" ] ||
	fail "temporary files are left behind"

refused "no such option" --hugetlbfs-aling a.o
refused "is B (bss) or BDT" --hugetlbfs-link=X a.o
for size in 3M 0 -2M 2X 1 "" 99999999999999999999; do
	refused "hugetlbfs-page-size=$size: " --hugetlbfs-align "--hugetlbfs-page-size=$size" a.o
done

# The emulation goes to the linker, and chooses the script.
record -m elf_none --hugetlbfs-align a.o
has_words -m elf_none
refused "$work/elf_none.xB: there is no such linker script" -m elf_none --hugetlbfs-link=B \
	"--hugetlbfs-script-path=$work" a.o
# without -m, the variable of GNU ld does
LDEMULATION=elf_none refused "$work/elf_none.xBDT: there is no such linker script" --hugetlbfs-link=BDT \
	"--hugetlbfs-script-path=$work" a.o
LDEMULATION=elf_none refused "$work/elf_other.xB: there is no such linker script" -m elf_other \
	--hugetlbfs-link=B "--hugetlbfs-script-path=$work" a.o
refused "--hugetlbfs-script-path=: no directory is named" --hugetlbfs-script-path= a.o
# the linker's words are its own, its help text too
record --help
printf '%s\n' --help | cmp - "$work/words" || fail "--help is not the linker's"

# Never itself: a link, a copy, LD that names it, and PATH that begins with it.
ln -s "$wrapper/ld.hugetlbfs" "$work/path/ld"
cp "$wrapper/ld.hugetlbfs" "$work/with space/ld"
for ld in '' ld "$work/path/ld" "$wrapper/ld" "$work/with space/ld" ld.hugetlbfs; do
	PATH="$wrapper:$work/path:$work/with space:$PATH" LD=$ld timeout 20 "$wrapper/ld" --version \
		>"$work/log" 2>&1 || { show "$work/log"; fail "LD='$ld': no linker"; }
	grep -q 'ld\|gold\|LLD\|mold' "$work/log" || fail "LD='$ld': not a linker"
done
COMPILER_PATH=$work/path PATH="/nowhere" LD='' "$BASH" "$wrapper/ld" a.o >"$work/log" 2>&1 &&
	fail "a linker out of nowhere"
LD=/nowhere/ld "$wrapper/ld" a.o >"$work/log" 2>&1 && fail "LD=/nowhere/ld is a linker"
grep -q '^ld.hugetlbfs: LD=/nowhere/ld: there is no such program$' "$work/log" || {
	show "$work/log"
	fail "no line about LD"
}

# The linker's exit status is ours.
"$wrapper/ld" --hugetlbfs-align -o "$work/none" "$work/none.o" >"$work/log" 2>&1 &&
	fail "a link without its object succeeds"

# The compiler's own link-time optimization goes through, too.
if "$compiler" -flto "$work/probe.c" -o "$work/plain" 2>/dev/null; then
	relinked "$work/optimized" -flto -O2 "-Wl,-rpath,$BUILD/lib" -Wl,--hugetlbfs-link=BDT
	expect_runs "$work/optimized"
	expect_marks "$work/optimized" yes yes
fi
