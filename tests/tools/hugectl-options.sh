#!/bin/bash
# Each option of hugectl sets its variable, with a value after "=" and as the next word. A bad value
# gives one line and exit status 125. No option is without a test.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

here=$(dirname "$0")

# sets <variable=value>[ <variable=value>] <option> ...
sets() {
	local expected=$1 found
	shift
	found=$(environment_of --no-preload "$@" | paste -sd ' ')
	[ "$found" = "$expected" ] || {
		show "$work/err"
		fail "hugectl $*: sets $found, not $expected"
	}
}

options_set_variables() {
	sets "" --no-preload
	sets HUGETLB_MORECORE=yes --heap
	sets HUGETLB_MORECORE=2M --heap=2M
	sets HUGETLB_MORECORE=thp --heap=thp
	sets HUGETLB_MORECORE=no --heap=no
	sets HUGETLB_MORECORE=auto --heap=auto
	sets "HUGETLB_ELFMAP=auto HUGETLB_MMAP=auto HUGETLB_MORECORE=auto" --auto
	sets "HUGETLB_ELFMAP=auto HUGETLB_MMAP=1M HUGETLB_MORECORE=yes" --heap --auto --mmap=1M
	sets "HUGETLB_ELFMAP=W HUGETLB_MMAP=no HUGETLB_MORECORE=auto" --auto --data --disable=mmap
	sets HUGETLB_MORECORE=thp --thp
	sets HUGETLB_MORECORE=thp --thp --heap
	sets HUGETLB_ELFMAP=R --text
	sets HUGETLB_ELFMAP=R=2M --text=2M
	sets HUGETLB_ELFMAP=W --data
	sets HUGETLB_ELFMAP=W=1G --data=1G
	sets HUGETLB_ELFMAP=W --bss
	sets HUGETLB_ELFMAP=W=2M --bss=2M --data
	sets HUGETLB_ELFMAP=R:W --data --text
	sets HUGETLB_ELFMAP=R=1G:W=2M --text=1G --data=2M --bss=2M
	sets "HUGETLB_ELFMAP=R HUGETLB_ELFMAP_OBJECTS=all" --libs
	sets "HUGETLB_ELFMAP=W HUGETLB_ELFMAP_OBJECTS=main:libc.so.6" --libs=main:libc.so.6 --data
	sets "HUGETLB_ELFMAP=R:W HUGETLB_ELFMAP_OBJECTS=all:-ld.so" --data --text --libs=all:-ld.so
	sets HUGETLB_ELFMAP_MERGE=yes --merge
	sets HUGETLB_MMAP=yes --mmap
	sets HUGETLB_MMAP=1M --mmap=1M
	sets HUGETLB_MMAP=1M,thp --mmap=1M,thp
	sets HUGETLB_MMAP_FILES=yes --files
	sets HUGETLB_MMAP_FILES=64M,1G --files=64M,1G
	sets "HUGETLB_MMAP_FILES=yes HUGETLB_MMAP_FILES_ONLY=*.gguf:/data/*" --files --files-only "*.gguf:/data/*"
	sets HUGETLB_SHM=yes --shm
	sets HUGETLB_SHM=1G --shm=1G
	sets HUGETLB_MORECORE_SHRINK=yes --shrink
	sets HUGETLB_FORCE_ELFMAP=yes --force-elfmap
	sets HUGETLB_MINIMAL_COPY=no --no-minimal-copy
	sets HUGETLB_SHARE=1 --share-text
	sets HUGETLB_NO_PREFAULT=yes --no-prefault
	sets HUGETLB_NO_RESERVE=yes --no-reserve
	sets HUGETLB_REPORT=2 --report
	sets HUGETLB_REPORT=/a/file --report=/a/file
	sets HUGETLB_DEBUG=yes --debug
	sets HUGETLB_REQUIRE=yes --require
	sets HUGETLB_VERBOSE=3 -v
	sets HUGETLB_VERBOSE=5 -vvv
	sets HUGETLB_VERBOSE=1 -q
	sets HUGETLB_VERBOSE=0 --quiet -q
	sets HUGETLB_VERBOSE=7 -v --verbose=7
	sets HUGETLB_VERBOSE=8 --verbose=7 -v
	sets "HUGETLB_MORECORE=yes HUGETLB_SHM=yes" --heap --shm
	sets HUGETLB_MORECORE=1G --heap --heap=1G
}

