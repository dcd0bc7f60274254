#!/bin/bash
# Where a seccomp filter or a policy forbids a system call, the program runs on without the feature,
# and one line says so. A filter that kills never meets a call of the library. What still works
# under such filters is tested by rows of cases/table.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

restricted=$cases/restricted
split_line="heap: part of a huge page cannot be changed (other threads run, and neither userfaultfd nor ptrace is allowed): the call fails with ENOMEM (HUGETLB_EXACT=strict avoids such pages)"
strict_line="some memory stays on hugetlb pages: they cannot be split now"
redirect_line="heap: libc could not be hooked (its text is sealed, or a security policy forbids it): the heap stays on small pages"

says_once() {
	[ "$(lines_of_ours "$work/err")" = 1 ] || { show "$work/err"; fail "$1: not one line of ours"; }
	grep -qF "WARNING: $2" "$work/err" || { show "$work/err"; fail "$1: another line"; }
}

# By ptrace, where userfaultfd is refused, or kills; by /dev/userfaultfd, which no such filter knows.
pages_are_split_under() {
	same_as_plain HUGETLB_MORECORE=yes -- "$@" writes-during-partial-page-calls arena
	[ "$plain_status" = 77 ] && skip "$(tail -n 1 "$work/plain.out")"
	[ "$plain_status" = 0 ] || { show "$work/plain.err"; fail "$*: exit status $plain_status"; }
}

# With neither, the program's mprotect fails, as section 35 of HOWTO has it.
pages_stay_whole_under() {
	local kind=$1 status
	shift
	preloaded HUGETLB_MORECORE=yes "$@" main >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 77 ] && skip "$(tail -n 1 "$work/out")"
	[ $status = 1 ] || { show "$work/err"; fail "$kind: exit status $status"; }
	grep -q "Cannot allocate memory" "$work/err" || { show "$work/err"; fail "$kind: failed by something else"; }
	says_once "$kind" "$split_line"
}

# A program that its user may run but not read is not dumpable: nothing may trace it. setpriv still has
# root's right to read it; env has none.
pages_of_unreadable_programs_stay_whole() {
	local as_nobody=(setpriv --reuid nobody --clear-groups) library=$LIB LIB=$work/library
	[ "$(id -u)" = 0 ] && "${as_nobody[@]}" test ! -w /dev/userfaultfd &&
		[ "$(cat /proc/sys/vm/unprivileged_userfaultfd 2>/dev/null)" != 1 ] || return
	chmod 755 "$work"
	install -m 755 "$library" "$LIB"
	install -m 711 "$cases/writes-during-partial-page-calls" "$work/unreadable"
	pages_stay_whole_under "an unreadable program" "${as_nobody[@]}" env "$work/unreadable"
}

# Once a thread runs, the heap takes transparent huge pages only. The thread of this program has a stack
# of its own, so that it is noticed by the growth after it, too late for the page that there is.
strict_means_transparent_pages_under() {
	preloaded HUGETLB_MORECORE=yes HUGETLB_EXACT=strict EXPECT_HUGETLB=0.9 "$cases/small-blocks" 5 >"$work/out" 2>"$work/err" ||
		fail "HUGETLB_EXACT=strict: no hugetlb pages where changes are exact"
	preloaded HUGETLB_MORECORE=yes HUGETLB_EXACT=strict "$restricted" "$1" \
		writes-during-partial-page-calls arena >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "$1, strict: exit status $?"; }
	says_once "$1, strict" "$strict_line"
}

pages_are_split_by_the_kernel_under() {
	preloaded HUGETLB_MORECORE=thp "$restricted" "$1" writes-during-partial-page-calls main >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "$1, thp: exit status $?"; }
	no_lines_of_ours "$work/err"
}

no_memfd_means_small_pages() {
	local program
	for program in "small-blocks 20" "threads 4" "fork both-write"; do
		# shellcheck disable=SC2086 # a program and its arguments
		preloaded HUGETLB_MORECORE=yes "$restricted" no-memfd $program >"$work/out" 2>"$work/err" ||
			{ show "$work/err"; fail "no-memfd, $program: exit status $?"; }
		grep -qF "WARNING: $redirect_line" "$work/err" || { show "$work/err"; fail "no-memfd, $program: no line"; }
	done
	preloaded HUGETLB_MORECORE=yes HUGETLB_REQUIRE=yes "$restricted" no-memfd small-blocks 20 >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 125 ] || { show "$work/err"; fail "no-memfd, HUGETLB_REQUIRE: exit status $status"; }
}

# What the library knows of its ranges takes address space itself: next to none where there is little.
little_address_space_is_left_to_the_program() {
	local setting kb=16000
	until (ulimit -v "$kb" && preloaded "$cases/small-blocks" 20) >/dev/null 2>&1; do
		kb=$((kb + 1000))
		[ "$kb" -lt 200000 ] || fail "ulimit -v: even $kb kB are not enough"
	done
	for setting in HUGETLB_MORECORE=thp HUGETLB_MMAP=yes HUGETLB_MORECORE=yes; do
		(ulimit -v $((kb + 2000)) && preloaded "$setting" "$cases/small-blocks" 20) >/dev/null 2>"$work/err" ||
			{ show "$work/err"; fail "ulimit -v $((kb + 2000)), $setting: exit status $?"; }
	done
}

# vm.memfd_noexec belongs to a PID namespace: 1 is no obstacle to who asks for an executable memfd.
memfd_noexec() {
	local level=$1
	shift
	# shellcheck disable=SC2016 # that shell's own
	"$helpers/own-mounts" unshare --pid --fork bash -c '
		mount -t proc proc /proc && echo "$1" >/proc/sys/vm/memfd_noexec && shift && exec "$@"' - "$level" \
		env LD_PRELOAD="$LIB" HUGETLB_MORECORE=yes "$@" >"$work/out" 2>"$work/err" ||
		{ show "$work/err"; fail "memfd_noexec=$level: exit status $?"; }
}

executable_memfds_by_sysctl() {
	[ "$(id -u)" = 0 ] && command -v unshare >/dev/null && [ -e /proc/sys/vm/memfd_noexec ] || return 0
	memfd_noexec 1 EXPECT_HUGETLB=0.95 "$cases/small-blocks" 20
	no_lines_of_ours "$work/err"
	# what is written to libc's own pages needs none; a copy of its text does
	memfd_noexec 2 EXPECT_HUGETLB=0.95 "$cases/small-blocks" 20
	no_lines_of_ours "$work/err"
	memfd_noexec 2 HUGETLB_ELFMAP=W "$cases/small-blocks" 20
	grep -qF "WARNING: $redirect_line" "$work/err" || { show "$work/err"; fail "memfd_noexec=2: no line"; }
}

need_pages 150 2M
for kind in container service; do
	pages_are_split_under "$restricted" "$kind"
done
if [ "$(id -u)" = 0 ] && setpriv --reuid nobody --clear-groups test -x "$restricted" 2>/dev/null; then
	pages_are_split_under setpriv --reuid nobody --clear-groups "$restricted" container
	pages_are_split_under setpriv --reuid nobody --clear-groups --no-new-privs env PATH="$cases:$PATH"
	pages_are_split_under "$restricted" no-trace
fi
pages_of_unreadable_programs_stay_whole
pages_stay_whole_under no-trace-kill "$restricted" no-trace-kill writes-during-partial-page-calls
pages_are_split_by_the_kernel_under no-trace-kill
strict_means_transparent_pages_under no-trace-kill
no_memfd_means_small_pages
little_address_space_is_left_to_the_program
executable_memfds_by_sysctl
