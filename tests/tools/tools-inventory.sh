#!/bin/bash
# Every option of every tool has a test of its effect, and refuses a bad value with one exact line.
# The list tool-options is compared with the tools and with the tests that it names; values are
# given as --option value and --option=value. No list can say whether a test checks the right thing.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$tests/lib/tool.sh"

here=$(dirname "$0")
root=$here/../..
# what a tool's options are tried with; its exit status of bad input
declare -A operands=([hugectl]=true [hugeedit]=/nowhere [ld.hugetlbfs]=no.o) statuses=([hugestat]=2 [hugectl]=125)
# the one that has no table of options, as it is a script
linker=$BUILD/share/libhugetlbfs/ld.hugetlbfs
assertions='fail|refused|relinked|has_words|expect_runs|hugeadm_fails|holds|pool_is|nodes_have|mounted|listed|refuses|parts|preloads|prints|letter|EXPECT_[A-Z]+=|expect_[a-z]+|cmp -s'

# run_tool <tool> <argument> ...
run_tool() {
	local tool=$1
	shift
	[ "$tool" = ld.hugetlbfs ] && tool=$linker || tool=$BUILD/bin/$tool
	"$tool" "$@"
}

# What a tool says that its options are, one a line; leaves its help text.
list_options() {
	if [ "$1" = ld.hugetlbfs ]; then
		"$linker" --hugetlbfs-help >"$work/help.$1"
		sed -nE 's/^  (--?[a-z-]+).*/\1/p' "$work/help.$1"
	else
		"$BUILD/bin/$1" --help >"$work/help.$1"
		"$BUILD/bin/$1" --print-completion=options
	fi
}

# read_rows <tool>: its rows without the first column, sorted
read_rows() {
	sed -n "s/^$1  *//p" "$here/tool-options" | sort
}

# read_body <test>:<function>, or env:<file>:<function>: into the file body
read_body() {
	local place=$1 file function=${1##*:}
	case $place in
	env:*) file=$root/tests/env/$(cut -d: -f2 <<<"$place") ;;
	*) file=$here/${place%:*}.sh ;;
	esac
	[ -r "$file" ] || fail "$place: there is no $file"
	if [ "$function" = main ]; then
		# what is in no function
		sed '/^[a-z_0-9]*()/,/^}/d' "$file" >"$work/body"
		return
	fi
	# called, by others of the file too, or by the guest by its name without the tool's
	grep -v "^$function()" "$file" | grep -qE "(^|[[:space:]&|({])$function\b" ||
		[[ $place == env:*:hugeadm_* && " $(<"$root/tests/env/machines.sh")" == *"${function/_/-}"* ]] ||
		fail "$place: nobody calls it"
	sed -n "/^$function()/,/^}/p" "$file" | sed 1d >"$work/body"
}

has_an_effect() {
	local tool=$1 option=$2 place=$3
	read_body "$place"
	[ -s "$work/body" ] || fail "$place: there is no such function"
	grep -qE -- "(^|[[:space:]\"'(|,])$option([][[:space:]=\"'|;)]|\$)" "$work/body" || {
		show "$work/body"
		fail "$tool $option: $place does not use it"
	}
	grep -qE "(^|[[:space:]&|])($assertions)" "$work/body" || fail "$place asserts nothing"
}

# refused <tool> <line> <argument> ...
refused() {
	local tool=$1 line=$2 status
	shift 2
	run_tool "$tool" "$@" ${operands[$tool]-} >"$work/out" 2>"$work/err"
	status=$?
	[ $status = "${statuses[$tool]-1}" ] || fail "$tool $*: exit status $status"
	[ "$(cat "$work/err")" = "$tool: $line" ] ||
		{ [[ $line == "option '"* ]] && is_misuse "$tool" "$line"; } || {
		show "$work/err"
		fail "$tool $*: not this line: $tool: $line"
	}
	[ ! -s "$work/out" ] || fail "$tool $*: something on standard output"
}

# How the help text shows the option: "", "=", "[="
kind_of() {
	sed -nE -- "s/^( *|.*, )$2(\[?=).*/\2/p" "$work/help.$1" | head -n 1
}

refuses_bad_values() {
	local tool=$1 option=$2 value=$3 line=$4 kind=
	case $option in
	--*) kind=$(kind_of "$tool" "$option") ;;
	*)
		# a letter has its value behind it, or none
		[[ $value == [-+] ]] || { refused "$tool" "$line" "$option" "$value"
			refused "$tool" "$line" "$option$value"; }
		return
		;;
	esac
	case $value$kind in
	-) refused "$tool" "option '$option' doesn't allow an argument" "$option=1" ;;
	+= | +\[=) ;;
	-= | -\[= | +) fail "$tool $option: its row says $value, the help text '$kind'" ;;
	*)
		[ -n "$kind" ] || fail "$tool $option: it takes no value"
		refused "$tool" "$line" "$option=$value"
		# a value that may be left out is the next word only where nothing else can be
		# and words of a linker's command line are passed one by one
		[ "$kind" != "[=" ] && [ "$tool" != ld.hugetlbfs ] &&
			refused "$tool" "$line" "$option" "$value"
		;;
	esac
	if [ "$kind" = = ]; then
		run_tool "$tool" "$option" >"$work/out" 2>"$work/err" && fail "$tool $option: no value"
		is_misuse "$tool" "option '$option' requires an argument" ||
			[ "$(cat "$work/err")" = "$tool: option '$option' requires an argument, as $option=..." ] ||
			{ show "$work/err"; fail "$tool $option: another line without its value"; }
	fi
}

rows=0
# The tools as the Makefile has them.
for tool in $(sed -n 's/^TABLE_TOOLS := //p' "$root/Makefile") ld.hugetlbfs; do
	[ "$tool" = ld.hugetlbfs ] || [ -x "$BUILD/bin/$tool" ] || continue
	list_options "$tool" | sort >"$work/options"
	read_rows "$tool" | cut -d ' ' -f 1 | diff "$work/options" - ||
		fail "the options of $tool (<) are not those of tool-options (>)"
	while read -r option place value line; do
		has_an_effect "$tool" "$option" "$place"
		refuses_bad_values "$tool" "$option" "$value" "$line"
		rows=$((rows + 1))
	done < <(read_rows "$tool")
done
((rows >= 50)) || fail "hardly a row: $rows"
