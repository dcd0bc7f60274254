#!/bin/bash
# hugeedit changes only the flags of the segments, in every kind of file; the program still runs.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"

need_program objdump readelf
need_hugeedit
write_probe

# The listing after a change is the only output.
edit() {
	"$hugeedit" "$@" >"$work/log" 2>"$work/err" || {
		show "$work/err"
		fail "hugeedit $*"
	}
	[ ! -s "$work/err" ] && ! grep -vE "$listed" "$work/log" ||
		fail "hugeedit $* has something else to say: $(cat "$work/log" "$work/err")"
}
listed='^Segment [0-9]+ 0x[0-9a-f]+ - 0x[0-9a-f]+ \((TEXT|DATA|)\) default is (BASE|HUGE) pages$'

# Everything but flags and alignment of the program headers.
content_without_headers() {
	readelf -lSdW "$1" | sed "s|$1||; s/0x[0-9a-f]*$//"
	objdump -sj .rodata -j .data -j .text "$1" | tail -n +3
}

marks_of_file() {
	local file=$1
	content_without_headers "$file" >"$work/before"
	cp "$file" "$work/original"
	edit --text "$file"
	expect_marks "$file" yes no no
	edit --data "$file"
	expect_marks "$file" yes yes no
	[ "$(segments "$file" | awk '!($5 % 2) && int($5 / 2) % 2 == 0' | wc -l)" = 0 ] ||
		edit --constants "$file"
	expect_marks "$file" yes yes
	edit "$file"
	[ "$(grep -c ' HUGE pages$' "$work/log")" = "$(segments "$file" | wc -l)" ] &&
		[ "$("$hugeedit" --table "$file" | grep -c ' yes$')" = "$(segments "$file" | wc -l)" ] ||
		fail "$file: hugeedit does not show what objdump does"
	content_without_headers "$file" >"$work/after"
	cmp -s "$work/before" "$work/after" || fail "$file: more than flags changed"
	edit --disable "$file"
	cmp -s "$work/original" "$file" || fail "$file: --disable does not bring the file back"
}

for kind in "${kinds[@]}"; do
	# shellcheck disable=SC2086
	linker_can bfd ${words_of[$kind]} || continue
	cp "$work/plain" "$work/$kind"
	marks_of_file "$work/$kind"
	edit --text --data "$work/$kind"
	expect_runs "$work/$kind"
done
"$compiler" -shared -fPIC "$work/probe.c" -o "$work/libprobe.so" || fail "no shared library"
marks_of_file "$work/libprobe.so"
if linker_can bfd -m32; then
	cp "$work/plain" "$work/narrow"
	marks_of_file "$work/narrow"
	edit --text --data "$work/narrow"
	expect_runs "$work/narrow"
fi

# Owner, mode, attributes and links stay; a change that changes nothing writes nothing.
program=$work/no-pie
linker_can bfd && cp "$work/plain" "$program"
mkdir "$work/links"
ln -s ../no-pie "$work/links/program"
chmod 4751 "$program"
if [ "$(id -u)" = 0 ]; then
	chown 1234:2345 "$program"
	chmod 6751 "$program"
fi
if command -v setfattr >/dev/null; then
	setfattr -n user.probe -v kept "$program" 2>/dev/null
fi
before=$(stat -c '%u %g %a' "$program") inode=$(stat -c %i "$program")
edit --text "$work/links/program"
[ -L "$work/links/program" ] || fail "the symbolic link became a file"
expect_marks "$program" yes no no
[ "$(stat -c '%u %g %a' "$program")" = "$before" ] || fail "owner or mode changed"
[ "$(stat -c %i "$program")" != "$inode" ] || fail "the file was written in place"
if command -v getfattr >/dev/null && getfattr -n user.probe "$work/original" >/dev/null 2>&1; then
	[ "$(getfattr --only-values -n user.probe "$program" 2>/dev/null)" = kept ] ||
		fail "an extended attribute was lost"
fi
if command -v setcap >/dev/null && setcap cap_net_raw=ep "$program" 2>/dev/null; then
	edit --data "$program"
	getcap "$program" | grep -q cap_net_raw || fail "a capability was lost"
fi
inode=$(stat -c %i "$program")
edit --text "$program"
[ "$(stat -c %i "$program")" = "$inode" ] || fail "a file that is as wanted was written"
expect_runs "$program"

# What is in use goes on, and the name has the new file.
cp "$(command -v sleep)" "$work/busy"
"$work/busy" 60 &
busy=$!
at_end "kill $busy 2>/dev/null"
edit --text "$work/busy"
expect_marks "$work/busy" yes no no
kill -0 $busy || fail "the running program ended"

# refused LINE words…: exit status 1, one line.
refused() {
	local line=$1
	shift
	"$hugeedit" "$@" >"$work/log" 2>&1
	[ $? = 1 ] || fail "accepted: $*"
	[[ $line != nonsense ]] || sed -i '/^Usage: \|^To list the options: /d' "$work/log"
	grep -q "^hugeedit: .*$line" "$work/log" || {
		show "$work/log"
		fail "no line about '$line'"
	}
	[ "$(wc -l <"$work/log")" = 1 ] || { show "$work/log"; fail "more than one line"; }
}
cp "$program" "$work/two"
ln "$work/two" "$work/names"
cp "$work/two" "$work/copy"
refused "2 names" --disable "$work/two"
cmp -s "$work/two" "$work/copy" || fail "a file with two names was changed"
refused "no file was named" --text
refused "one file at a time" --text "$work/two" "$work/copy"
refused "does not go with" --text --disable "$work/copy"
refused "No such file" "$work/none"
refused "no regular file" /dev/null
refused "no regular file" "$work"
refused "align=3M" --align=3M "$work/copy"
refused "nonsense" --nonsense "$work/copy"

# The man page has every option of the table, and the table every option of the man page.
page=$(dirname "$0")/../../man/hugeedit.8
"$hugeedit" --print-completion=options | sort >"$work/options"
sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' "$page" | grep -A1 '^\.TP' | sed 's/\\-/-/g' |
	grep -oE -- '(^|[ "])(-[a-z]|--[a-z-]+)' | tr -d ' "' | sort >"$work/documented"
diff "$work/options" "$work/documented" || fail "hugeedit.8 and the table of options differ"
while read -r option; do
	"$hugeedit" --help | grep -q -- "$option" || fail "--help does not name $option"
done <"$work/options"
[ -z "$(find "$work" -name '.hugeedit.*')" ] || fail "temporary files are left behind"
