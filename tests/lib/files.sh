# What the tests of mapped files have in common; sourced after test.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later

# Mounts a hugetlbfs of 2M pages at $mount, where $copies are kept, and makes $disk, a directory for
# files on a file system whose files may be copied.
mount_for_files() {
	need_root
	mount=$work/mount
	copies=$mount/libhugetlbfs-files-0
	mkdir "$mount"
	mount -t hugetlbfs -o pagesize=2M none "$mount" || skip "hugetlbfs can't be mounted"
	at_end "umount $mount"
	at_end "rm -rf $mount/*"
	make_disk
}

make_disk() {
	disk=$(mktemp -d -p "${FILES_DIRECTORY:-/var/tmp}")
	at_end "rm -rf $disk"
	case $(stat -f -c %T "$disk") in
	tmpfs | ramfs | nfs* | fuse*) skip "no local disk: $disk is on $(stat -f -c %T "$disk")" ;;
	esac
}

# A file of so many MB, whose bytes differ, that is not being changed any more.
make_file() {
	head -c "${2}M" /dev/urandom >"$1" || skip "no space for $2 MB in $disk"
	# what is not on the disk yet cannot leave the page cache
	sync "$1"
	sleep 0.2
}

# free_pages [<number>]: the pages of 2M that nobody has; soon that many: a worker of the kernel lets go of
# pages that a disk has written to, a moment after the read.
free_pages() {
	local tries
	for ((tries = 0; tries < 300; tries++)); do
		[ -n "${1-}" ] && [ "$(pool_value 2M free_hugepages)" != "$1" ] || break
		sleep 0.1
	done
	pool_value 2M free_hugepages
}

# How many files there are, the notes that say what was copied not counted; each is of a copy.
copies_there() {
	local note
	find "${1:-$copies}" -mindepth 1 ! -name 'name-*' 2>/dev/null | wc -l
	for note in "${1:-$copies}"/name-*; do
		[ ! -e "$note" ] || note_is_of_a_copy "$note" || echo "and $note"
	done
}

# name-<device>-<inode>-<path>, beside file-<device>-<inode>-...
note_is_of_a_copy() {
	local device inode
	IFS=- read -r _ device inode _ <<<"${1##*/}"
	compgen -G "${1%/*}/file-$device-$inode-*" >/dev/null
}

# reads <file> <settings>: map-file gives the plain sum of the file; sets $huge, $all (kB), $inode, and
# $huge_without: of the page cache some is huge by the kernel's own reading ahead. Its lines on stderr
# are in $work/err.
reads() {
	local file=$1 plain
	shift
	"$helpers/map-file" "$file" >"$work/without"
	plain=$(head -n 1 "$work/without")
	huge_without=$(sed -n 's/^huge \([0-9]*\) .*/\1/p' "$work/without")
	preloaded "$@" "$helpers/map-file" "$file" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "$*: exit status $?"; }
	[ "$(head -n 1 "$work/out")" = "$plain" ] || { show "$work/out"; fail "$*: not $plain"; }
	read -r huge all inode < <(sed -n 's/^huge \(.*\) of \(.*\) kB, inode \(.*\)/\1 \2 \3/p' "$work/out")
}

# The mapping is on huge pages, but for 1 %; or on none that it would not have plain.
is_huge() {
	((huge >= all * 99 / 100)) || { show "$work/err"; fail "$1: only $huge of $all kB on huge pages"; }
}

is_small() {
	((huge <= huge_without && huge_without < all / 4)) ||
		{ show "$work/err"; fail "$1: $huge of $all kB are on huge pages, plain $huge_without"; }
}

# The only line on stderr has these words; with none there is no line.
says() {
	if [ -z "$1" ]; then
		no_lines_of_ours "$work/err"
	elif [ "$(lines_of_ours "$work/err")" != 1 ] || ! grep -q "HUGETLB_MMAP_FILES: .*$1" "$work/err"; then
		show "$work/err"
		fail "not the line: $1"
	fi
}
