#!/bin/bash
# HUGETLB_ELFMAP_OBJECTS selects the libraries loaded by dlopen whose text is on huge pages. dlclose
# returns the pages, and another library loaded at the same place runs its own text.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/dlopen.sh"

need_pages 40 2M
make_library "$work/libfirst.so" 1
make_library "$work/libsecond.so" 2 -Wl,-z,max-page-size=0x200000
make_library "$work/libthird.so" 3 -Wl,-z,noseparate-code
libraries=("$work/libfirst.so" "$work/libsecond.so" "$work/libthird.so")

# 4000 pages of 4K have at least 6 whole ones of 2M inside
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=all "$helpers/dlopen-libraries" 4 "${libraries[@]}"
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=libsecond "$helpers/dlopen-libraries" 3 "$work/libsecond.so"
EXPECT_HUGE_KB=0 late HUGETLB_ELFMAP_OBJECTS=libsecond "$helpers/dlopen-libraries" 1 "$work/libfirst.so"
EXPECT_HUGE_KB=0 late HUGETLB_ELFMAP_OBJECTS=main "$helpers/dlopen-libraries" 1 "${libraries[@]}"
EXPECT_HUGE_KB=0 late "$helpers/dlopen-libraries" 1 "${libraries[@]}"
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=all "$helpers/dlopen-libraries" threads 4 "${libraries[@]}"
# All that can be asked for at once.
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=all HUGETLB_MORECORE=yes HUGETLB_ELFMAP=RW \
	"$helpers/dlopen-libraries" threads 2 "${libraries[@]}"

# Where threads run before anything is loaded libc cannot be hooked any more: one line says so, and
# other pages are taken; where it was for another reason, all is as ever.
EXPECT_HUGE_KB=0 preloaded HUGETLB_ELFMAP=R HUGETLB_ELFMAP_OBJECTS=all "$helpers/dlopen-libraries" \
	threads-first 2 "${libraries[@]}" >"$work/out" 2>"$work/err" ||
	{ show "$work/out" "$work/err"; fail "threads before the first library"; }
[ "$(grep -c . "$work/err")" = 1 ] && grep -q "text: libc could not be hooked (other threads are running already): no hugetlb pages" "$work/err" ||
	{ show "$work/err"; fail "threads before the first library: said something else"; }
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=all HUGETLB_MORECORE=yes "$helpers/dlopen-libraries" \
	threads-first 2 "${libraries[@]}"

# By whatever name it is opened, and is asked for: the link's, the soname, the file's.
make_library "$work/libfile.so.1.2" 4 -Wl,-soname,libsoname.so.1
ln -s libfile.so.1.2 "$work/liblink.so"
for name in liblink libsoname libsoname.so.1 libfile libfile.so.1.2 all:-libfirst; do
	EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=$name "$helpers/dlopen-libraries" 1 "$work/liblink.so"
done
EXPECT_HUGE_KB=0 late HUGETLB_ELFMAP_OBJECTS=all:-libsoname "$helpers/dlopen-libraries" 1 "$work/liblink.so"

# One line says that a name is nobody's, one that a namespace of its own is left alone; each once.
said() {
	local words=$1
	shift
	preloaded HUGETLB_VERBOSE=3 HUGETLB_ELFMAP=R "$@" >"$work/out" 2>"$work/err" ||
		{ show "$work/out" "$work/err"; fail "exit status $?: $*"; }
	[ "$(grep -c "$words" "$work/err")" = 1 ] || { show "$work/err"; fail "not one line: $words"; }
}
said 'HUGETLB_ELFMAP_OBJECTS: no loaded object is named libfirst$' \
	HUGETLB_ELFMAP_OBJECTS=main:libc:libfirst:-libc.so.6 "$helpers/dlopen-libraries" 1 "$work/libfirst.so"
case $(getconf GNU_LIBC_VERSION 2>/dev/null) in
'glibc 2.'[12]? | 'glibc 2.3'[0-4]) ;; # nobody is told
*)
	said 'libraries in a namespace of their own (dlmopen) stay on small pages' NAMESPACE=yes \
		EXPECT_HUGE_KB=0 HUGETLB_ELFMAP_OBJECTS=all "$helpers/dlopen-libraries" 2 "${libraries[@]}"
	;;
esac

# Nor is a library taken whose text ld.so has to write to.
cat >"$work/relocated.c" <<-'END'
	int variable;
	__asm__(".pushsection .text\n.balign 8\n.dc.a variable\n.popsection\n");
END
make_library "$work/librelocated.so" 5 -Wl,-z,notext -x c "$work/relocated.c"
if readelf -d "$work/librelocated.so" | grep -q TEXTREL; then
	said 'WARNING: text and data: .*/librelocated.so was loaded by dlopen and has relocations in its text: it stays' \
		EXPECT_HUGE_KB=0 HUGETLB_ELFMAP_OBJECTS=all "$helpers/dlopen-libraries" 2 "$work/librelocated.so"
fi

# What loads nothing pays for nothing but being told: one copy of one page of ld.so.
if command -v strace >/dev/null; then
	strace -f -e trace=memfd_create -o "$work/calls" -E LD_PRELOAD="$LIB" \
		-E HUGETLB_ELFMAP=RW -E HUGETLB_ELFMAP_OBJECTS=all true || fail "true: exit status $?"
	[ "$(grep -c memfd_create "$work/calls")" = 1 ] ||
		{ show "$work/calls"; fail "a program that loads nothing has more copied"; }
fi

# A program may have all text read again from its files, ld.so's with the rest.
DROP_TEXT=yes EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=all "$helpers/dlopen-libraries" 2 "${libraries[@]}"

# A debugger's view stays as it is: nothing is taken, or what it can write to.
! command -v gdb >/dev/null || {
	gdb -q -batch -ex "set environment LD_PRELOAD=$LIB" -ex 'set environment HUGETLB_ELFMAP=R' \
		-ex 'set environment HUGETLB_ELFMAP_OBJECTS=all' -ex 'set breakpoint pending on' \
		-ex 'break library_check' -ex run -ex 'delete' -ex continue \
		--args "$helpers/dlopen-libraries" 1 "$work/libfirst.so" >"$work/gdb" 2>&1
	grep -q 'Breakpoint 1, ' "$work/gdb" || { show "$work/gdb"; fail "the breakpoint was not hit"; }
}
