#!/bin/bash
# hugectl runs every kind of program, or exits as env(1) does: missing, not executable, a script,
# static, set-uid.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

nothing_asked="hugectl: no option asks for huge pages: the program runs without them (for its heap: --heap)"

exit_statuses() {
	ends 7 --thp sh -c 'exit 7'
	says ""
	ends 0 --thp true
	ends 143 --thp sh -c 'kill -TERM $$'
	ends 127 no-such-program
	says "hugectl: no-such-program: No such file or directory"
	ends 127 "$work/no-such-program" argument
	says "hugectl: $work/no-such-program: No such file or directory"
	echo text >"$work/text"
	ends 126 "$work/text"
	says "hugectl: $work/text: Permission denied"
	ends 126 "$work"
	says "hugectl: $work: Permission denied"
} 2>/dev/null

# It becomes the program: one process, and the name that was typed.
same_process() {
	local pid
	"$hugectl" --thp sh -c 'echo $$' >"$work/out" &
	pid=$!
	wait $pid
	[ "$(cat "$work/out")" = $pid ] || fail "another process"
	(PATH=$work:$PATH && "$hugectl" sh -c 'echo $0' >"$work/out")
	[ "$(cat "$work/out")" = sh ] || fail "another argv[0]"
}

scripts() {
	printf '#!/bin/sh\necho "$1 $HUGETLB_MORECORE"\n' >"$work/script"
	chmod +x "$work/script"
	succeeds --thp --no-preload "$work/script" x
	[ "$(cat "$work/out")" = "x thp" ] || fail "a script"
	# without a first line of that kind, as a shell starts it
	printf 'echo "$1 $HUGETLB_MORECORE"\n' >"$work/bare"
	chmod +x "$work/bare"
	succeeds --thp --no-preload "$work/bare" y
	[ "$(cat "$work/out")" = "y thp" ] || fail "a script without an interpreter"
	"$hugectl" --thp "$work/script" >"$work/out" 2>"$work/err"
	says ""
}

# It is the interpreter that runs: what can't be preloaded into, or is of another kind, is told of a
# script as well, also where another script is between. What such a script starts gets the library.
interpreters() {
	local program=$work/interpreter reason
	reason="linked statically: no library can be preloaded into it"
	write_program_with_a_heap
	printf '#! %s argument\n' "$program" >"$work/script"
	printf '#!%s\n' "$work/script" >"$work/outer"
	chmod +x "$work/script" "$work/outer"
	"${CC:-cc}" "$work/program.c" -o "$program" || fail "does not compile"
	ends 3 --thp "$work/outer"
	says ""
	expect_line "preload $BUILD/lib/libhugetlbfs.so.0"
	if "${CC:-cc}" -static "$work/program.c" -o "$program" 2>/dev/null; then
		for script in script outer; do
			ends 3 --heap "$work/$script"
			says "hugectl: $work/$script (run by $program): $reason, only into what it starts"
			expect_line "preload $BUILD/lib/libhugetlbfs.so.0"
			expect_line "tunables -"
			refuses "$work/$script (run by $program): $reason (--require: the program is not \
started)" --heap --require "$work/$script"
		done
		ends 3 "$work/script"
		says "$nothing_asked"
	fi
	if "${CC:-cc}" -m32 "$work/program.c" -o "$program" 2>/dev/null; then
		ends 3 --heap --quiet "$work/script"
		says ""
		refuses "$work/script (run by $program): no libhugetlbfs.so.0 for this kind of program \
(32-bit) is installed (--require: the program is not started)" --heap --require "$work/script"
	fi
	# none that there is, or one in a circle: execve's own errors
	printf '#!%s\n' "$work/outer" >"$work/script"
	ends 126 --heap "$work/script"
	printf '#!%s/nowhere\n' "$work" >"$work/script"
	ends 127 --heap "$work/script"
	echo '#!' >"$work/script"
	ends 0 --thp "$work/script"
}

# A value that may be left out is never the next word: that is told to who thought so.
values_as_programs() {
	ends 127 --heap 2M true
	says "hugectl: 2M: No such file or directory (if it is a value: --heap=2M)"
	ends 127 --shm --heap thp true
	says "hugectl: thp: No such file or directory (if it is a value: --heap=thp)"
	ends 127 --quiet 2M true
	says "hugectl: 2M: No such file or directory"
	ends 127 --heap 2M
	says "hugectl: 2M: No such file or directory"
}