# A value that an option needs can also be the next word.
values_both_ways() {
	local variable option value
	while read -r variable option value; do
		sets "$variable=$value" "$option=$value"
		sets "$variable=$value" "$option" "$value"
	done <<-'END'
		HUGETLB_DEFAULT_PAGE_SIZE --default-page-size 1G
		HUGETLB_MORECORE_HEAPBASE --heap-base 0x600000000000
		HUGETLB_FORK --fork copy
		HUGETLB_EXACT --exact strict
		HUGETLB_SHARE_PATH --share-path /a/directory
		HUGETLB_ELFMAP_BACKING --backing thp
		HUGETLB_MMAP_LIMIT --mmap-limit 4G
		HUGETLB_LIMIT --limit 25%
		HUGETLB_MMAP_ALSO --mmap-also stacks,code
		HUGETLB_MMAP_FILES_ONLY --files-only a:b
		HUGETLB_PATH --path /dev/hugepages
		HUGETLB_FEATURES --features no_map_hugetlb
		HUGETLB_VERBOSE --verbose 99
		HUGETLB_RESTRICT_EXE --restrict-exe one:two
		HUGETLB_CONFIG --config /a/file
	END
}

# What is in the environment already stays, unless an option says otherwise.
environment_is_kept() {
	[ "$(HUGETLB_SHM=1G "$hugectl" --heap printenv HUGETLB_SHM 2>/dev/null)" = 1G ] ||
		fail "a variable that no option sets is another"
	[ "$(HUGETLB_SHM=1G "$hugectl" --shm=2M printenv HUGETLB_SHM 2>/dev/null)" = 2M ] ||
		fail "an option does not count for more than the environment"
	[ "$(HUGETLB_VERBOSE=5 "$hugectl" --no-preload -v printenv HUGETLB_VERBOSE 2>/dev/null)" = 6 ] ||
		fail "-v does not begin at the environment's level"
}

bad_values() {
	local option accepted
	refuses "--heap: 3M: not understood; accepted by HUGETLB_MORECORE: yes, no, auto, thp, or a page size \
such as 2M or 1G" --heap=3M true
	refuses "--heap: : not understood; accepted by HUGETLB_MORECORE: yes, no, auto, thp, or a page size \
such as 2M or 1G" --heap= true
	refuses "--shm: thp: not understood; accepted by HUGETLB_SHM: yes, no, or a page size such as \
2M or 1G" --shm=thp true
	accepted="not understood; accepted by HUGETLB_ELFMAP: no, auto, or R and W, each with or without \
=<page size>"
	for option in text data bss; do
		refuses "--$option: 5: $accepted" --$option=5 true
		refuses "--$option: 2M:R: $accepted" --$option=2M:R true
	done
	refuses "--default-page-size: 2MM: not understood; accepted by HUGETLB_DEFAULT_PAGE_SIZE: a \
page size such as 2M or 1G" --default-page-size 2MM true
	refuses "--heap-base: here: not understood; accepted by HUGETLB_MORECORE_HEAPBASE: a \
hexadecimal address" --heap-base here true
	refuses "--fork: spoon: not understood; accepted by HUGETLB_FORK: auto, cow or copy" \
		--fork=spoon true
	refuses "--exact: spoon: not understood; accepted by HUGETLB_EXACT: default or strict" \
		--exact=spoon true
	refuses "--features: x: not understood; accepted by HUGETLB_FEATURES: private_reservations, \
safe_noreserve and map_hugetlb, each with or without no_ before it, separated by commas" \
		--features x true
	refuses "--restrict-exe: ::: not understood; accepted by HUGETLB_RESTRICT_EXE: base names of \
programs, separated by colons" --restrict-exe :: true
	refuses "--backing: wool: not understood; accepted by HUGETLB_ELFMAP_BACKING: auto, hugetlb, \
file or thp" --backing=wool true
	refuses "--libs: a::b: not understood; accepted by HUGETLB_ELFMAP_OBJECTS: main, all, or base \
names of programs and libraries, separated by colons; one with a minus sign before it is left out" \
		--libs=a::b true
	refuses "--config: here: not understood; accepted by HUGETLB_CONFIG: the path of a file, from \
/ on, or nothing for no file" --config here true
	for option in 100 -1 x ""; do
		refuses "--verbose: $option: not understood; accepted by HUGETLB_VERBOSE: a number from \
0 to 99" "--verbose=$option" true
	done
}

