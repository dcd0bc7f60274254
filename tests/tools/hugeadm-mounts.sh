#!/bin/bash
# hugeadm --create-...-mounts makes one mount per page size with the owner, mode and limits asked
# for, and names the differences of an existing mount.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"

in_own_mounts
[ -d $pool_2m ] || skip "needs pages of 2M"
cover $mounts_base
umask 027

# mounted <path> <page size> <uid:gid mode>
mounted() {
	[ "$(stat -f -c '%T %S' "$1")" = "hugetlbfs $2" ] || fail "$1: $(stat -f -c '%T %S' "$1")"
	[ "$(stat -c '%u:%g %a' "$1")" = "$3" ] || fail "$1: $(stat -c '%u:%g %a' "$1"), not $3"
	"$hugeadm" --list-all-mounts | grep -q "^$1 " || fail "$1 is not listed"
}

# 2MB for 2097152
name_of() {
	local bytes=$1 unit=KB
	((bytes < 1 << 20)) || unit=MB
	((bytes < 1 << 30)) || unit=GB
	case $unit in
	KB) echo $((bytes >> 10))KB ;;
	MB) echo $((bytes >> 20))MB ;;
	GB) echo $((bytes >> 30))GB ;;
	esac
}

each_kind() {
	local bytes name
	succeeds --create-mounts --create-user-mounts=daemon --create-group-mounts bin \
		--create-global-mounts
	for bytes in $("$BUILD/bin/pagesize" -H); do
		name=pagesize-$(name_of "$bytes")
		mounted "$mounts_base/$name" "$bytes" "0:0 770"
		mounted "$mounts_base/user/daemon/$name" "$bytes" "$(id -u daemon):0 700"
		mounted "$mounts_base/group/bin/$name" "$bytes" \
			"0:$(getent group bin | cut -d: -f3) 70"
		mounted "$mounts_base/global/$name" "$bytes" "0:0 1777"
	done
	succeeds --create-mounts
	[ "$(grep -c " $mounts_base/pagesize-2MB " /proc/mounts)" = 1 ] || fail "mounted twice"
	"$hugeadm" --create-mounts --max-inodes 7 2>"$work/err" && fail "other limits than asked"
	grep -qx "hugeadm: $mounts_base/pagesize-2MB: inodes at most: asked for 7, got 0" \
		"$work/err" || { show "$work/err"; fail "other limits are not told"; }
	runuser -u daemon -- touch "$mounts_base/user/daemon/pagesize-2MB/file" 2>"$work/err" ||
		{ show "$work/err"; fail "the user can't use the mount"; }
	rm "$mounts_base/user/daemon/pagesize-2MB/file"
	umount -R $mounts_base/pagesize-* $mounts_base/*/pagesize-* $mounts_base/*/*/pagesize-*
}

# What an earlier release mounted under the number of bytes is found, and not mounted a second time.
finds_old_names() {
	local old=$mounts_base/pagesize-2097152
	mkdir "$old"
	mount -t hugetlbfs -o pagesize=2M none "$old" || fail "can't mount a hugetlbfs"
	succeeds --create-mounts
	! grep -q " $mounts_base/pagesize-2MB " /proc/mounts || fail "mounted twice, by two names"
	"$hugeadm" --create-mounts --max-inodes 7 2>"$work/err" && fail "other limits than asked"
	grep -qx "hugeadm: $old: inodes at most: asked for 7, got 0" "$work/err" ||
		{ show "$work/err"; fail "another mount than the old one was checked"; }
	umount $mounts_base/pagesize-*
	rmdir "$old"
}

# A limit below one page: that size is skipped with a line, and the others are mounted.
skips_sizes() {
	[ -d $pool_1g ] || return 0
	"$hugeadm" --create-mounts --max-size 512M 2>"$work/err" || fail "--max-size 512M: exit status $?"
	says "hugeadm: $mounts_base/pagesize-1GB is not mounted: --max-size 512M is less than one page \
of 1G"
	mounted $mounts_base/pagesize-2MB 2097152 "0:0 770"
	! grep -q " $mounts_base/pagesize-1GB " /proc/mounts || fail "pages of 1G are mounted"
	umount $mounts_base/pagesize-2MB
}

each_option() {
	local path=$mounts_base/pagesize-2MB
	succeeds --create-mounts --max-size 2G --max-inodes=9 --uid daemon --gid 4242 --mode 2 \
		--min-size 0
	mounted $path 2097152 "$(id -u daemon):4242 2"
	[ "$(stat -f -c '%b %c' $path)" = "1024 9" ] || fail "limits: $(stat -f -c '%b %c' $path)"
	umount $mounts_base/pagesize-*
}

# The smallest share of the pool that all mounts can have, and one that they can't.
takes_from_the_pool() {
	local reserved pages
	pages=$(cat $pool_2m/free_hugepages)
	reserved=$(cat $pool_2m/resv_hugepages)
	"$hugeadm" --create-mounts --min-size 4M 2>"$work/err"
	[ ! -d $pool_1g ] || grep -qx "hugeadm: $mounts_base/pagesize-1GB is not mounted: \
--min-size 4M is less than one page of 1G" "$work/err" || { show "$work/err"; fail "1G"; }
	if ((pages - reserved >= 2)); then
		holds $((reserved + 2)) $pool_2m/resv_hugepages
		umount $mounts_base/pagesize-2MB
	fi
	"$hugeadm" --create-mounts --min-size 900G 2>"$work/err" && fail "900G can be had"
	grep -q "^hugeadm: can't mount a hugetlbfs on $mounts_base/pagesize-2MB with .*: Cannot \
allocate memory (the pool is short of --min-size)$" "$work/err" ||
		{ show "$work/err"; fail "a pool too small for --min-size is not told"; }
	umount $mounts_base/pagesize-* 2>/dev/null
}

