#!/bin/bash
# The help text, completion and man page of every tool have the options of its table and no others.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$tests/lib/tool.sh"

root=$(dirname "$0")/../..
version=$(sed -n 's/^VERSION *:= *//p' "$root/Makefile")

# What the man page has an entry for.
entries_of_page() {
	sed -n '/^\.SH OPTIONS/,/^\.SH "*EXIT/p' "$1" | grep -A 1 '^\.TP' | grep '^\.B' |
		grep -oE '(^|[ "|])\\-(\\-)?[a-zA-Z][a-zA-Z_\\-]*' | tr -d '\\ "|' | sort -u
}

# A misspelt option: the line names the one that was meant.
suggests() {
	local tool=$1 option
	for option in versoin verson verssion vertion; do
		"$BUILD/bin/$tool" --$option >"$work/out" 2>"$work/err" && fail "$tool takes --$option"
		[ "$(sed -n 2p "$work/err")" = "$tool: did you mean --version?" ] ||
			{ show "$work/err"; fail "$tool --$option: no suggestion"; }
	done
	"$BUILD/bin/$tool" --something-else >"$work/out" 2>"$work/err"
	! grep -q 'did you mean' "$work/err" || fail "$tool --something-else: a suggestion"
}

agrees() {
	local tool=$1 page option shell
	page=$(echo "$root/man/$tool".[1-8])
	"$BUILD/bin/$tool" --print-completion=options | sort >"$work/options" ||
		fail "$tool has no list of options"
	(($(wc -l <"$work/options") >= 4)) || fail "$tool has hardly an option"
	entries_of_page "$page" >"$work/entries"
	diff "$work/options" "$work/entries" || fail "the table of $tool and $page differ"
	"$BUILD/bin/$tool" --help >"$work/help" || fail "$tool --help fails"
	"$BUILD/bin/$tool" -h | cmp -s - "$work/help" || fail "$tool -h is not --help"
	[ "$("$BUILD/bin/$tool" --version)" = "$tool (libhugetlbfs) $version" ] || fail "$tool --version"
	suggests "$tool"
	! grep '.\{81\}' "$work/help" || fail "the help text of $tool is wider than 80 columns"
	for shell in bash zsh; do
		"$BUILD/bin/$tool" --print-completion $shell >"$work/$shell" || fail "$tool for $shell"
		! command -v $shell >/dev/null || $shell -n "$work/$shell" || fail "$shell: $tool"
	done
	while read -r option; do
		grep -qE -- "^( *|.*, )$option([ =[,]|\$)" "$work/help" ||
			fail "--help of $tool has no $option"
		grep -qF -- "*${option}[" "$work/zsh" || grep -qF -- "*$option=" "$work/zsh" ||
			fail "zsh does not know $option of $tool"
		[[ $option != --* ]] || grep -qE -- "[ ']${option}[ ']" "$work/bash" ||
			fail "bash does not know $option of $tool"
	done <"$work/options"
	"$BUILD/bin/$tool" --no-such-option >"$work/out" 2>"$work/err" &&
		fail "$tool takes --no-such-option"
	is_misuse "$tool" "unrecognized option '--no-such-option'" ||
		{ show "$work/err"; fail "$tool --no-such-option: another line"; }
	[ ! -s "$work/out" ] || fail "$tool --no-such-option: something on standard output"
}

# The one that is a script has its help text and its manual page; the rest is the linker's.
agrees_by_itself() {
	local linker=$BUILD/share/libhugetlbfs/ld.hugetlbfs
	[ "$("$linker" --hugetlbfs-version)" = "ld.hugetlbfs (libhugetlbfs) $version" ] ||
		fail "ld.hugetlbfs --hugetlbfs-version"
	"$linker" --hugetlbfs-help >"$work/help" || fail "ld.hugetlbfs --hugetlbfs-help"
	! grep '.\{81\}' "$work/help" || fail "its help text is wider than 80 columns"
	sed -nE 's/^  (--?[a-z-]+).*/\1/p' "$work/help" | sort >"$work/options"
	(($(wc -l <"$work/options") >= 6)) || fail "ld.hugetlbfs has hardly an option"
	entries_of_page "$root/man/ld.hugetlbfs.1" | diff "$work/options" - ||
		fail "the help text of ld.hugetlbfs and its manual page differ"
	# what it looks for in its command line
	grep -oE '^	--hugetlbfs-[a-z-]*[a-z]' "$linker" | tr -d '\t' | sort -u >"$work/taken"
	grep -v '^-m$' "$work/options" | diff - "$work/taken" ||
		fail "ld.hugetlbfs takes other options (>) than its help text has (<)"
}

agrees_by_itself
# The tools as the Makefile has them.
for tool in $(sed -n 's/^TABLE_TOOLS := //p' "$root/Makefile"); do
	agrees "$tool"
done
