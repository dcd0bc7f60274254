#!/bin/bash
# The documents agree with the sources: variables, quoted messages, all messages of the library in
# HOWTO, sections, tool options, goals of make, man pages. The man pages render without a warning.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

root=$(dirname "$0")/../..

variables_of_table() {
	sed -n '/^static const struct option_row table\[\]/,/^};/s/^.*{"\(HUGETLB_[A-Z_]*\)".*/\1/p' \
		"$root/src/options/table.c" | sort -u
}

variables_named_in() {
	grep -ohE '\bHUGETLB_[A-Z_]*[A-Z]\b' "$1" | sort -u
}

# With debugging on, the library tells what it does not know.
is_unknown_to_the_library() {
	preloaded HUGETLB_DEBUG=yes "$1=" /bin/true 2>&1 |
		grep -q "$1 is not a variable of this library"
}

every_variable_is_documented() {
	local variable document
	while read -r variable; do
		is_unknown_to_the_library "$variable" && fail "the library does not know $variable"
		for document in HOWTO man/libhugetlbfs.7; do
			variables_named_in "$root/$document" | grep -qx "$variable" ||
				fail "$document does not name $variable"
		done
		grep -q "^\.BR $variable = " "$root/man/libhugetlbfs.7" ||
			fail "libhugetlbfs.7 has no entry for $variable"
	done <"$work/table"
}

# HOWTO shows what becomes of a misspelt name.
every_documented_variable_exists() {
	local document misspelt=HUGETLB_MORECOER
	is_unknown_to_the_library $misspelt || fail "$misspelt is a variable"
	for document in README.md HOWTO man/libhugetlbfs.7 man/libhugetlbfs.conf.5; do
		variables_named_in "$root/$document" | grep -vx $misspelt |
			comm -23 - "$work/table" >"$work/unknown"
		[ ! -s "$work/unknown" ] || {
			show "$work/unknown"
			fail "$document names what is not in the table"
		}
	done
}

# The sources' strings as patterns, one a line, with what is printed for the user as a wildcard. HOWTO
# breaks lines where it likes: no blank is kept on either side. The lines are the library's, so the
# tools are left out, whose strings have quotes in them.
patterns_of_sources() {
	find "$root/src" -path "$root/src/tools" -prune -o -name '*.c' -exec cat {} + | tr -d '[:space:]' | sed 's/""//g' |
		grep -o '"[^"]*"' |
		sed -E 's/^"|"$//g; s/[][()?*\\]/\\&/g; s/%[0-9]*[lz]*[a-z]/*/g' | grep -E '[^*]{12}'
}

