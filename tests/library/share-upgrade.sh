#!/bin/bash
# With HUGETLB_SHARE=1 a program that replaced another of the same name runs its own text, also when
# both have the same build-id or none.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/share.sh"

mount_for_sharing
need_pages 50 2M
compiler=${CC:-cc}
need_program "${compiler%% *}"

# make_program <version> <linker option>
make_program() {
	# shellcheck disable=SC2086 # the compiler may have options
	$compiler -std=gnu11 -D_GNU_SOURCE -O1 -I"$tests/lib" -DVERSION="$1" "$tests/helpers/shared-text.c" "$2" \
		-Wl,-z,max-page-size=0x200000 -o "$work/new" 2>"$work/compile" || { show "$work/compile"; skip "nothing can be linked"; }
	mv "$work/new" "$work/program"
}

# A program so linked has more than one range of text: a copy each.
for option in -Wl,--build-id -Wl,--build-id=0x0123456789abcdef -Wl,--build-id=none; do
	counts=()
	for version in 1 2 1; do
		make_program $version "$option"
		expect_version $version 0 "$work/program"
		expect_version $version 0 "$work/program"
		counts+=("$(copies_there)")
	done
	((counts[0] > 0 && counts[1] > counts[0])) || fail "$option: copies: ${counts[*]}"
	# made anew, version 1 is known by its contents, and is another file by its time
	case $option in
	*none) ((counts[2] == counts[1])) || fail "$option: copies: ${counts[*]}" ;;
	*) ((counts[2] == 3 * counts[0])) || fail "$option: copies: ${counts[*]}" ;;
	esac
	rm "$copies"/*
done

# Written over in place, its time put back: what the kernel lets nobody do to a running program.
make_program 1 -Wl,--build-id=0x0123456789abcdef
expect_version 1 0 "$work/program"
cp -p "$work/program" "$work/old"
make_program 2 -Wl,--build-id=0x0123456789abcdef
expect_version 2 0 "$work/program"
cp "$work/old" "$work/program"
expect_version 1 0 "$work/program"

# Two files of the same build-id, size and time of modification: each runs its own text.
for version in 1 2; do
	make_program $version -Wl,--build-id=0x00112233
	mv "$work/program" "$work/same-$version"
	touch -d @1 "$work/same-$version"
done
[ "$(stat -c %s "$work/same-1")" = "$(stat -c %s "$work/same-2")" ] || fail "the files differ in size"
for version in 1 2 1; do
	expect_version $version 0 "$work/same-$version"
done

# So does a file that was edited in place, its time of modification put back.
cp "$work/same-2" "$work/edited"
cat "$work/same-1" >"$work/edited"
touch -d @1 "$work/edited"
expect_version 1 0 "$work/edited"
cat "$work/same-2" >"$work/edited"
touch -d @1 "$work/edited"
expect_version 2 0 "$work/edited"
