#!/bin/bash
# hugectl --dry-run prints commands that have the same effect in every shell, with any characters in
# their words.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

# same <word> ...: what runs it and what runs the printed command print the same.
same() {
	local shell
	"$hugectl" "$@" >"$work/expected" 2>"$work/err" || fail "hugectl $*: exit status $?"
	succeeds --dry-run "$@"
	[ "$(wc -l <"$work/out")" -ge 1 ] || fail "nothing is printed"
	cp "$work/out" "$work/command"
	for shell in sh bash dash zsh ksh busybox; do
		command -v $shell >/dev/null || continue
		[ $shell != busybox ] || shell="busybox sh"
		$shell "$work/command" >"$work/out" 2>"$work/err" || {
			show "$work/command" "$work/err"
			fail "$shell can't run it: exit status $?"
		}
		diff "$work/expected" "$work/out" || {
			show "$work/command"
			fail "$shell does something else"
		}
	done
}

# Prints its arguments and what hugectl can set, each ended by a zero byte.
write_program() {
	cat >"$1" <<-'END'
		#!/bin/sh
		printf '%s\0' "$0" "$@"
		env -0 | grep -zE '^(HUGETLB_|LD_|GLIBC_TUNABLES)' | sort -z
	END
	chmod +x "$1"
}

prints_and_runs_nothing() {
	succeeds --dry-run --thp "--report=$work/report" touch "$work/touched"
	[ ! -e "$work/touched" ] || fail "it ran the program"
	printf '%s\n' "(" "HUGETLB_REPORT='$work/report'" "HUGETLB_MORECORE='thp'" \
		"LD_PRELOAD='$BUILD/lib/libhugetlbfs.so.0'" "export HUGETLB_REPORT HUGETLB_MORECORE LD_PRELOAD" \
		"exec touch $work/touched" ")" | diff - "$work/out" || fail "another command"
	succeeds --dry-run --thp no-such-program
	"$hugectl" --dry-run --thp true >/dev/full 2>"$work/err" && fail "a full disk is no matter"
	says "hugectl: standard output: No space left on device"
}

quotes_everything() {
	local program=$work/program
	write_program "$program"
	same --thp "$program" one "two words" "it's" '$HOME' '`id`' '' '*' '~' '#x' 'a=b' '\' '"' \
		$'two\nlines' '-v' '!' '[a]' '{a,b}' 'ü' ';' '&' '|'
	write_program "$work/it's a \$program"
	same --shm "--report=/a 'file' \$x" "$work/it's a \$program" x
	LD_PRELOAD='' LD_LIBRARY_PATH='/a b:/c' same --thp --library-path "$BUILD" "$program"
}

# env(1) takes a word with an equals sign for a variable, and one with a dash for an option.
odd_names() {
	mkdir "$work/path"
	write_program "$work/path/a=b"
	write_program "$work/path/-x"
	PATH=$work/path:$PATH same --thp a=b c=d
	PATH=$work/path:$PATH same --thp -- -x y
	same --thp "$work/path/a=b"
}

prints_and_runs_nothing
quotes_everything
odd_names