static_programs() {
	local flags program=$work/static reason
	reason="hugectl: $program: linked statically: no library can be preloaded into it"
	write_program_with_a_heap
	for flags in -static -static-pie; do
		"${CC:-cc}" $flags "$work/program.c" -o "$program" 2>/dev/null || continue
		ends 3 --heap "$program"
		expect_line "preload -"
		if grep -q 'glibc\.malloc\.hugetlb' "$program"; then
			says "$reason; malloc is asked for huge pages by GLIBC_TUNABLES instead"
			expect_line "tunables glibc.malloc.hugetlb=2"
			ends 3 --thp "$program"
			expect_line "tunables glibc.malloc.hugetlb=1"
		else
			says "$reason"
			expect_line "tunables -"
		fi
		# who asks for no heap gets no such setting, nor who has set one
		ends 3 --shm "$program"
		says "$reason"
		expect_line "tunables -"
		GLIBC_TUNABLES=glibc.malloc.hugetlb=0 ends 3 --heap "$program"
		says "$reason"
		expect_line "tunables glibc.malloc.hugetlb=0"
		# who asks for nothing needs no line
		ends 3 "$program"
		says "$nothing_asked"
		ends 3 -q --heap "$program"
		says ""
		ends 3 --force-preload --heap "$program"
		says ""
		expect_line "preload $BUILD/lib/libhugetlbfs.so.0"
		expect_line "tunables -"
		refuses "${reason#hugectl: } (--require: the program is not started)" \
			--heap --require "$program"
	done
	[ -e "$program" ] || skip "needs a static libc; the rest passes"
}

# What hugectl says in this case is true: malloc's own huge pages serve such a program.
static_program_is_served() {
	"${CC:-cc}" -static "$work/program.c" -o "$work/static" 2>/dev/null &&
		grep -q 'glibc\.malloc\.hugetlb' "$work/static" || return 0
	need_pages 50 2M
	ends 3 --heap "$work/static"
	grep -q anon_hugepage "$work/out" || { show "$work/out"; fail "its heap is on small pages"; }
}

# With the library in it, it reads the variables itself.
static_program_with_the_library() {
	"${CC:-cc}" -static "$work/program.c" -o "$work/linked" -L"$BUILD/lib" -Wl,--whole-archive \
		-lhugetlbfs -Wl,--no-whole-archive 2>"$work/err" || fail "it does not link"
	need_pages 50 2M
	ends 3 --heap --require "$work/linked"
	says ""
	expect_line "tunables -"
	grep -q anon_hugepage "$work/out" || { show "$work/out"; fail "its heap is on small pages"; }
}

secure_programs() {
	local directory program
	[ "$(id -u)" = 0 ] || return 0
	command -v setpriv >/dev/null || return 0
	directory=$(mktemp -d /var/tmp/libhugetlbfs-test.XXXXXX) || exit 1
	at_end "rm -rf $directory"
	chmod 755 "$directory"
	mkdir "$directory/bin" "$directory/lib"
	cp "$hugectl" "$directory/bin/"
	cp "$BUILD/lib/libhugetlbfs.so.0" "$directory/lib/"
	program=$directory/program
	cp "$(command -v env)" "$program"
	chmod 4755 "$program"
	# for root, a set-uid root program is one like others
	ends 0 --thp --no-preload "$program"
	says ""
	findmnt -nT "$directory" -o OPTIONS | grep -qw nosuid && return
	hugectl="setpriv --reuid=65534 --regid=65534 --clear-groups $directory/bin/hugectl"
	for mode in 4755 2755; do
		chmod $mode "$program"
		$hugectl --thp "$program" >"$work/out" 2>"$work/err" || fail "mode $mode: exit status $?"
		says "hugectl: $program: set-uid, set-gid or with capabilities: it ignores the environment"
		grep -q ^LD_PRELOAD "$work/out" && fail "mode $mode: LD_PRELOAD is set"
		$hugectl --thp --require "$program" >"$work/out" 2>"$work/err"
		[ $? = 125 ] || fail "mode $mode: --require does not refuse"
		says "hugectl: $program: set-uid, set-gid or with capabilities: it ignores the environment \
(--require: the program is not started)"
	done
	# what may not become somebody else is no such program
	chmod 4755 "$program"
	setpriv --no-new-privs $hugectl --thp "$program" >"$work/out" 2>"$work/err"
	says ""
	chmod 755 "$program"
	if command -v setcap >/dev/null && setcap cap_net_raw+ep "$program" 2>/dev/null; then
		$hugectl --thp "$program" >"$work/out" 2>"$work/err" || fail "capabilities: $?"
		says "hugectl: $program: set-uid, set-gid or with capabilities: it ignores the environment"
		setcap -r "$program"
	fi
	$hugectl --thp "$program" >"$work/out" 2>"$work/err"
	says ""
	hugectl=$BUILD/bin/hugectl
}

exit_statuses
same_process
scripts
interpreters
values_as_programs
secure_programs
static_programs
static_program_with_the_library
static_program_is_served
