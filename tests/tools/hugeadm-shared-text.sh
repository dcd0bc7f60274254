#!/bin/bash
# hugeadm --list-shared-text and --drop-shared-text list every copy with its users and origin, and
# remove only unused and outdated copies.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"
. "$(dirname "$0")/../lib/share.sh"

in_own_mounts
need_program "${CC:-cc}"
umount -a -t hugetlbfs
mount_for_sharing
align_program
need_pages 60 2M
waiting=() hold=()
nobody=$(free_pages)

# A program of another version in the place of the first, as an upgrade does it.
make_program() {
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O1 -I"$tests/lib" -DVERSION="$1" "$tests/helpers/shared-text.c" \
		-Wl,-z,noseparate-code -Wl,-z,max-page-size=0x200000 "${@:2}" -o "$work/new" \
		2>"$work/compile" || { show "$work/compile"; fail "a program can't be linked"; }
	mv "$work/new" "$program"
}

# listed <users> <object> [<remark>]: the one copy, by its line
listed() {
	succeeds --list-shared-text
	[ "$(sed 1d "$work/out")" = "$(printf '%12s %10s %6s %s %s%s' "$(stat -c %s "$copies"/[bs]*)" \
		2097152 "$1" "$(echo "$copies"/[bs]*)" "$2" "${3:+ $3}")" ] || {
		show "$work/out"
		fail "not listed with $1 users as $2 ${3-}"
	}
	[ "$(head -n 1 "$work/out" | xargs)" = "Size Page Users File and object" ] || fail "no heading"
}

nothing_is_there() {
	succeeds --list-shared-text
	[ "$(cat "$work/out")" = "No shared text found." ] || { show "$work/out"; fail "none"; }
	succeeds --drop-shared-text
	succeeds --list-shared-text --json
	[ "$(tr -d ' \n' <"$work/out")" = '{"version":1,"shared_text":[]}' ] || { show "$work/out"; fail "none"; }
	[ "$(free_pages)" = "$nobody" ] || fail "$((nobody - $(free_pages))) pages are missing"
}

# In use it stays; when nobody maps it any more it goes, with its pages.
used_and_unused() {
	start_waiting 1 "$program"
	start_waiting 2 "$program"
	listed 2 "$program"
	succeeds --drop-shared-text
	listed 2 "$program"
	end_waiting 1
	listed 1 "$program"
	end_waiting 2
	listed 0 -
	succeeds --dry-run --drop-shared-text
	[ "$(cat "$work/out")" = "rm $(echo "$copies"/*)" ] || { show "$work/out"; fail "--dry-run"; }
	listed 0 -
	succeeds --drop-shared-text
	nothing_is_there
	expect_version 1 0 "$program"
	succeeds --dry-run --drop-shared-text
	sh -eu "$work/out" || fail "the dry run's commands fail"
	nothing_is_there
}

# After an upgrade a running program keeps what it has, and the copy is of no use to others.
upgraded() {
	local old
	make_program 1
	start_waiting 3 "$program"
	listed 1 "$program"
	old=$(echo "$copies"/*)
	make_program 2
	listed 1 "$program" "(replaced)"
	# the new version's copy is in use and up to date
	start_waiting 4 "$program"
	"$hugeadm" -v --drop-shared-text >"$work/out" 2>"$work/err" || fail "exit status $?"
	holds "hugeadm: deleting $old" "$work/err"
	listed 1 "$program"
	[ ! -e "$old" ] || fail "the old version's copy stays"
	end_waiting 3
	end_waiting 4
	rm "$program"
	succeeds --drop-shared-text
	nothing_is_there
}

# Without a build-id there is no telling: it stays as long as somebody maps it.
without_a_build_id() {
	make_program 1 -Wl,--build-id=none
	start_waiting 5 "$program"
	make_program 2 -Wl,--build-id=none
	listed 1 -
	succeeds --drop-shared-text
	listed 1 -
	end_waiting 5
	succeeds --drop-shared-text
	nothing_is_there
}

# What a killed process leaves, files of others, links, and a directory of its own.
strange_files() {
	local name copies=$copies
	mkdir -m 755 "$mount/a b"
	copies="$mount/a b"
	expect_version 2 0 "HUGETLB_SHARE_PATH=$copies" "$program"
	name=$(basename "$copies"/*)
	listed 0 -
	ln "$copies/$name" "$copies/tmp-$name"
	listed 0 -
	fallocate -l 2M "$mount/build-id-file"
	fallocate -l 2M "$mount/sha256-00-200000"
	ln -s / "$mount/root" 2>/dev/null
	succeeds --json --list-shared-text
	command -v python3 >/dev/null && { python3 - "$work/out" "$copies/$name" <<-'EOF' || fail "JSON"; }
		import json, os, sys
		found, = json.load(open(sys.argv[1]))["shared_text"]
		assert found == {"path": sys.argv[2], "bytes": os.stat(sys.argv[2]).st_size,
		                 "page_size_bytes": 2 << 20, "object": None, "replaced": False,
		                 "users": []}, found
	EOF
	succeeds --dry-run --drop-shared-text
	cp "$work/out" "$work/commands"
	[ "$(wc -l <"$work/commands")" = 2 ] || { show "$work/commands"; fail "not both names"; }
	succeeds --drop-shared-text
	[ -e "$mount/build-id-file" ] && [ -e "$mount/sha256-00-200000" ] || fail "a file of others"
	rm "$mount/build-id-file" "$mount/sha256-00-200000"
	nothing_is_there
}

# More directories than there may be descriptors, and one that became a link to another since.
many_directories() {
	local name i
	name=sha256-$(printf '%064d' 0)-1000-200000
	for ((i = 0; i < 100; i++)); do
		mkdir -p "$mount/many/$i/below"
		truncate -s 2M "$mount/many/$i/below/$name"
	done
	(ulimit -n 40 && "$hugeadm" --list-shared-text) >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
	[ "$(grep -c "/below/$name" "$work/out")" = 100 ] || { show "$work/out" "$work/err"; fail "not 100"; }
	(ulimit -n 40 && "$hugeadm" --drop-shared-text) 2>"$work/err" ||
		{ show "$work/err"; fail "exit status $?"; }
	[ -z "$(find "$mount/many" -type f)" ] || fail "copies are left"
	rm -r "$mount/many"
}

# as_nobody <line expected on stderr> <argument> ...: fails with that line
as_nobody() {
	local line=$1
	shift
	setpriv --reuid 65534 --clear-groups "$hugeadm" "$@" >"$work/out" 2>"$work/err" &&
		fail "a user may: hugeadm $*"
	grep -qxF "hugeadm: $line" "$work/err" || { show "$work/err"; fail "not told: $line"; }
}

# Who can't see everything says so, and drops nothing.
not_permitted() {
	local copy
	command -v setpriv >/dev/null || return 0
	start_waiting 6 "$program"
	copy=$(echo "$copies"/*)
	chmod 755 "$work" "$mount"
	as_nobody "can't look into $copies: Permission denied" --list-shared-text
	chmod 755 "$copies"
	as_nobody "1 processes cannot be inspected: they may use shared text" --list-shared-text
	as_nobody "1 processes cannot be inspected: they may use shared text" --drop-shared-text
	! grep -q delete "$work/err" || fail "a user tries to delete what may be in use"
	end_waiting 6
	# a process without huge pages maps none: that is known of everybody's
	as_nobody "can't delete $copy: Permission denied" --drop-shared-text
	listed 0 -
	succeeds --drop-shared-text
	nothing_is_there
}

nothing_is_there
used_and_unused
upgraded
without_a_build_id
strange_files
many_directories
not_permitted
