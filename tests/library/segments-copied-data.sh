#!/bin/bash
# Data written before the library starts is kept: copy relocations, and what earlier constructors
# wrote to data and bss. The program and the shared library see one object, with what it held.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

mkdir "$work/libraries"
cat >"$work/other.c" <<-'END'
	#include <stdlib.h>
	#include <string.h>
	#define BYTES (6 << 20)
	char exported_data[BYTES] = {1};
	char exported_bss[BYTES];
	static char own_data[BYTES] = {2};
	static char own_bss[BYTES];
	char *allocated;
	char *const addresses[] = {exported_data, exported_bss, own_data, own_bss};
	__attribute__((constructor)) static void begin(void)
	{
		for (int i = 0; i < 4; i++)
			memset(addresses[i] + BYTES / 2, 10 + i, BYTES / 2);
		allocated = malloc(1000);
		memset(allocated, 77, 1000);
	}
	char *other_address(int i) { return addresses[i]; }
END
cat >"$work/program.c" <<-'END'
	#include <stdio.h>
	#include <string.h>
	#include <sys/wait.h>
	#include <unistd.h>
	#define BYTES (6 << 20)
	extern char exported_data[BYTES], exported_bss[BYTES], *allocated;
	char *other_address(int i);
	static int check(int written)
	{
		for (int i = 0; i < 4; i++) {
			const char *at = other_address(i);
			int first = written ? 40 + i : i == 0 ? 1 : i == 2 ? 2 : 0;
			if (at[0] != first || at[BYTES / 2] != 10 + i || at[BYTES - 1] != 10 + i)
				return printf("%d: %d %d %d\n", i, at[0], at[BYTES / 2], at[BYTES - 1]);
		}
		return allocated[0] != 77 || allocated[999] != 77;
	}
	/* with an argument: no fork, before which data leaves hugetlb pages */
	int main(int count, char **arguments)
	{
		int status;
		(void)arguments;
		if (exported_data != other_address(0) || exported_bss != other_address(1))
			return puts("two objects instead of one");
		if (check(0))
			return 2;
		exported_data[0] = 40;
		exported_bss[0] = 41;
		other_address(2)[0] = 42;
		other_address(3)[0] = 43;
		if (count == 1 && fork() == 0)
			_exit(check(1));
		if ((count == 1 && (wait(&status) < 0 || status)) || check(1))
			return 3;
		puts("one object each, as it was");
		return 0;
	}
END
"${CC:-cc}" -O1 -fPIC -shared "$work/other.c" -o "$work/libraries/libother.so" || fail "no library"
for kind in no-pie pie; do
	"${CC:-cc}" -O1 -f$kind -$kind "$work/program.c" -o "$work/$kind" -L"$work/libraries" -lother \
		-Wl,-rpath,"$work/libraries" || fail "no program"
done
readelf -r "$work/no-pie" | grep -c COPY >"$work/count"
[ "$(cat "$work/count")" -ge 2 ] || skip "this linker makes no copy relocations"
need_pages 60 2M
for kind in no-pie pie; do
	for objects in main all; do
		for settings in "HUGETLB_ELFMAP_BACKING=auto" "HUGETLB_ELFMAP_BACKING=thp" \
			"HUGETLB_MORECORE=yes HUGETLB_MINIMAL_COPY=no"; do
			# shellcheck disable=SC2086
			same_as_plain HUGETLB_ELFMAP=RW HUGETLB_ELFMAP_OBJECTS=$objects $settings \
				-- "$work/$kind"
			[ "$(cat "$work/ours.out")" = "one object each, as it was" ] || {
				show "$work/ours.out"
				fail "$kind, $objects, $settings"
			}
		done
	done
done
# that it was on huge pages at all
preloaded HUGETLB_ELFMAP=RW HUGETLB_REPORT=2 "$work/no-pie" no-fork 2>&1 >"$work/out" |
	awk '$1 == "HUGETLB_ELFMAP" && /data, bss/ && $4 >= 10240 { found = 1 } END { exit !found }' ||
	fail "the program's copies of both objects are not on huge pages"