bad_command_lines() {
	refuses "no program to run: see hugectl --help"
	refuses "no program to run: see hugectl --help" --heap
	refuses "--heap=2M and --thp exclude each other" --thp --heap=2M true
	refuses "--data and --bss are one: 2M and 1G exclude each other" --data=2M --bss=1G true
	refuses "--library-path and --library-use-path exclude each other" --library-use-path \
		--library-path "$BUILD" true
	misuses "unrecognized option '--no-such'" --no-such true
	misuses "invalid option -- 'x'" -x true
	misuses "option '--fork' requires an argument" --fork
	misuses "option '--thp' doesn't allow an argument" --thp=2M true
}

# A line for each command line that does not do what its user may expect; the program runs all the same.
remarks() {
	runs_with() {
		local line=$1
		shift
		"$hugectl" "$@" >"$work/out" 2>"$work/err" || fail "hugectl $*: exit status $?"
		says "${line:+hugectl: $line}"
	}
	runs_with "no option asks for huge pages: the program runs without them (for its heap: --heap)" true
	runs_with "no option asks for huge pages: the program runs without them (for its heap: --heap)" \
		--report=/dev/null true
	runs_with "" --quiet true
	: >"$work/empty.conf"
	runs_with "" --config="$work/empty.conf" true
	HUGETLB_MORECORE=thp runs_with "" true
	runs_with "--share-text has no effect: no option puts text on huge pages (add --text)" \
		--thp --share-text true
	runs_with "--restrict-exe: no program matches /usr/bin/ls: base names are compared (write ls)" \
		--thp --restrict-exe=a:/usr/bin/ls true
	for word in --heap --thp --text=2M --shm --mmap; do
		runs_with "${word%=*} comes after the program's name, so echo gets it (hugectl's options come \
before the program; -- before the program ends them)" --thp echo a $word b
	done
	runs_with "" --thp echo --verbose --data
	runs_with "" --thp -- echo --heap
	if [ -x "$BUILD/bin/hugeedit" ]; then
		cp /bin/true "$work/marked"
		"$BUILD/bin/hugeedit" --text "$work/marked" >/dev/null || fail "hugeedit"
		"$hugectl" "$work/marked" 2>"$work/err"
		! grep -q '^hugectl: ' "$work/err" || { show "$work/err"; fail "a marked program: a line"; }
	fi
}

# Options end at the program: what is behind is the program's.
program_has_its_own_options() {
	succeeds --thp -- echo --heap -v
	[ "$(cat "$work/out")" = "--heap -v" ] || fail "a program's options were taken"
	succeeds --no-preload -- echo --heap
	[ "$(cat "$work/out")" = --heap ] || fail "-- is no end of options"
}

completion_works() {
	[ "$(complete_words hugectl --shr)" = --shrink ] || fail "bash: --shr"
	[ "$(complete_words hugectl --fork = cow)" = cow ] || fail "bash: behind ="
	complete_words hugectl --heap base | grep -qx basename || fail "bash: no program"
}

# Every option is in one of the tests of hugectl.
every_option_has_a_test() {
	local option
	"$hugectl" --print-completion options >"$work/options" || fail "no list of options"
	(($(wc -l <"$work/options") >= 25)) || fail "hardly an option"
	while read -r option; do
		cat "$here"/hugectl-*.sh "$here/original-scripts.sh" | grep -qE -- "(^|[ ])$option([ =]|\$)" ||
			fail "no test has $option"
	done < <(grep -vxE -- '-h|--help|--version' "$work/options")
}

options_set_variables
values_both_ways
environment_is_kept
bad_values
bad_command_lines
remarks
program_has_its_own_options
completion_works
every_option_has_a_test
