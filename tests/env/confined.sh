# Programs that a security module confines, in machines that boot with it: the policies are policies/,
# the cases guest-confined. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

apparmor_cases=(apparmor-denies apparmor-allows)
selinux_cases=(selinux-denies-execution selinux-denies-pages selinux-allows selinux-hugectl)

# compile_apparmor <output>: what packaging/apparmor allows is part of one profile
compile_apparmor()
{
	local tree=$cache/apparmor profile=$scratch/apparmor

	(debian_unpack bookworm amd64 "$tree" apparmor) || return 1
	sed -e "/ABSTRACTION/{r $root/packaging/apparmor/libhugetlbfs" -e 'd}' \
		"$here/policies/apparmor" | sed 's|@{PROC}|/proc|; s|@{pid}|[0-9]*|' >"$profile"
	"$tree/sbin/apparmor_parser" --config-file /dev/null -Q -K -M "$tree/etc/apparmor.d/abi/3.0" \
		-o "$1" "$profile"
}

compile_selinux()
{
	local tree=$cache/checkpolicy

	(debian_unpack bookworm amd64 "$tree" checkpolicy) || return 1
	"$tree/usr/bin/checkpolicy" -U allow -o "$1" "$here/policies/selinux"
}

# Where a compiler cannot be had, its policy is missing, and the cases are skipped.
prepare_confined()
{
	local directory=$scratch/policies

	[ -f "$scratch/confined.gz" ] && return
	prepare_x86_64 && mkdir -p "$directory"/{policies,bin,sys/fs} || return 1
	compile_apparmor "$directory/policies/apparmor" >>"$cache/log" 2>&1 ||
		rm -f "$directory/policies/apparmor"
	compile_selinux "$directory/policies/selinux" >>"$cache/log" 2>&1 ||
		rm -f "$directory/policies/selinux"
	cp "$scratch/x86_64/bin/heap" "$directory/bin/heap-strict" &&
		cp "$scratch/x86_64/bin/heap" "$directory/bin/heap-allowed" &&
		add_tools "$directory" "$build/bin/hugectl" || return 1
	(cat "$scratch/x86_64.gz" && cd "$directory" && find . |
		cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$scratch/confined.gz"
}

# test_confined <version> <suite> <module> <case> ...
test_confined()
{
	local prefix=kernel-$1 suite=$2 module=$3 cases kernel

	shift 3
	cases=$(cases_selected "$prefix" "$@") || return
	# shellcheck disable=SC2206 # one word a name
	cases=($cases)
	x86_64_kernel "$prefix" "$suite" "${cases[@]}" || return
	if ! prepare_confined; then
		skip "no initramfs could be made" "${cases[@]/#/$prefix-}"
	else
		kernel_arguments="security=$module $module=1" \
			boot "$prefix" x86_64 "$kernel" "$scratch/confined.gz" 1 "${cases[@]}"
	fi
}

test_confined_machines()
{
	test_confined 6.1 bookworm selinux "${selinux_cases[@]}"
	test_confined newest sid selinux "${selinux_cases[@]}"
	test_confined 6.1 bookworm apparmor "${apparmor_cases[@]}"
	test_confined newest sid apparmor "${apparmor_cases[@]}"
}
