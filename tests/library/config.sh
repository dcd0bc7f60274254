#!/bin/bash
# /etc/libhugetlbfs.conf sets the features when the library is in /etc/ld.so.preload and no variable
# is set. Both files are in an /etc of the test's own.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_own_mounts
need_program setpriv
need_pages 50 2M

# Users read it, and the library, which may lie where only root comes.
chmod 755 "$work"
etc=$work/etc
mkdir "$etc" "$work/bin"
cp -L /etc/passwd /etc/group "$etc/"
[ ! -e /etc/ld.so.cache ] || cp /etc/ld.so.cache "$etc/"
cp "$LIB" "$work/libhugetlbfs.so"
cp "$helpers/print-heap" "$work/bin/"
chmod 755 "$work/bin" "$work/bin/print-heap" "$work/libhugetlbfs.so"
echo "$work/libhugetlbfs.so" >"$etc/ld.so.preload"

# Runs a command with that /etc; its standard input is the configuration.
fleet() {
	cat >"$etc/libhugetlbfs.conf"
	in_fleet "$@"
}

# The command's own shell would be a program of the fleet, too.
in_fleet() {
	# shellcheck disable=SC2016 # that shell's own
	"$helpers/own-mounts" bash -c 'mount --bind "$1" /etc || exit 99; shift; exec "$@"' - "$etc" "$@" \
		>"$work/out" 2>"$work/err"
	local status=$?
	[ $status = 0 ] || { show "$work/err"; fail "$*: exit status $status"; }
}

heap_is_huge() {
	grep -qE 'anon_hugepage|memfd:libhugetlbfs' "$work/out"
}

expect_huge() {
	no_lines_of_ours "$work/err"
	heap_is_huge || { show "$work/out"; fail "$1: no huge pages"; }
}

expect_small() {
	no_lines_of_ours "$work/err"
	! heap_is_huge || { show "$work/out"; fail "$1: huge pages"; }
}

rules() {
	fleet "$work/bin/print-heap" <<-END
		[program=print-heap]
		MORECORE = yes
	END
	expect_huge "by program"
	fleet "$work/bin/print-heap" <<-END
		[program=others]
		MORECORE = yes
	END
	expect_small "of another program"
	fleet "$work/bin/print-heap" <<-END
		[path=*/bin/print-heap]
		MORECORE = yes
		[user=root]
		MORECORE_SHRINK = yes
	END
	expect_huge "by path"
	fleet setpriv --reuid=65534 --clear-groups "$work/bin/print-heap" <<-END
		[path=*/bin/print-heap uid=65534]
		MORECORE = yes
	END
	expect_huge "by path and uid"
	in_fleet "$work/bin/print-heap"
	expect_small "of another uid"
}

environment_wins() {
	fleet env HUGETLB_MORECORE=no "$work/bin/print-heap" <<-END
		[program=print-heap]
		MORECORE = yes
	END
	expect_small "HUGETLB_MORECORE=no"
	in_fleet env HUGETLB_CONFIG= "$work/bin/print-heap"
	expect_small "HUGETLB_CONFIG="
	in_fleet env HUGETLB_RESTRICT_EXE=other "$work/bin/print-heap"
	expect_small "HUGETLB_RESTRICT_EXE=other"
	echo "MORECORE = yes" >"$work/other.conf"
	in_fleet env "HUGETLB_CONFIG=$work/other.conf" "$work/bin/print-heap"
	expect_huge "HUGETLB_CONFIG"
}

debugging_names_file_and_rule() {
	fleet env HUGETLB_DEBUG=yes "$work/bin/print-heap" <<-END
		# a comment

		[program=print-heap]
		MORECORE = yes
	END
	grep -qF "/etc/libhugetlbfs.conf:4: HUGETLB_MORECORE=yes, by the rule in line 3" "$work/err" ||
		{ show "$work/err"; fail "file and rule are not named"; }
}