dry_run_does_the_same() {
	local path=$mounts_base/user/daemon/pagesize-2MB
	succeeds --dry-run --create-user-mounts daemon --max-size 4G --mode 0710
	cp "$work/out" "$work/commands"
	grep -q " $path " /proc/mounts && fail "the dry run mounts"
	sh -eu "$work/commands" || fail "the dry run's commands fail"
	mounted $path 2097152 "$(id -u daemon):0 710"
	[ "$(stat -f -c %b $path)" = 2048 ] || fail "the dry run's limit is $(stat -f -c %b $path)"
	umount $mounts_base/user/daemon/pagesize-*
}

# Names with spaces, lines longer than a page and other file systems are no trouble.
lists_strange_mounts() {
	local long
	long=$(printf 'directory-%04d:' {1..400})
	mkdir -p "$work/a b/c:d" "$work/lower" "$work/upper" "$work/index" "$work/over"
	(cd "$work" && mkdir ${long//:/ } && mount -t overlay -o \
		"lowerdir=${long%:},upperdir=upper,workdir=index" none over) 2>/dev/null &&
		at_end "umount $work/over"
	mount -t hugetlbfs -o pagesize=2M none "$work/a b/c:d" || skip "hugetlbfs can't be mounted"
	at_end "umount '$work/a b/c:d'"
	succeeds --list-all-mounts
	grep -q "^$work/a b/c:d " "$work/out" || { show "$work/out"; fail "a mount is not listed"; }
}

# What is in a name neither ends a line, nor speaks to the terminal, nor spoils the JSON, also where it
# is no UTF-8; a mount that another file system hides keeps its page size.
lists_bytes_of_names() {
	local name names=(new$'\n'line esc$'\e'[31m latin$'\xe9' cut$'\xc3' half$'\xed\xa0\x80' \
		'quote"d\' "d$(printf '\xc3\xa9')j$(printf '\xc3\xa0')" hidden)
	mkdir "$work/names"
	for name in "${names[@]}"; do
		mkdir "$work/names/$name" && mount -t hugetlbfs -o pagesize=2M none "$work/names/$name" ||
			fail "can't mount a hugetlbfs"
	done
	mount -t tmpfs none "$work/names/hidden"
	at_end "umount -A $work/names/hidden $work/names/*"
	succeeds --list-all-mounts
	[ "$(grep -c "^$work/names/.* rw,.*pagesize=2M" "$work/out")" = ${#names[@]} ] &&
		grep -qF 'new\012line ' "$work/out" && grep -qF 'esc\033[31m ' "$work/out" ||
		{ show "$work/out"; fail "not a line for each mount"; }
	command -v python3 >/dev/null || return
	succeeds --list-all-mounts --explain --json
	python3 - "$work/out" "$work/names" <<-'END' || { show "$work/out"; fail "JSON of odd names"; }
		import json, os, sys
		found = json.load(open(sys.argv[1], encoding="utf-8"))
		base = sys.argv[2] + "/"
		names = {m["path"][len(base):] for m in found["mounts"] if m["path"].startswith(base)}
		assert names == {name.decode("utf-8", "replace")
		                 for name in os.listdir(os.fsencode(base))}, names
		assert all(m["page_size_bytes"] >= 2 << 20 for m in found["mounts"])
		assert found["explain"]["mounts"] == found["mounts"]
	END
}

# A shell gets a name with its own signs as one word (Samba has machines as host$).
quotes_names() {
	local name='od d$HOME'
	"$hugeadm" --dry-run --create-user-mounts "$name" >"$work/out" 2>&1
	[ "$(cat "$work/out")" = "hugeadm: --create-user-mounts: there is no user $name" ] || fail "a user"
	cp /etc/passwd "$work/passwd"
	echo "$name:x:4321:4321::/:/bin/false" >>"$work/passwd"
	mount --bind "$work/passwd" /etc/passwd || return
	at_end "umount /etc/passwd"
	succeeds --dry-run --create-user-mounts "$name"
	sh -eu "$work/out" >/dev/null || fail "the dry run's commands fail"
	mounted "$mounts_base/user/$name/pagesize-2MB" 2097152 "4321:0 700"
	umount "$mounts_base/user/$name"/pagesize-*
}

unlisted() {
	"$hugeadm" --list-all-mounts >"$work/out" 2>"$work/err" || fail "no mounts: exit status $?"
	says "hugeadm: No hugetlbfs mount points found"
	[ ! -s "$work/out" ] || { show "$work/out"; fail "something on standard output"; }
}

umount -a -t hugetlbfs
unlisted
each_kind
finds_old_names
skips_sizes
each_option
takes_from_the_pool
dry_run_does_the_same
lists_strange_mounts
lists_bytes_of_names
quotes_names
