#!/bin/bash
# Scripts that were written for the original's tools: called as they call them, our tools print what
# those scripts read, and end with the status that they check.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$tests/lib/hugeadm.sh"

hugectl=$BUILD/bin/hugectl
hugeedit=$BUILD/bin/hugeedit
pagesize=$BUILD/bin/pagesize

# prints_line <pattern>: the whole line is in the output
prints_line() {
	grep -qxE -- "$1" "$work/out" || { show "$work/out"; fail "no line $1"; }
}

# A launcher takes the variables out of the dry run, which needs no program for that.
hugectl_variables() {
	local settings
	settings=$(env -u LD_PRELOAD "$hugectl" --dry-run --heap --text=2M --shm --no-preload) ||
		fail "hugectl --dry-run without a program: exit status $?"
	[ "$settings" = "HUGETLB_SHM='yes'
HUGETLB_MORECORE='yes'
HUGETLB_ELFMAP='R=2M'" ] || fail "hugectl --dry-run prints: $settings"
	# shellcheck disable=SC2086 # as such a script does it
	[ "$(eval env ${settings//$'\n'/ } printenv HUGETLB_ELFMAP)" = R=2M ] || fail "it can't be evaluated"
	for words in "" /bin/true "/bin/true --heap"; do
		# shellcheck disable=SC2086
		"$hugectl" --dry-run --heap $words 2>"$work/err" |
			sed -n "s/^HUGETLB_MORECORE='\(.*\)'\$/\1/p" >"$work/out"
		holds yes "$work/out"
	done
	"$hugectl" --dry-run --heap | grep -q "^LD_PRELOAD='.*libhugetlbfs.so.*'\$" || fail "no LD_PRELOAD line"
}

hugectl_disable() {
	prints_variables() {
		local expected=$1
		shift
		[ "$("$hugectl" --no-preload "$@" --dry-run | sort | paste -sd ' ')" = "$expected" ] ||
			fail "hugectl $*: not $expected"
	}
	prints_variables "HUGETLB_ELFMAP='no'" --disable
	prints_variables "HUGETLB_ELFMAP='no'" --disable=text
	prints_variables "HUGETLB_ELFMAP='no' HUGETLB_MMAP='no' HUGETLB_MORECORE='no' HUGETLB_SHM='no'" \
		--disable=text,data,bss,heap,shm,mmap
	prints_variables "HUGETLB_MORECORE='no' HUGETLB_SHM='yes'" --shm --disable=heap
	"$hugectl" --text --disable true 2>"$work/err" && fail "--text and --disable go together"
	says "hugectl: --disable: another option sets HUGETLB_ELFMAP=R"
	[ "$(HUGETLB_MORECORE=yes "$hugectl" --disable=heap printenv HUGETLB_MORECORE)" = no ] ||
		fail "--disable=heap does not change the environment's setting"
}

# Levels of the library, by the numbers that scripts set.
verbose_levels() {
	local level expected
	while read -r level expected; do
		preloaded HUGETLB_VERBOSE="$level" HUGETLB_MORECORE=bad HUGETLB_ELFMAP=R /bin/true \
			2>"$work/err"
		[ "$(sed -nE 's/^libhugetlbfs \[.*\]: ([A-Z]+): .*/\1/p' "$work/err" | sort -u |
			paste -sd ' ')" = "$expected" ] ||
			{ show "$work/err"; fail "HUGETLB_VERBOSE=$level: not: $expected"; }
	done <<-'END'
		0
		1
		2 WARNING
		3 INFO WARNING
		4 DEBUG INFO WARNING
		99 DEBUG INFO WARNING
	END
	preloaded HUGETLB_MORECORE=bad /bin/true 2>"$work/err"
	grep -q WARNING "$work/err" || fail "no warning by default"
	preloaded HUGETLB_VERBOSE=1 HUGETLB_REQUIRE=yes HUGETLB_MORECORE=bad /bin/true 2>"$work/err" &&
		fail "HUGETLB_REQUIRE starts it"
	[ "$(grep -c ': ERROR: ' "$work/err")" = 1 ] && [ "$(wc -l <"$work/err")" = 1 ] ||
		{ show "$work/err"; fail "HUGETLB_VERBOSE=1: not one error"; }
	preloaded HUGETLB_VERBOSE=3 HUGETLB_MORECORE=thp /bin/true 2>"$work/err"
	grep -qE ": INFO: libhugetlbfs [0-9]+\.[0-9]+" "$work/err" || fail "no version at INFO"
}

# Set-up scripts read memory and sysctl lines out of --explain.
hugeadm_explain() {
	local total
	"$hugeadm" --explain >"$work/out" 2>"$work/err" || fail "--explain: exit status $?"
	[ ! -s "$work/err" ] || { show "$work/err"; fail "--explain: something on stderr"; }
	prints_line 'Total System Memory: [0-9]+ MB'
	total=$(awk '/^Total System Memory:/ { print $4 }' "$work/out")
	((total > 100)) || fail "a machine with $total MB"
	prints_line '  kernel\.shmmax = [0-9]+'
	prints_line "  vm\.hugetlb_shm_group = $(cat /proc/sys/vm/hugetlb_shm_group)"
	prints_line ' +Size +Minimum +Current +Maximum +Default'
	(($(sed -n 's/^  kernel.shmmax = //p' "$work/out" | cut -c 1-9) >= $(cut -c 1-9 /proc/sys/kernel/shmmax))) ||
		fail "--explain recommends a lower shmmax"
}

hugeadm_dry_run() {
	need_root
	[ -d $pool_2m ] || return 0
	local before
	before=$(cat $pool_2m/nr_hugepages)
	"$hugeadm" -d --pool-pages-min 2M:$((before + 3)) >"$work/out" || fail "-d: exit status $?"
	prints_line "echo $((before + 3)) >$pool_2m/nr_hugepages"
	holds "$before" $pool_2m/nr_hugepages
}

# Memory becomes whole pages, rounded down, and what is left over is reported.
hugeadm_rounds() {
	[ -d $pool_2m ] || return 0
	local minimum value pages
	minimum=$(($(cat $pool_2m/nr_hugepages) - $(cat $pool_2m/surplus_hugepages)))
	while read -r value pages; do
		"$hugeadm" -d --pool-pages-min "2M:$value" >"$work/out" 2>"$work/err" || fail "2M:$value"
		[ "$(head -n 1 "$work/out" | cut -d ' ' -f 1,2)" = "echo $((pages))" ] ||
			{ show "$work/out"; fail "2M:$value: not $((pages)) pages"; }
		says "hugeadm: the pool of 2M pages: $value is not a whole number of pages: rounded \
down to $((${value//[!0-9]/} / 2))"
	done <<-END
		17M 8
		+17M minimum+8
		-3M minimum-1
		1M 0
	END
}

# The minimum goes down and the maximum stays: what was static may still be had on demand.
hugeadm_keeps_the_maximum() {
	need_root
	[ -d $pool_2m ] || return 0
	set_pool 40
	keep_file $pool_2m/nr_overcommit_hugepages
	echo 0 >$pool_2m/nr_overcommit_hugepages
	succeeds --pool-pages-min 2M:-15
	pool_is 25 40
	holds 15 $pool_2m/nr_overcommit_hugepages
	succeeds --pool-pages-min 2M:30
	pool_is 30 40
	succeeds --pool-pages-min 2M:45
	pool_is 45 45
}

# A page of 1G can't be overcommitted before Linux 6.19, which is no failure.
hugeadm_lowers_1g() {
	local before
	need_root
	(($(pool_value 1G free_hugepages) > 0)) || return 0
	before=$(pool_value 1G nr_hugepages)
	at_end "write_pool $before 1G"
	succeeds --pool-pages-min 1G:-1
	fills_1g $((before - 1)) "$before" "$hugeadm" --pool-pages-min 1G:+1
	echo 0 2>/dev/null >$pool_1g/nr_overcommit_hugepages
}

hugeadm_refuses_options() {
	"$hugeadm" --pool-pages >"$work/out" 2>"$work/err"
	[ $? = 1 ] || fail "a bad option: not exit status 1"
	grep -q '^Usage: hugeadm ' "$work/err" || { show "$work/err"; fail "no usage for a bad option"; }
}

hugeedit_listing() {
	[ -x "$hugeedit" ] || return 0
	cp "$(command -v sleep)" "$work/program"
	"$hugeedit" "$work/program" >"$work/out" || fail "hugeedit: exit status $?"
	prints_line 'Segment [0-9]+ 0x[0-9a-f]+ - 0x[0-9a-f]+ \(TEXT\) default is BASE pages'
	prints_line 'Segment [0-9]+ 0x[0-9a-f]+ - 0x[0-9a-f]+ \(DATA\) default is BASE pages'
	"$hugeedit" --text "$work/program" >"$work/out" || fail "hugeedit --text: exit status $?"
	[ "$(grep -c HUGE "$work/out")" = 1 ] || { show "$work/out"; fail "--text marks other segments"; }
	prints_line 'Segment [0-9]+ 0x[0-9a-f]+ - 0x[0-9a-f]+ \(TEXT\) default is HUGE pages'
	"$hugeedit" --disable "$work/program" >"$work/out" || fail "hugeedit --disable: exit status $?"
	! grep -q HUGE "$work/out" || { show "$work/out"; fail "--disable leaves a mark"; }
}

pagesize_huge_only() {
	diff <("$pagesize" -Ha) <("$pagesize" -H) || fail "pagesize -Ha is not pagesize -H"
}

# Sizes with and without B, for variables and options.
sizes_with_units() {
	local size
	for size in 2M 2MB 2MiB 2m 2mb 2048K 2048KB 2048kiB 2097152 2097152B; do
		preloaded HUGETLB_MORECORE=$size HUGETLB_ELFMAP=R=$size:W=$size /bin/true 2>"$work/err"
		! grep -q 'not understood' "$work/err" || { show "$work/err"; fail "size $size"; }
		"$hugectl" --heap=$size --text=$size --dry-run >"$work/out" || fail "hugectl --heap=$size"
		prints_line "HUGETLB_MORECORE='$size'"
	done
	for size in 2iB 2Mi 2MBB 2BM; do
		preloaded HUGETLB_MORECORE=$size /bin/true 2>"$work/err"
		grep -q 'not understood' "$work/err" || fail "size $size is taken"
	done
}

# An empty value is the same as none; a misspelt name gets one line, and with HUGETLB_REQUIRE no start.
variables_of_scripts() {
	local name
	for name in HUGETLB_MORECORE HUGETLB_ELFMAP HUGETLB_SHM HUGETLB_MMAP HUGETLB_VERBOSE HUGETLB_PATH; do
		preloaded "$name=" HUGETLB_REQUIRE=yes /bin/true 2>"$work/err" || fail "$name= is refused"
		[ ! -s "$work/err" ] || { show "$work/err"; fail "$name= has a line"; }
	done
	preloaded HUGETLB_MORECOER=yes HUGETLB_SOMETHING_ELSE=yes /bin/true 2>"$work/err" ||
		fail "a misspelt name ends the program"
	[ "$(sed 's/.*WARNING: //' "$work/err")" = "HUGETLB_MORECOER is not a variable of this library and \
has no effect; did you mean HUGETLB_MORECORE?" ] || { show "$work/err"; fail "a misspelt name"; }
	preloaded HUGETLB_MORECOER=yes HUGETLB_REQUIRE=yes /bin/true 2>"$work/err" &&
		fail "a misspelt name starts with HUGETLB_REQUIRE"
	[ "$(lines_of_ours "$work/err")" = 2 ] || { show "$work/err"; fail "not two lines"; }
}

hugectl_variables
hugectl_disable
verbose_levels
hugeadm_explain
hugeadm_dry_run
hugeadm_rounds
hugeadm_refuses_options
hugeedit_listing
pagesize_huge_only
sizes_with_units
variables_of_scripts
hugeadm_lowers_1g
hugeadm_keeps_the_maximum
