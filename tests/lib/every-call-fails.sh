# For library/every-call-fails-*.sh: each system call of the library fails once, and then all from each
# on: the program gives what it gives without us, is not ended by a signal, and warns once at most.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

faults=$BUILD/tests/libhugetlbfs-faults.so
ENOMEM=12 EPERM=1 EINTR=4 EAGAIN=11

# Blocks of 5M are big here: no run needs much memory.
run() {
	env LD_PRELOAD="$faults" MALLOC_MMAP_THRESHOLD_=4194304 "$@" "$program" \
		>"$work/out" 2>"$work/err" 3>"$work/count"
}

# The output is the plain one, and stderr holds nothing but lines of ours, one at most of a process.
as_plain() {
	local status=$1
	shift
	[ "$status" = 0 ] || { show "$work/err"; fail "$*: exit status $status"; }
	cmp -s "$work/plain" "$work/out" || { show "$work/err"; fail "$*: another output"; }
	not_more_than_one_line "$@"
}

# Each process may say one; the child counts its calls on from where its parent stood.
not_more_than_one_line() {
	sed 's/^\(libhugetlbfs \[[^]]*\]\): .*/\1/' "$work/err" >"$work/processes"
	[ -z "$(sort "$work/processes" | uniq -d)" ] ||
		{ show "$work/err"; fail "$*: more than one line of a process"; }
	! grep -qv '^libhugetlbfs' "$work/err" || { show "$work/err"; fail "$*: a line not of ours"; }
}

# How many calls the library makes in a run in which none fails.
count_calls() {
	run FAULT_COUNT_FD=3 "$@"
	as_plain $? "$@"
	calls=$(cat "$work/count")
	((calls > 10)) || fail "$*: only $calls calls"
}

# With each of the errors, or, where several are joined by commas, with one of them in turn.
each_call_fails_once() {
	local n errors=$1 of_this error
	shift
	count_calls "$@"
	for ((n = 1; n <= calls; n++)); do
		for of_this in $errors; do
			IFS=, read -ra of_this <<<"$of_this"
			error=${of_this[n % ${#of_this[@]}]}
			run FAULT_CALL=$n FAULT_ERRNO="$error" "$@"
			as_plain $? "$*, call $n of $calls with error $error"
		done
	done
}

all_calls_fail_from_each_on() {
	local n error=$1
	shift
	count_calls "$@"
	for ((n = 1; n <= calls; n++)); do
		run FAULT_FROM=$n FAULT_ERRNO="$error" "$@"
		as_plain $? "$*, call $n and all after it with error $error"
	done
}

# started_or_refused LEAST SETTING...: with HUGETLB_REQUIRE the program runs as ever, or does not start
# and one line says so; it can't do without so many of the calls.
started_or_refused() {
	local n status refused=0 least=$1
	shift
	count_calls HUGETLB_REQUIRE=yes "$@"
	for ((n = 1; n <= calls; n++)); do
		run FAULT_CALL=$n HUGETLB_REQUIRE=yes "$@"
		status=$?
		[ $status = 125 ] || { as_plain $status "$*, required, call $n"; continue; }
		[ ! -s "$work/out" ] || fail "$*, call $n: refused, but it ran"
		not_more_than_one_line "$*, required, call $n"
		grep -q HUGETLB_REQUIRE "$work/err" || fail "$*, call $n: refused without a line"
		refused=$((refused + 1))
	done
	((refused >= least)) || fail "$*: only $refused of $calls failing calls kept the program from starting"
}

begin_program() {
	program=$1
	"$program" >"$work/plain" || fail "$program itself fails"
}
