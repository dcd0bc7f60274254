#!/bin/bash
# Programs can change single pages of text on every backing: shared copies, libraries loaded by
# dlopen, the file's own pages, 1G pages. A process can't change a shared copy for another one.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"
. "$(dirname "$0")/../lib/share.sh"

need_pages 60 2M
source=$tests/cases/text-page-calls.c

build() {
	local output=$1
	shift
	# shellcheck disable=SC2086 # the compiler may have options
	$compiler -std=gnu11 -D_GNU_SOURCE -O2 -I"$tests/lib" "$source" -o "$output" -pthread "$@" 2>"$work/compile" ||
		{ show "$work/compile"; fail "$output does not build"; }
}

# same_and_gives_back SETTINGS -- PROGRAM ARGUMENTS…: as plain, and all pages of the pools are back.
same_and_gives_back() {
	local before
	before=$(free_pages)
	same_as_plain HUGETLB_ELFMAP=R "$@"
	[ "$plain_status" = 0 ] || { show "$work/plain.err"; fail "plain: exit status $plain_status"; }
	[ "$(free_pages)" = "$before" ] || fail "pages did not go back: $*"
}

libraries_that_come_late() {
	local library=$work/libtext-page-calls.so backing words
	build "$library" -DLIBRARY -fPIC -shared
	compact
	for backing in hugetlb thp; do
		for words in "" threads mapped; do
			# shellcheck disable=SC2086 # one word or none
			same_and_gives_back HUGETLB_ELFMAP_OBJECTS=all HUGETLB_ELFMAP_BACKING=$backing EXPECT_HUGE_KB=12288 \
				-- "$helpers/dlopen-main" "$library" $words
		done
	done
	same_and_gives_back HUGETLB_ELFMAP_OBJECTS=all HUGETLB_MORECORE=yes HUGETLB_MMAP=yes EXPECT_HUGE_KB=12288 \
		-- "$helpers/dlopen-main" "$library" threads
}

# The cache may have small pages for good (another filesystem), which is no matter here.
pages_of_the_file() {
	cp "$cases/text-page-calls" "$work/aligned"
	"$hugeedit" --align "$work/aligned" >"$work/hugeedit" 2>&1 || fail "hugeedit --align"
	sync "$work/aligned"
	same_and_gives_back HUGETLB_ELFMAP_BACKING=file HUGETLB_VERBOSE=0 EXPECT_MAPPED=/aligned -- "$work/aligned"
	same_and_gives_back HUGETLB_ELFMAP_BACKING=file HUGETLB_VERBOSE=0 EXPECT_MAPPED=/aligned -- "$work/aligned" threads
}

# What one process did to its text the next one does not see: it finds the copy as it was made, and
# checks each of its pages.
copies_that_are_shared() {
	local sum
	mount_for_sharing
	for words in "" threads mapped; do
		# shellcheck disable=SC2086
		same_as_plain HUGETLB_ELFMAP=R HUGETLB_SHARE=1 "HUGETLB_PATH=$mount" EXPECT_HUGE_KB=12288 \
			EXPECT_MAPPED=elflink-uid -- "$work/aligned" $words
		[ "$plain_status" = 0 ] || fail "plain: exit status $plain_status"
		(($(copies_there) > 0)) || fail "nothing is shared"
		sum=$(cat "$copies"/* | cksum)
		[ "${first_sum:=$sum}" = "$sum" ] || fail "a shared copy was changed: $words"
	done
}

# Of pages that big a part, made small, is a gigabyte of which little is there. The library's text
# begins on a multiple of 1G; its code lies at the end of it, where data can be reached.
pages_of_1G() {
	local library=$work/libwide.so
	(($(pool_value 1G free_hugepages) >= 1)) || return
	# before glibc 2.35 ld.so places libraries on small pages, whatever alignment they ask for
	[ "$(printf '%s\n' 2.35 "$(getconf GNU_LIBC_VERSION | sed 's/.* //')" | sort -V | head -n 1)" = 2.35 ] || return 0
	cat >"$work/wide.s" <<-'END'
		.section .text.unlikely.wide, "ax"
		.fill 0x3f800000
		.section .note.GNU-stack, ""
	END
	build "$library" "$work/wide.s" -DLIBRARY -fPIC -fno-plt -shared -nostartfiles -Wl,-z,now \
		-Wl,-z,norelro -Wl,-z,noseparate-code -Wl,-z,max-page-size=0x40000000
	same_and_gives_back HUGETLB_ELFMAP=R=1G HUGETLB_ELFMAP_OBJECTS=libwide HUGETLB_VERBOSE=0 \
		EXPECT_HUGE_KB=1048576 EXPECT_PAGE_KB=1048576 -- "$helpers/dlopen-main" "$library"
	(($(pool_value 1G free_hugepages) >= 1)) || fail "the page of 1G did not go back"
}

need_hugeedit
libraries_that_come_late
pages_of_the_file
copies_that_are_shared
pages_of_1G
