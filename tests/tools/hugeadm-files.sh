#!/bin/bash
# hugeadm --files, --drop-files, --preload, --pin and --unpin: copies of files are listed with their
# users, made ahead for those who may read the file and for nobody else, kept while they are pinned, and
# dropped when nobody uses them; another user can neither read nor plant one.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
need_program setpriv
umount -a -t hugetlbfs
mount_for_files
need_pages 60 2M
export HUGETLB_PATH=$mount
# where other users may enter and run programs
chmod 755 "$work" "$disk"
chmod 1777 "$mount"
cp "$helpers/map-file" "$hugeadm" "$LIB" "$work"
copying=(HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount")
file="$disk/a model"
make_file "$file" 22
nobody=$(free_pages)
all=$mount/libhugetlbfs-files

# as <user>[:<group>] <command> ...
as() {
	local user=$1
	shift
	setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups "$@"
}

# maps <user> <file>: what map-file prints as that user, and sets $huge and $inode
maps() {
	as "$1" env LD_PRELOAD="$work/${LIB##*/}" "${copying[@]}" "$work/map-file" "$2" \
		>"$work/out" 2>"$work/err" || { show "$work/err"; fail "user $1: exit status $?"; }
	[ "$(head -n 1 "$work/out")" = "$("$helpers/map-file" "$2" | head -n 1)" ] || fail "user $1: another sum"
	read -r huge inode < <(sed -n 's/^huge \(.*\) of .* kB, inode \(.*\)/\1 \2/p' "$work/out")
}

# start_waiting: a process that has the file mapped, as $holder
start_waiting() {
	rm -f "$work/hold"
	mkfifo "$work/hold"
	env LD_PRELOAD="$LIB" "${copying[@]}" "$helpers/map-file" "$file" wait <"$work/hold" \
		>"$work/holder" 2>&1 &
	holder=$!
	exec 9>"$work/hold"
	until grep -q huge "$work/holder"; do
		kill -0 $holder 2>/dev/null || fail "the holder ended"
		sleep 0.05
	done
}

end_waiting() {
	echo >&9
	exec 9>&-
	wait $holder || fail "the holder failed"
}

# listed <users> <file> [<remarks>]: the one copy, of 22 MB, by its line
listed() {
	succeeds --files
	[ "$(head -n 1 "$work/out" | xargs)" = "Size Page Users Age File" ] || fail "no heading"
	sed 1d "$work/out" | grep -qE "^ +${bytes-23068672}    2097152 +$1 +[0-9]+[sm] $2${3:+ $3}\$" &&
		[ "$(wc -l <"$work/out")" = 2 ] || { show "$work/out"; fail "not listed: $*"; }
	# with a name that is not long
	! grep '.\{81\}' "$work/out" || fail "wider than 80 columns"
}

nothing_is_there() {
	succeeds --files
	[ "$(cat "$work/out")" = "No copies of files found." ] || { show "$work/out"; fail "none"; }
	succeeds --drop-files
	succeeds --files --json
	[ "$(tr -d ' \n' <"$work/out")" = '{"version":1,"files":[]}' ] || { show "$work/out"; fail "none"; }
	[ "$(free_pages "$nobody")" = "$nobody" ] || fail "$((nobody - $(free_pages))) pages are missing"
	[ -z "$(find "$mount" -mindepth 2)" ] || fail "left: $(find "$mount" -mindepth 2)"
}

drops_all() {
	succeeds --drop-files
	nothing_is_there
}

for_everybody() {
	local copy user
	succeeds --dry-run --preload "$file"
	[ "$(cat "$work/out")" = "hugeadm --preload '2048K:$file'" ] || { show "$work/out"; fail "--dry-run"; }
	nothing_is_there
	succeeds --preload "$file"
	copy=$(echo "$all"/file-*)
	[ "$(stat -c '%a %u %s' "$copy") $(stat -c '%a %u' "$all")" = "444 0 23068672 755 0" ] ||
		fail "another copy: $(stat "$copy" "$all")"
	((nobody - $(free_pages) == 11)) || fail "$((nobody - $(free_pages))) pages for 11"
	for user in 0 12345; do
		maps $user "$file"
		[ "$huge $inode" = "22528 $(stat -c %i "$copy")" ] ||
			{ show "$work/out" "$work/err"; fail "user $user does not map it"; }
		no_lines_of_ours "$work/err"
	done
	((nobody - $(free_pages) == 11)) || fail "a second copy"
	# once more: it is there
	succeeds --preload "2M:$file"
	[ "$(stat -c %i "$all"/file-*)" = "$inode" ] || fail "another one"
	as 12345 dd of="$copy" if=/dev/zero bs=1 count=1 conv=notrunc 2>/dev/null && fail "a user may write to it"
	listed 0 "$file"
}

used_and_unused() {
	start_waiting
	listed 1 "$file"
	succeeds --drop-files
	listed 1 "$file"
	refuses "--drop-files: $file: processes that map its copy: 1" --drop-files "$file"
	succeeds --files --json
	command -v python3 >/dev/null && { python3 - "$work/out" "$file" "$holder" "$all" <<-'EOF' || fail "JSON"; }
		import json, sys
		found, = json.load(open(sys.argv[1]))["files"]
		assert found.pop("age_seconds") < 600
		assert found.pop("path").startswith(sys.argv[4] + "/file-"), found
		assert found == {"file": sys.argv[2], "state": "current", "bytes": 22 << 20,
		                 "page_size_bytes": 2 << 20, "pinned": False, "part": False,
		                 "users": [int(sys.argv[3])]}, found
	EOF
	end_waiting
	listed 0 "$file"
	refuses "--drop-files: $disk/other: there is no copy of it (hugeadm --files lists all)" \
		--drop-files "$disk/other"
	"$hugeadm" --dry-run --drop-files "$file" >"$work/commands"
	listed 0 "$file"
	sh -eu "$work/commands" || fail "the dry run's commands fail"
	nothing_is_there
	succeeds --preload "$file"
	succeeds --drop-files "$file"
	nothing_is_there
}

pinned() {
	succeeds --preload "$file" --pin "$file"
	listed 0 "$file" '\(pinned\)'
	succeeds --drop-files
	listed 0 "$file" '\(pinned\)'
	refuses "--drop-files: $file: its copy is pinned (see --unpin)" --drop-files "$file"
	maps 12345 "$file"
	[ "$huge" = 22528 ] || fail "a pinned copy is not used"
	succeeds --unpin "$file"
	listed 0 "$file"
	succeeds --pin "$(echo "$all"/file-*)"
	listed 0 "$file" '\(pinned\)'
	succeeds --unpin "$file" --drop-files "$file"
	nothing_is_there
	refuses "--pin: $file: there is no copy of it (hugeadm --files lists all)" --pin "$file"
}

# The commands of the systemd unit, one after the other.
by_the_unit() {
	local unit=$tests/../packaging/systemd/libhugetlbfs-preload@.service command words
	for command in ExecStart ExecStop; do
		while read -r words; do
			# a word of the unit is an argument, whatever the file is called
			read -ra words <<<"${words//%f/FILE}"
			succeeds "${words[@]/#FILE/$file}"
		done < <(sed -n "s|^$command=-*/usr/bin/hugeadm ||p" "$unit")
		[ $command = ExecStop ] || listed 0 "$file" '\(pinned\)'
	done
	nothing_is_there
	! command -v systemd-analyze >/dev/null || {
		sed "s|/usr/bin/hugeadm|$hugeadm|" "$unit" >"$work/libhugetlbfs-preload@.service"
		systemd-analyze verify --man=no "$work/libhugetlbfs-preload@srv-model.service" >"$work/out" 2>&1 ||
			{ show "$work/out"; fail "systemd refuses the unit"; }
	}
}

# What was copied is not what the file is by now.
changed() {
	succeeds --preload "$file"
	touch "$file"
	listed 0 "$file" '\(changed\)'
	mv "$file" "$disk/elsewhere"
	listed 0 "$file" '\(missing\)'
	mv "$disk/elsewhere" "$file"
	sleep 0.2
	# the new copy takes the place of the old one
	succeeds --preload "$file"
	listed 0 "$file"
	drops_all
}

# A pool that is too small is an error; what it has is used.
short_pool() {
	set_pool 4
	refuses "--preload: $file: the pool has pages for 8 of 22 MB" --preload "$file"
	bytes=8388608 listed 0 "$file" '\(part\)'
	succeeds --drop-files
	set_pool 0
	"$hugeadm" --preload "$file" 2>"$work/err" && fail "an empty pool is enough"
	grep -qE "^hugeadm: --preload: $file: no huge pages of 2048 kB are free for a copy \(ENO.*\)$" "$work/err" ||
		{ show "$work/err"; fail "an empty pool: another line"; }
	set_pool "$pool_before"
	nothing_is_there
}

# preloaded_for <directory> <mode and owners>: by root; the copy is there, and so
preloaded_for() {
	succeeds --preload "$private"
	[ "$(echo "$mount"/libhugetlbfs-files*/file-*)" = "$(echo "$mount/$1"/file-*)" ] ||
		fail "not in $1: $(find "$mount")"
	[ "$(stat -c '%a %u %g' "$mount/$1" "$mount/$1"/file-* | xargs)" = "$2" ] ||
		fail "$1: $(stat -c '%a %u %g' "$mount/$1" "$mount/$1"/file-* | xargs)"
}

# A copy can be read by whoever may read the file.
for_readers_only() {
	private=$disk/private
	make_file "$private" 6
	chown 12345:23456 "$private"
	chmod 600 "$private"
	sleep 0.2
	preloaded_for libhugetlbfs-files-12345 "700 12345 23456 400 12345 23456"
	as 34567:23456 ls "$mount/libhugetlbfs-files-12345" 2>/dev/null && fail "others may enter"
	maps 12345:23456 "$private"
	[ "$huge" = 6144 ] || { show "$work/err"; fail "the owner does not map it"; }
	drops_all
	chmod 640 "$private"
	sleep 0.2
	preloaded_for libhugetlbfs-files-group-23456 "750 0 23456 440 0 23456"
	as 34567 ls "$mount/libhugetlbfs-files-group-23456" 2>/dev/null && fail "others may enter"
	maps 34567:23456 "$private"
	[ "$huge" = 6144 ] || { show "$work/err"; fail "the group does not map it"; }
	drops_all
	chmod 644 "$private"
	chown 0:0 "$disk"
	chmod 700 "$disk"
	sleep 0.2
	preloaded_for libhugetlbfs-files-0 "700 0 0 400 0 0"
	drops_all
	chmod 755 "$disk"
	# another user's is that user's
	HUGETLB_PATH=$mount as 12345 "$work/hugeadm" --preload "$private" 2>"$work/err" ||
		{ show "$work/err"; fail "its owner may not"; }
	[ "$(stat -c '%a %u' "$mount/libhugetlbfs-files-12345"/file-*)" = "400 12345" ] || fail "not the user's"
	as 34567 "$work/hugeadm" --preload "$private" 2>"$work/err" && fail "anybody may"
	grep -q 'only its owner and root can find out whether it is open for writing' "$work/err" ||
		{ show "$work/err"; fail "another line"; }
	drops_all
}

# planted <directory> <user> <command> ...: what a user puts there is not used by that command
planted() {
	local directory=$mount/$1 user=$2 name
	shift 2
	succeeds --preload "$file"
	name=$(basename "$all"/file-*)
	drops_all
	rmdir "$mount"/libhugetlbfs-files*
	as 34567 mkdir -m 755 "$directory"
	as 34567 fallocate -l 22M "$directory/$name"
	as 34567 chmod 444 "$directory/$name"
	"$@" "$user" "$file"
	rm -r "$directory"
}

refused_line() {
	grep -q "$1" "$work/err" || { show "$work/err"; fail "not told: $1"; }
}

maps_its_own() {
	maps "$@"
	[ "$inode $huge" = "$(stat -c %i "$mount/libhugetlbfs-files-$1"/file-* 2>/dev/null) 22528" ] ||
		{ show "$work/out" "$work/err"; fail "another user's copy is used"; }
	rm -r "$mount/libhugetlbfs-files-$1"
}

maps_none() {
	maps "$@"
	refused_line "libhugetlbfs-files-$1 belongs to another user"
	[ "$(lines_of_ours "$work/err")" = 1 ] || fail "more than a line"
}

preload_refuses() {
	"$hugeadm" --preload "$2" 2>"$work/err" && fail "root uses another user's directory"
	refused_line "^hugeadm: --preload: $file: $all belongs to another user$"
}

cannot_be_planted() {
	chown 12345 "$file"
	sleep 0.2
	planted libhugetlbfs-files 12345 maps_its_own
	planted libhugetlbfs-files 0 maps_its_own
	planted libhugetlbfs-files 0 preload_refuses
	planted "libhugetlbfs-files-group-$(stat -c %g "$file")" 12345 maps_its_own
	planted libhugetlbfs-files-12345 12345 maps_none
	nothing_is_there
}

# What cannot be copied, and what is strange.
refused() {
	refuses "--preload: $disk/none: No such file or directory" --preload "$disk/none"
	refuses "--preload: $disk: it is no file that can be copied" --preload "$disk"
	printf x >"$disk/small"
	refuses "--preload: $disk/small: it is smaller than a huge page" --preload "$disk/small"
	exec 5>>"$file"
	refuses "--preload: $file: it is open for writing" --preload "$file"
	exec 5>&-
	"$hugeadm" --preload "3M:$file" 2>"$work/err" && fail "pages of 3M"
	refused_line '^hugeadm: --preload: no huge pages of 3M here; there are:'
	umount "$mount"
	HUGETLB_PATH='' refuses "--preload: $file: no hugetlbfs for pages of 2048 kB is mounted that all readers may enter (see hugeadm --create-global-mounts)" \
		--preload "$file"
	mount -t hugetlbfs -o pagesize=2M none "$mount"
}

nothing_is_there
for_everybody
used_and_unused
pinned
by_the_unit
changed
short_pool
for_readers_only
cannot_be_planted
refused
