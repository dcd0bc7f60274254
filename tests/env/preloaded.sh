# A machine on which ld.so preloads the library into every process, with auto for all: a virtual machine
# with systemd, databases and other services is booted plain and so, its services are used, and packages
# are upgraded, libc and init among them. `machine-test` is what runs inside, `machine-init` starts it, and
# `machine-upgrades` makes the packages. It takes some minutes, so that it runs only if -k names "machine".
# Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

preloaded_suite=bookworm
preloaded_cases=(units processes messages services upgrade memory time)
preloaded_packages=systemd-sysv,dbus,udev,libpam-systemd,cron,openssh-server,nginx-light,postgresql,mariadb-server

# The disk, without the library. Kept.
prepare_disk()
{
	local disk=$cache/machine-$preloaded_suite.img directory mirror

	[ -f "$disk" ] && return
	mirror=$(debian_mirror) && directory=$(mktemp -d "$cache/machine.XXXXXX") &&
		mmdebstrap --format=directory --variant=minbase --include=$preloaded_packages \
			--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/locale/*' \
			--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
			--aptopt='APT::Install-Recommends "false"' \
			--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "2"' \
			--customize-hook="$here/machine-upgrades" $preloaded_suite "$directory" "$mirror" &&
		rm -rf "$directory/var/lib/apt/lists" &&
		mke2fs -q -t ext4 -O ^has_journal -d "$directory" "$disk.new" 3G && mv "$disk.new" "$disk"
	rm -rf "$directory" "$disk.new"
	[ -f "$disk" ]
}

# prepare_preloaded <kernel> <output>: an initramfs that finds the disk
prepare_preloaded()
{
	local directory=$scratch/preloaded-root busybox module

	busybox=$(machine_busybox amd64) && mkdir -p "$directory"/{bin,lib,modules,proc,dev,root} || return
	for module in virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
		find "${1%/boot/*}" -name "$module.ko" -exec cp {} "$directory/modules/" \; &&
			[ -f "$directory/modules/$module.ko" ] || return
		echo "$module" >>"$directory/modules/order"
	done
	printf '%s = auto\n' MORECORE MMAP ELFMAP >"$directory/lib/libhugetlbfs.conf"
	cat >"$directory/lib/machine-test.service" <<-'END'
		[Service]
		ExecStart=/usr/local/bin/machine-test
		TimeoutStartSec=infinity
	END
	cp -L "$library" "$directory/lib/libhugetlbfs.so" && cp "$here/machine-test" "$directory/lib/" &&
		install -m 755 "$busybox" "$directory/bin/busybox" &&
		install -m 755 "$here/machine-init" "$directory/init" || return
	(cd "$directory" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$2"
}

# same <kind> ...: those lines of both machines are the same, and there are some
same()
{
	local kind

	for kind; do
		grep "^$kind " "$scratch/plain" >"$scratch/plain-lines" || echo "plain: no line $kind"
		grep "^$kind " "$scratch/preloaded" | diff "$scratch/plain-lines" -
	done
}

# ratios <column> <most> <more> <kind>: figures of both machines, by name; what is beyond the bound is marked
ratios()
{
	awk -v column="$1" -v most="$2" -v more="$3" '
		{ name = $1 " " $2 }
		FNR == NR { plain[name] = $column; next }
		name in plain {
			printf "%s %s: plain %s, preloaded %s%s\n", $1, $2, plain[name], $column,
				($column > plain[name] * most + more ? ": TOO MUCH" : "")
			found++
		}
		END { if (!found) print "no figures: TOO MUCH" }' \
		<(grep "^$4" "$scratch/plain") <(grep "^$4" "$scratch/preloaded")
}

# preloaded_case <case>: prints what is wrong; figures, which are not, begin with a word in capitals
preloaded_case()
{
	case $1 in
	units) same UNIT UNIT-UPGRADED ;;
	processes)
		grep -qx 'PROCESS with' "$scratch/preloaded" &&
			grep -qx 'PROCESS-UPGRADED with' "$scratch/preloaded" || echo "none is preloaded"
		grep '^PROCESS[A-Z-]* without' "$scratch/preloaded"
		;;
	messages) grep -E '^(OURS|ERROR) ' "$scratch/preloaded" ;;
	services) same SERVICE SERVICE-UPGRADED ;;
	upgrade)
		same UPGRADE
		grep -q '^UPGRADE libc6 .*+next ii' "$scratch/preloaded" || echo "libc6 was not upgraded"
		grep -qx 'UPGRADE exit status 0' "$scratch/preloaded" || echo "apt-get failed"
		;;
	memory) ratios 3 1.1 400 KB ;;
	# of processors only: how long it takes is decided by what else this machine does
	time) ratios 4 2 0 SECONDS ;;
	esac
}

test_preloaded()
{
	local prefix=machine-preloaded cases kernel reason case machine preload machine_disk machine_megabytes=2048 machine_seconds=${MACHINE_SECONDS:-600}

	# two boots and two upgrades: only where they are asked for
	[[ $pattern == *machine* ]] && cases=$(cases_selected $prefix "${preloaded_cases[@]}") || return
	# shellcheck disable=SC2206 # one word a name
	cases=($cases)
	x86_64_kernel $prefix $preloaded_suite "${cases[@]}" || return
	if reason=$(roots_impossible); then
		skip "$reason" "${cases[@]/#/$prefix-}"
	elif ! prepare_disk >>"$cache/log" 2>&1; then
		skip "no machine of Debian $preloaded_suite can be made" "${cases[@]/#/$prefix-}"
	elif ! prepare_preloaded "$kernel" "$scratch/preloaded.gz"; then
		skip "no initramfs could be made" "${cases[@]/#/$prefix-}"
	else
		machine_disk=$cache/machine-$preloaded_suite.img
		export machine_disk
		for machine in plain preloaded; do
			preload=yes
			[ $machine = preloaded ] || preload=no
			kernel_arguments="systemd.wants=machine-test.service systemd.getty_auto=no hugepages=128 preload=$preload" \
				run_machine x86_64 "$kernel" "$scratch/preloaded.gz" 1
			mv "$scratch/console" "$scratch/$machine"
		done
		for case in "${cases[@]}"; do
			preloaded_case "$case" >"$scratch/details"
			for machine in plain preloaded; do
				grep -qx DONE "$scratch/$machine" || {
					echo "$machine: not to the end"
					tail -n 30 "$scratch/$machine"
				} >>"$scratch/details"
			done
			! grep -qvE '^(KB|SECONDS)[^ ]* .*[0-9]$' "$scratch/details"
			result $? "$prefix-$case" "$scratch/details"
		done
	fi
}