# WARNING and ERROR lines, and those that begin with a subject: each up to the next line or a blank one.
quotes_of_howto() {
	awk '
		function finish() {
			if (quote != "")
				print quote
			quote = ""
		}
		/^    libhugetlbfs \[.*(WARNING|ERROR): / || /^    heap: / {
			finish()
			sub(/^.*(WARNING|ERROR): /, "")
			quote = $0
			next
		}
		/^    [^ $]/ && !/^    libhugetlbfs/ && quote != "" {
			quote = quote $0
			next
		}
		{ finish() }
		END { finish() }' "$root/HOWTO" | tr -d ' \t'
}

is_string_of_the_sources() {
	local text=$1 pattern
	while read -r pattern; do
		# shellcheck disable=SC2053 # a pattern it is
		[[ $text == $pattern ]] && return 0
	done <"$work/patterns"
	return 1
}

# One string, or two: what is the matter, and behind a colon or in brackets what it leads to.
is_line_of_the_sources() {
	local line=$1 refusal="HUGETLB_REQUIRE:theprogramisnotstarted"
	is_string_of_the_sources "$line" && return 0
	if [[ $line == *"($refusal)" ]]; then
		is_string_of_the_sources "$refusal" && is_string_of_the_sources "${line%"($refusal)"}"
	else
		is_string_of_the_sources "${line%:*}" && is_string_of_the_sources "${line##*:}"
	fi
}

quoted_lines_are_lines_of_the_sources() {
	local quote
	patterns_of_sources >"$work/patterns"
	quotes_of_howto >"$work/quotes"
	(($(wc -l <"$work/quotes") >= 5)) || fail "HOWTO's quotes are not found"
	is_line_of_the_sources "heap:thisisnolineofours" && fail "every line counts as ours"
	while read -r quote; do
		is_line_of_the_sources "$quote" || fail "HOWTO quotes what the library does not say: $quote"
	done <"$work/quotes"
}

# Line breaks and blanks in HOWTO are where they fit.
every_line_is_explained() {
	local line squeezed howto
	python3 "$tests/helpers/messages.py" "$root/src" >"$work/messages" || fail "messages.py"
	(($(wc -l <"$work/messages") >= 100)) || fail "the messages of the sources are not found"
	howto=$(tr -d '[:space:]' <"$root/HOWTO")
	while read -r line; do
		squeezed=${line//[[:space:]]/}
		[[ $howto == *"$squeezed"* ]] || fail "HOWTO does not have what the library says: $line"
	done <"$work/messages"
}

# No line is longer than 100 columns, except rows of README's tables.
lines_are_short() {
	LC_ALL=C.UTF-8 grep -nE '^.{101}' "$root/HOWTO" >"$work/wide"
	LC_ALL=C.UTF-8 grep -nE '^[^|].{100}' "$root/README.md" >>"$work/wide"
	[ ! -s "$work/wide" ] || {
		show "$work/wide"
		fail "HOWTO and README have lines of more than 100 columns"
	}
}

# Numbers and titles below each other, in the list of contents and over the sections.
sections_are_listed() {
	grep -E '^ ?[0-9]+\. [[:alnum:]]' "$root/HOWTO" | sed 's/^ //' >"$work/titles"
	sort "$work/titles" | uniq -c | grep -v '^ *2 ' >"$work/unmatched"
	[ ! -s "$work/unmatched" ] || {
		show "$work/unmatched"
		fail "HOWTO's contents are not its sections"
	}
	sections=$(($(wc -l <"$work/titles") / 2))
	((sections >= 30)) || fail "HOWTO's sections are not found"
}

# The index of questions names sections that exist, and each section at least once.
index_is_right() {
	local number
	sed -n '/^Questions/,/^Contents/s/^   \([0-9][0-9, ]*\)  .*/\1/p' "$root/HOWTO" | tr -s ', ' '\n' |
		grep . | sort -nu >"$work/index"
	for number in $(<"$work/index"); do
		((number >= 1 && number <= sections)) || fail "the index names section $number, and there are $sections"
	done
	comm -23 <(seq "$sections" | sort) <(sort "$work/index") >"$work/unmatched"
	[ ! -s "$work/unmatched" ] || {
		show "$work/unmatched"
		fail "HOWTO's index of questions has no entry for these sections"
	}
}

# "section 7", "sections 1 and 15"
sections_are_there() {
	local document number
	for document in HOWTO README.md; do
		for number in $(tr '\n' ' ' <"$root/$document" |
			grep -oE '\b[Ss]ections? +[0-9]+( +(and|to) +[0-9]+)?' | grep -oE '[0-9]+'); do
			((number >= 1 && number <= sections)) ||
				fail "$document names section $number, and there are $sections"
		done
	done
}

# What stands behind the name of a tool on a line, up to the program that it runs, or to a remark.
options_named_with() {
	sed 's/\\-/-/g; s/ --  *.*//; s/^ *//; s/   .*//' "${documents[@]}" |
		grep -ohE "(^|[[:space:]\`/\"'(])$1( +(-[-a-zA-Z]|[^-])[^ |;&]*)+" |
		grep -oE -- '[[:space:]`]--[a-z][-a-z_]*' | tr -d ' \t`' | sort -u
}

options_of_tools_exist() {
	local tool documents=("$root/README.md" "$root/HOWTO" "$root"/man/*.[1-8])
	for tool in hugeadm hugectl hugeedit hugestat pagesize; do
		[ -x "$BUILD/bin/$tool" ] || continue
		"$BUILD/bin/$tool" --print-completion=options | sort -u >"$work/options"
		options_named_with $tool >"$work/named"
		comm -23 "$work/named" "$work/options" >"$work/unknown"
		[ ! -s "$work/unknown" ] || {
			show "$work/unknown"
			fail "the documents name options that $tool has not"
		}
	done
	[ "$(options_named_with hugeadm | wc -l)" -ge 10 ] || fail "the documents' options are not found"
}

goals_of_make_exist() {
	local goal
	for goal in $(sed -nE 's/^ +make ([a-z]+).*/\1/p; s/.*`make ([a-z]+)`.*/\1/p' \
		"$root/README.md" "$root/HOWTO"); do
		cat "$root/Makefile" "$root/tests/tests.mk" | grep -qE "^$goal:" ||
			fail "there is no goal $goal in the Makefile"
	done
	for goal in check demo; do
		grep -qE "^ +make $goal\b" "$root/README.md" || fail "README.md does not name make $goal"
	done
}

# Pages of ours that a page refers to, and a page for each function.
pages_are_there() {
	local page name
	for page in "$root"/man/*.[1-8]; do
		for name in $(sed -n 's/\\-/-/g; s/^\.BR \([a-z_.]*\) (\([1-8]\)).*/\1.\2/p' "$page"); do
			[[ $name =~ ^(huge|libhuge|ld.huge|get_?huge|pagesize) ]] || continue
			[ -r "$root/man/$name" ] || grep -q "\b${name%.3}=" "$root/Makefile" ||
				fail "${page##*/} refers to $name, which is not there"
		done
	done
	for name in $(sed -nE 's/^[a-z].*[ *]([a-z_]+)\(.*/\1/p' "$root/include/hugetlbfs.h"); do
		grep -qE "\b$name *\(|^\.B[IR]* .*\b$name\b" "$root"/man/*.3 || fail "no page has $name()"
	done
}

no_warnings() {
	[ ! -s "$work/warnings" ] || {
		show "$work/warnings"
		fail "$1 warns of ${2##*/}"
	}
}

pages_render() {
	local page
	for page in "$root"/man/*.[1-8]; do
		if command -v man >/dev/null; then
			man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null 2>"$work/warnings" ||
				fail "man does not render ${page##*/}"
			no_warnings man "$page"
		fi
		if command -v mandoc >/dev/null; then
			mandoc -T lint -W warning "$page" >"$work/warnings" 2>&1
			no_warnings mandoc "$page"
		fi
	done
}

variables_of_table >"$work/table"
(($(wc -l <"$work/table") >= 20)) || {
	show "$work/table"
	fail "the table of options is not where it was"
}
every_variable_is_documented
every_documented_variable_exists
quoted_lines_are_lines_of_the_sources
lines_are_short
sections_are_listed
index_is_right
sections_are_there
options_of_tools_exist
goals_of_make_exist
pages_are_there
command -v man >/dev/null || command -v mandoc >/dev/null ||
	skip "needs man or mandoc for the rendering of pages"
pages_render
need_program python3
every_line_is_explained
