# Pages of 1G in a virtual machine that sets them aside at boot: once a machine runs, few have two
# of them in one piece. What runs are the rows of tests/cases/table that need them. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

# Prints "1G-name settings -- program arguments" for each row. Left out are those that need more than
# this machine has (restricted), those that copy so many pages that qemu's interpreter takes minutes
# (forks, torture), and those in which threads wait long for a page to be cleared.
rows_1g()
{
	awk '$2 == "2x1G" && !/ -- (restricted|fork|fork-forms|torture-threads|threads|large-in-threads)( |$)/ {
		sub(/-1G/, "", $1)
		$1 = "1G-" $1
		$2 = ""
		print
	}' "$here/../cases/table"
}

# Prepared from the initramfs of the other machines: prepare_1g <output>
prepare_1g()
{
	local directory=$scratch/1g programs

	prepare_x86_64 || return
	mkdir -p "$directory/bin" && rows_1g >"$directory/bin/rows-1g" || return
	programs=$(sed 's/.* -- \([^ ]*\).*/\1/' "$directory/bin/rows-1g" | sort -u)
	# shellcheck disable=SC2086 # one word a name
	add_cases "$directory" $programs || return
	(cat "$scratch/x86_64.gz" && cd "$directory" &&
		find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$1"
}

test_pages_1g()
{
	local prefix=pages cases kernel
	local kernel_arguments="hugepagesz=1G hugepages=3" machine_megabytes=5120

	# shellcheck disable=SC2046 # one word a name
	cases=$(cases_selected $prefix $(rows_1g | cut -d' ' -f1)) || return
	# shellcheck disable=SC2206 # one word a name
	cases=($cases)
	x86_64_kernel "$prefix" trixie "${cases[@]}" || return
	if ! prepare_1g "$scratch/1g.gz"; then
		skip "no initramfs could be made" "${cases[@]/#/$prefix-}"
	else
		boot $prefix x86_64 "$kernel" "$scratch/1g.gz" 1 "${cases[@]}"
	fi
}