# The dynamic linker preloads by that file in set-uid programs as well.
set_uid_programs_ignore_it() {
	local program=$work/bin/set-uid
	findmnt -nT "$work" -o OPTIONS | grep -qw nosuid && return
	cp "$helpers/print-heap" "$program"
	chmod 4755 "$program" "$work/libhugetlbfs.so"
	fleet setpriv --reuid=65534 --clear-groups "$program" <<-END
		[program=set-uid]
		MORECORE = yes
		DEBUG = yes
	END
	grep -q libhugetlbfs.so "$work/out" || fail "the library is not in a set-uid program"
	# the library's own name is in the maps
	grep -v libhugetlbfs.so "$work/out" >"$work/rest"
	mv "$work/rest" "$work/out"
	expect_small "a set-uid program"
	in_fleet "$program"
	heap_is_huge || fail "the same program of its owner's has no huge pages"
}

# What a fleet must live through: each program does what it does, and says one line at most.
expect_harmless() {
	in_fleet /bin/sh -c 'echo output | cat'
	[ "$(cat "$work/out")" = output ] || { show "$work/out"; fail "$1: another output"; }
	sed -n 's/^libhugetlbfs \[\([^]]*\)\].*/\1/p' "$work/err" | sort | uniq -d | grep . &&
		{ show "$work/err"; fail "$1: more than a line of a process"; }
	(($(grep -vc '^libhugetlbfs' "$work/err") == 0)) || { show "$work/err"; fail "$1: an error"; }
	[ -z "${2-}" ] || grep -qF "/etc/libhugetlbfs.conf$2" "$work/err" ||
		{ show "$work/err"; fail "$1: it is not told"; }
}

broken_files_do_no_harm() {
	local file=$etc/libhugetlbfs.conf
	rm -f "$file"
	expect_harmless "no file"
	no_lines_of_ours "$work/err"
	mkdir "$file"
	expect_harmless "a directory" " is not a regular file"
	rmdir "$file"
	mkfifo "$file"
	expect_harmless "a FIFO" " is not a regular file"
	rm "$file"
	ln -s /dev/zero "$file"
	expect_harmless "a device" " is not a regular file"
	ln -sf libhugetlbfs.conf "$file"
	expect_harmless "a loop"
	ln -sf /proc/self/mem "$file"
	expect_harmless "memory"
	rm "$file"
	head -c 60000 /dev/urandom >"$file"
	expect_harmless garbage " is not a text file"
	head -c 60000 /dev/urandom | tr -d '\0' >"$file"
	expect_harmless "garbage without zero bytes" :1:
	truncate -s 100G "$file"
	expect_harmless "a huge file" " is longer than 64 kB"
	printf 'x%.0s' {1..60000} >"$file"
	expect_harmless "an endless line" :1:
	echo "MORECORE=certainly" >"$file"
	expect_harmless "a bad value" ":1: HUGETLB_MORECORE=certainly: not understood"
	echo "MORECORE=yes" >"$file"
	chmod 666 "$file"
	expect_harmless "anybody's file" " is writable by others than its owner"
	chmod 600 "$file"
	chown 65533 "$file"
	expect_harmless "a user's file" " is not owned by root"
	rm "$file"
}

# HOWTO's way to turn the library off for a machine: before the first rule, whatever follows.
one_line_turns_it_off() {
	fleet env HUGETLB_MORECORE=yes HUGETLB_REPORT=2 "$work/bin/print-heap" <<-END
		RESTRICT_EXE = -none-
		MORECORE = yes
		[program=print-heap]
		MORECORE = yes
	END
	expect_small "RESTRICT_EXE = -none-"
	[ ! -s "$work/err" ] || { show "$work/err"; fail "RESTRICT_EXE = -none-: there is a report"; }
}

rules
one_line_turns_it_off
environment_wins
debugging_names_file_and_rule
set_uid_programs_ignore_it
broken_files_do_no_harm
