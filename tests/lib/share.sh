# What the tests of shared text have in common; sourced after test.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later

# Mounts a hugetlbfs of 2M pages at $mount, where $copies are kept.
mount_for_sharing() {
	need_root
	mount=$work/mount
	copies=$mount/elflink-uid-0
	mkdir "$mount"
	mount -t hugetlbfs -o pagesize=2M none "$mount" || skip "hugetlbfs can't be mounted"
	at_end "umount $mount"
	at_end "rm -rf $mount/*"
}

# Makes $work/program: with its text at the same place of its huge pages at each start.
align_program() {
	[ -x "$BUILD/bin/hugeedit" ] || skip "hugeedit is not built"
	program=$work/program
	cp "$helpers/shared-text" "$program"
	"$BUILD/bin/hugeedit" --align "$program" >"$work/hugeedit" 2>&1 ||
		{ show "$work/hugeedit"; fail "hugeedit --align"; }
}

# As preloaded, with the settings for sharing before the caller's.
sharing() {
	preloaded HUGETLB_ELFMAP=R HUGETLB_SHARE=1 "HUGETLB_PATH=$mount" "$@"
}

# The pages of 2M that nobody has.
free_pages() {
	pool_value 2M free_hugepages
}

# How many copies there are; a second name of one that a killed process left does not count.
copies_there() {
	find "${1:-$copies}" -mindepth 1 ! -name 'tmp-*' 2>/dev/null | wc -l
}

# Runs a program with settings; its output must be the version's, and stderr of so many lines of ours.
expect_version() {
	local version=$1 lines=$2
	shift 2
	sharing "$@" >"$work/out" 2>"$work/err" || { show "$work/out" "$work/err"; fail "exit status $?: $*"; }
	[ "$(cat "$work/out")" = "version $version" ] || { show "$work/out"; fail "not version $version: $*"; }
	[ "$(lines_of_ours "$work/err")" = "$lines" ] ||
		{ show "$work/err"; fail "not $lines lines of ours: $*"; }
}

# Starts a program that waits, as job number $1; its output goes to $work/out.$1.
start_waiting() {
	local number=$1
	shift
	mkfifo "$work/hold.$number"
	env LD_PRELOAD="$LIB" HUGETLB_ELFMAP=R HUGETLB_SHARE=1 "HUGETLB_PATH=$mount" "$@" wait \
		<"$work/hold.$number" >"$work/out.$number" 2>"$work/err.$number" &
	waiting[number]=$!
	at_end "kill ${waiting[number]} 2>/dev/null; wait ${waiting[number]} 2>/dev/null"
	exec {hold[number]}>"$work/hold.$number"
	while ! grep -q version "$work/out.$number"; do
		kill -0 "${waiting[number]}" 2>/dev/null ||
			{ show "$work/out.$number" "$work/err.$number"; fail "job $number ended"; }
		sleep 0.02
	done
}

end_waiting() {
	local number=$1
	echo >&"${hold[number]}"
	exec {hold[number]}>&-
	wait "${waiting[number]}" || { show "$work/err.$number"; fail "job $number: exit status $?"; }
	grep -q '^still version' "$work/out.$number" || fail "job $number did not go on"
	rm "$work/hold.$number"
}

# The inode and how many kB of a process's text are mapped from a copy.
shared_inode() {
	awk -v copies="$copies/" 'index($0, copies) { print $5 }' "/proc/$1/maps" | sort -u
}

shared_kb() {
	awk -v copies="$copies/" '/^[0-9a-f]+-/ { ours = index($0, copies) }
		ours && /^Size:/ { size = $2 } ours && /^KernelPageSize:/ && $2 == 2048 { sum += size }
		END { print sum + 0 }' "/proc/$1/smaps"
}
