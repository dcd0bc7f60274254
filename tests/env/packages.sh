# Debian's packages, in bare roots of its releases: built there, installed over the distribution's
# own, used, and purged. `inside-root` is what runs in the root. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

own_mounts=$build/tests/helpers/own-mounts

# Why there can be no such root; fails where there can.
roots_impossible()
{
	local tool

	[ "$(id -u)" = 0 ] || {
		echo "needs root"
		return
	}
	for tool in mmdebstrap chroot; do
		command -v $tool >/dev/null || {
			echo "no $tool"
			return
		}
	done
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$root" BUILD="$build" \
		"$own_mounts" >&2 && "$own_mounts" true || {
		echo "no mount namespaces"
		return
	}
	return 1
}

# bare_root <suite> <directory>: what a fresh installation has, and no more. Kept as an archive.
bare_root()
{
	local suite=$1 directory=$2 archive=$cache/root-$1.tar mirror

	if [ ! -f "$archive" ]; then
		mirror=$(debian_mirror) || return 1
		mmdebstrap --format=tar --variant=minbase --dpkgopt=force-unsafe-io \
			--aptopt='Acquire::Check-Valid-Until "false"' \
			--aptopt='Acquire::Retries "2"' "$suite" "$archive.new" "$mirror" >&2 ||
			return 1
		mv "$archive.new" "$archive"
	fi
	mkdir -p "$directory" && tar -C "$directory" -xf "$archive" || return 1
	# speed: this root need not survive a failing machine, and nobody reads other packages' documents
	cat >"$directory/etc/dpkg/dpkg.cfg.d/50test" <<-'END'
		force-unsafe-io
		path-exclude=/usr/share/locale/*
		path-exclude=/usr/share/doc/*
		path-exclude=/usr/share/man/*
		path-include=/usr/share/doc/libhugetlbfs*
		path-include=/usr/share/man/*huge*
		path-include=/usr/share/man/*pagesize*
	END
	cat >"$directory/etc/apt/apt.conf.d/50test" <<-'END'
		APT::Install-Recommends "false";
		APT::Keep-Downloaded-Packages "true";
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
	END
	apt-config dump --no-empty | grep -i '^Acquire::http.*proxy' \
		>>"$directory/etc/apt/apt.conf.d/50test"
	cp -L /etc/resolv.conf "$directory/etc/resolv.conf"
	# packages that an earlier run has fetched
	mkdir -p "$cache/archives-$suite" &&
		cp "$cache/archives-$suite"/*.deb "$directory/var/cache/apt/archives/" 2>/dev/null
	return 0
}

# copy_tree <directory>: what a user unpacks who builds.
copy_tree()
{
	mkdir -p "$1" && tar -C "$root" --exclude=./build --exclude=./.git -cf - . | tar -C "$1" -xf -
}

# test_in_root <name> <suite> <script> [argument ...]: the script in a bare root with the tree in /source
test_in_root()
{
	local name=$1 suite=$2 script=$3 directory=$scratch/root-$2 reason

	selected "$name" >/dev/null || return
	if reason=$(roots_impossible); then
		skip "$reason" "$name"
		return
	fi
	if ! bare_root "$suite" "$directory" >>"$cache/log" 2>&1; then
		skip "no root of Debian $suite can be made" "$name"
		return
	fi
	shift 3
	copy_tree "$directory/source" && cp "$here/$script" "$here/inside.bash" "$directory/"
	# its mounts go with the namespace; a root that is left behind would hold none
	run_limited 280 "$own_mounts" "$here/in-root" "$directory" "/$script" "$@" \
		>"$scratch/details" 2>&1
	result $? "$name" "$scratch/details"
	cp -n "$directory"/var/cache/apt/archives/*.deb "$cache/archives-$suite/" 2>/dev/null
	rm -rf "$directory"
}

# test_package <name> <suite>
test_package()
{
	selected "$1" >/dev/null || return
	take_pool
	if [ "$(pool_pages)" -ge "$pages_needed" ]; then
		test_in_root "$1" "$2" inside-root
	else
		skip "needs $pages_needed free huge pages of 2M, has $(pool_pages)" "$1"
	fi
}

test_packages()
{
	test_package package-debian-12 bookworm
	test_package package-debian-13 trixie
}

# The compilers of today and of tomorrow: what the suites have when the test runs.
test_compilers()
{
	test_in_root compiler-sid sid inside-compiler sid
	test_in_root compiler-experimental sid inside-compiler experimental
}
