#!/bin/bash
# hugectl's options for text and data have their effect, by the kernel's figures. Other tests show
# which pages can be huge; this program and its library have space for some, wherever they are
# loaded.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"


# Prints a line for each of its big parts: text, data, the library's text; kB on huge pages of either
# kind, and whether the part still holds what it held.
write_program() {
	cat >"$work/program.c" <<-'END'
		#include "big_text.h"

		int library_text(void);
		char data[6 << 20] = {[0] = 1, [5 << 20] = 2};
		extern char *library_address;

		/* of all mappings that have a part of these addresses */
		static long huge_kb(const char *from, unsigned long bytes)
		{
			FILE *smaps = fopen("/proc/self/smaps", "r");
			unsigned long start, end;
			long sum = 0, size_kb = 0, kb;
			int ours = 0;
			char line[512];

			while (fgets(line, sizeof(line), smaps)) {
				if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
					ours = start < (unsigned long)from + bytes && end > (unsigned long)from;
				else if (ours && sscanf(line, "AnonHugePages: %ld", &kb) == 1)
					sum += kb;
				else if (sscanf(line, "Size: %ld", &kb) == 1)
					size_kb = kb;
				else if (ours && sscanf(line, "KernelPageSize: %ld", &kb) == 1 && kb >= 2048)
					sum += size_kb;
			}
			fclose(smaps);
			return sum;
		}

		int main(void)
		{
			check_big_text(VERSION);
			CHECK(library_text() == 0, "the library's text");
			CHECK(data[0] == 1 && data[5 << 20] == 2, "data");
			printf("text %ld\n", huge_kb(big_text, 4096 * TEXT_PAGES));
			printf("data %ld\n", huge_kb(data, sizeof(data)));
			printf("library %ld\n", huge_kb(library_address, 4096 * TEXT_PAGES));
			return 0;
		}
	END
	cat >"$work/library.c" <<-'END'
		#include "big_text.h"

		char *library_address = big_text;

		int library_text(void)
		{
			check_big_text(VERSION);
			return 0;
		}
	END
	local flags=(-std=gnu11 -D_GNU_SOURCE -O1 "-I$tests/lib" -Wl,-z,max-page-size=0x200000)
	"${CC:-cc}" "${flags[@]}" -fPIC -shared -DVERSION=3 "$work/library.c" -o "$work/libbig.so" &&
		"${CC:-cc}" "${flags[@]}" -DVERSION=5 "$work/program.c" -o "$work/program" \
			-Wl,-rpath,"$work" "$work/libbig.so" || fail "the program does not compile"
}

# parts <what each has: text data library, yes or no> <option> ...
parts() {
	local expected=$1 part kb found=
	shift
	(($#)) || set -- --verbose=1
	succeeds "$@" "$work/program"
	while read -r part kb; do
		((kb > 0)) && found+=" yes" || found+=" no"
	done <"$work/out"
	[ "$found" = " $expected" ] || {
		show "$work/out"
		fail "hugectl $*: huge are$found, not $expected"
	}
}

# The first page of a program at fixed addresses begins with its headers, which only --merge puts on
# a huge page together with the text behind them.
merges() {
	sed 's/TEXT_PAGES 4000/TEXT_PAGES 600/' "$tests/lib/big_text.h" >"$work/big_text.h"
	sed -e 's/char data\[[^;]*;/char data[2];/' -e '/CHECK(data/d; /library/d' "$work/program.c" \
		>"$work/merged.c"
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O1 "-I$work" "-I$tests/lib" -DVERSION=5 -no-pie -fno-pie \
		-Wl,-z,max-page-size=0x1000 "$work/merged.c" -o "$work/merged" 2>"$work/err" ||
		{ show "$work/err"; fail "the small program does not compile"; }
	succeeds --text "$work/merged"
	grep -qx "text 0" "$work/out" || { show "$work/out"; fail "it has a page for its text alone"; }
	succeeds --text --merge "$work/merged"
	grep -qx "text 2048" "$work/out" || { show "$work/out"; fail "--merge does not merge"; }
}

# bss that the program never touched comes to transparent huge pages when it is touched, or with the
# copy. (Hugetlb pages are all there from the start.)
copies_all() {
	sed 's/\[0\] = 1, \[5 << 20\] = 2/0/; /CHECK(data/d' "$work/program.c" >"$work/zeroes.c"
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O1 "-I$tests/lib" -DVERSION=5 "$work/zeroes.c" -o "$work/zeroes" \
		-Wl,-z,max-page-size=0x200000 -Wl,-rpath,"$work" "$work/libbig.so" || fail "bss"
	succeeds --data --backing=thp "$work/zeroes"
	# one page may have other data in it
	grep -qE "^data (0|2048)$" "$work/out" || { show "$work/out"; fail "zero pages are copied unasked"; }
	succeeds --data --backing=thp --no-minimal-copy "$work/zeroes"
	awk '$1 == "data" && $2 >= 4096 { found = 1 } END { exit !found }' "$work/out" ||
		{ show "$work/out"; fail "--no-minimal-copy: zero pages are not copied"; }
}

# Today it only says that it asks for nothing more.
force_elfmap_says_so() {
	local line="HUGETLB_FORCE_ELFMAP has no effect: programs are covered without it"
	parts "yes no no" --text --force-elfmap
	"$hugectl" --text --force-elfmap --verbose 3 "$work/program" 2>&1 | grep -q ": $line$" ||
		fail "--force-elfmap does not say: $line"
}

need_pages 40 2M
write_program
parts "no no no"
parts "yes no no" --text
parts "yes no no" --text=2M
parts "no yes no" --data
parts "no yes no" --bss
parts "yes yes no" --text --data
parts "yes no yes" --libs
parts "no no yes" --libs=libbig.so
parts "yes no no" --text --libs=main
parts "yes yes yes" --text --data --libs=all
parts "yes no no" --text --backing=thp
parts "yes no yes" --libs --backing thp
merges
force_elfmap_says_so
copies_all
if [ "$(id -u)" = 0 ]; then
	mkdir "$work/mount"
	mount -t hugetlbfs -o pagesize=2M none "$work/mount" || exit 0
	at_end "umount $work/mount"
	at_end "rm -rf $work/mount/*"
	mkdir -m 700 "$work/mount/copies"
	parts "yes no no" --text --share-text --path "$work/mount"
	parts "yes no no" --text --share-text --share-path "$work/mount/copies"
	[ -n "$(ls "$work/mount/copies")" ] || fail "--share-path: no copy is kept there"
fi
exit 0
