#!/bin/bash
# HUGETLB_ELFMAP_OBJECTS takes libraries that come by dlopen, those that are named; closed, they are
# gone with their pages, and another one in their place is itself.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dlopen.sh"

need_pages 40 2M
make_library "$work/libfirst.so" 1
make_library "$work/libsecond.so" 2 -Wl,-z,max-page-size=0x200000
make_library "$work/libthird.so" 3 -Wl,-z,noseparate-code
libraries=("$work/libfirst.so" "$work/libsecond.so" "$work/libthird.so")

# 4000 pages of 4K have at least 6 whole ones of 2M inside
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=all "$programs/late-libraries" 4 "${libraries[@]}"
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=libsecond "$programs/late-libraries" 3 "$work/libsecond.so"
EXPECT_HUGE_KB=0 late HUGETLB_ELFMAP_OBJECTS=libsecond "$programs/late-libraries" 1 "$work/libfirst.so"
EXPECT_HUGE_KB=0 late HUGETLB_ELFMAP_OBJECTS=main "$programs/late-libraries" 1 "${libraries[@]}"
EXPECT_HUGE_KB=0 late "$programs/late-libraries" 1 "${libraries[@]}"
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=all "$programs/late-libraries" threads 4 "${libraries[@]}"
# All that can be asked for at once.
EXPECT_HUGE_KB=12288 late HUGETLB_ELFMAP_OBJECTS=all HUGETLB_MORECORE=yes HUGETLB_ELFMAP=RW \
	"$programs/late-libraries" threads 2 "${libraries[@]}"

# A debugger's view stays as it is: nothing is taken, or what it can write to.
! command -v gdb >/dev/null || {
	gdb -q -batch -ex "set environment LD_PRELOAD=$LIB" -ex 'set environment HUGETLB_ELFMAP=R' \
		-ex 'set environment HUGETLB_ELFMAP_OBJECTS=all' -ex 'set breakpoint pending on' \
		-ex 'break library_check' -ex run -ex 'delete' -ex continue \
		--args "$programs/late-libraries" 1 "$work/libfirst.so" >"$work/gdb" 2>&1
	grep -q 'Breakpoint 1, ' "$work/gdb" || { show "$work/gdb"; fail "the breakpoint was not hit"; }
}
