#!/bin/bash
# Data and bss of libraries loaded by dlopen are on huge pages before the constructors run, also
# while other threads run or fork. RELRO becomes read-only; dlclose returns the pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/dlopen.sh"

need_pages 80 2M
source=big-data
make_library "$work/libfirst.so" 1
make_library "$work/libsecond.so" 2 -Wl,-z,max-page-size=0x200000
make_library "$work/libthird.so" 3 -Wl,-z,norelro
make_library "$work/libfourth.so" 4 -Wl,-z,now -DRELRO_PAGES=2000
make_library "$work/liblacking.so" 5 -DLACKS -Wl,-z,lazy
libraries=("$work/libfirst.so" "$work/libsecond.so" "$work/libfourth.so")

# 16M of data and bss have at least 7 whole huge pages inside.
data=(HUGETLB_ELFMAP=W HUGETLB_ELFMAP_OBJECTS=all)
export EXPECT_HUGE_KB=14336
late "${data[@]}" "$helpers/dlopen-libraries" 4 "${libraries[@]}"
late "${data[@]}" LACKS="$work/liblacking.so" "$helpers/dlopen-libraries" 2 "$work/libfirst.so"
late "${data[@]}" LIBRARY_OPENS="$work/libsecond.so" "$helpers/dlopen-libraries" 3 "$work/libfirst.so"
late "${data[@]}" "$helpers/dlopen-libraries" threads 4 "${libraries[@]}"
late "${data[@]}" "$helpers/dlopen-libraries" forks 20 "${libraries[@]}"
late "${data[@]}" "$helpers/dlopen-libraries" each 20 "${libraries[@]}"
late "${data[@]}" HUGETLB_ELFMAP=RW HUGETLB_MORECORE=yes MAY_KEEP_PAGES=yes \
	"$helpers/dlopen-libraries" forks 4 "${libraries[@]}"
late "${data[@]}" HUGETLB_ELFMAP_OBJECTS=libfirst "$helpers/dlopen-libraries" 2 "$work/libfirst.so"
export EXPECT_HUGE_KB=0
late "${data[@]}" HUGETLB_ELFMAP_OBJECTS=libsecond "$helpers/dlopen-libraries" 1 "$work/libfirst.so"
late "${data[@]}" HUGETLB_ELFMAP=R "$helpers/dlopen-libraries" 1 "$work/libfirst.so"
late "${data[@]}" HUGETLB_ELFMAP_BACKING=thp "$helpers/dlopen-libraries" forks 4 "${libraries[@]}"
