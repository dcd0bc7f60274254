# What the tests of hugeadm share; sourced after test.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later
hugeadm=$BUILD/bin/hugeadm
tool_name=hugeadm refusal_status=1
. "$(dirname "$0")/../lib/tool.sh"
pool_2m=/sys/kernel/mm/hugepages/hugepages-2048kB
pool_1g=/sys/kernel/mm/hugepages/hugepages-1048576kB
mounts_base=/var/lib/hugetlbfs

# Puts the value of a file back at the end.
keep_file() {
	local value
	value=$(cat "$1") || skip "can't read $1"
	at_end "echo $value >$1"
}

# holds <value> <file>
holds() {
	[ "$(cat "$2")" = "$1" ] || fail "$2 is $(cat "$2"), not $1"
}

# fills_1g FROM TO COMMAND...: the command brings the pool of 1G pages from a size to another. It is
# tried again where the kernel finds such pages only after it has compacted memory.
fills_1g() {
	local from=$1 to=$2 try
	shift 2
	for try in 1 2 3; do
		echo "$from" >$pool_1g/nr_hugepages
		"$@"
		(($(cat $pool_1g/nr_hugepages) == to)) && return
		write_pool "$to" 1G || skip "the kernel does not give pages of 1G back"
	done
	fail "$* leaves the pool of 1G pages at less than $to"
}

# pool_is <minimum> <maximum>: what --pool-list says of pages of 2M, and what the kernel says
pool_is() {
	local minimum maximum
	minimum=$(($(cat $pool_2m/nr_hugepages) - $(cat $pool_2m/surplus_hugepages)))
	maximum=$((minimum + $(cat $pool_2m/nr_overcommit_hugepages)))
	[ "$minimum $maximum" = "$1 $2" ] ||
		fail "the pool has minimum and maximum $minimum $maximum, not $1 $2"
	succeeds --pool-list
	awk '$1 == 2097152 { print $2, $4 }' "$work/out" | grep -qx "$1 $2" || {
		show "$work/out"
		fail "--pool-list does not say $1 and $2"
	}
}

# Runs the script again in a mount namespace of its own, where it can cover directories.
in_own_mounts() {
	need_own_mounts
	[ -n "${IN_OWN_MOUNTS-}" ] && return
	rm -rf "$work"
	IN_OWN_MOUNTS=1 exec "$helpers/own-mounts" "$0"
}

# An empty directory in place of one; both are gone with the mount namespace, but for a directory
# that was not there and is removed.
cover() {
	local directory=$1 missing=$1
	if [ ! -d "$directory" ]; then
		while [ ! -d "$(dirname "$missing")" ]; do
			missing=$(dirname "$missing")
		done
		mkdir -p "$directory"
		at_end "find $missing -depth -type d -empty -delete"
	fi
	mount -t tmpfs tmpfs "$directory" || skip "no tmpfs can be mounted"
	at_end "umount -R $directory"
}

# What needs systemd is written as on a machine that has it.
with_systemd() {
	[ ! -e /usr/lib/systemd/systemd ] && [ ! -e /lib/systemd/systemd ] || return 0
	[ -d /run/systemd/system ] || cover /run/systemd/system
}
