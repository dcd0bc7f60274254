# A root directory in which RPMs are installed, used and erased; sourced by tools/packages.sh. It has
# this machine's C library and a few programs, and the directories that an RPM distribution's package
# `filesystem` owns. So the packages' dependencies are not tried (--nodeps): nothing of it is an RPM.
# SPDX-License-Identifier: LGPL-2.1-or-later

# Copies a program or library to the same place in the root, with what the loader takes for it.
copy_into_root() {
	local file
	for file in "$1" $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		[ -e "$rpm_root$file" ] || install -D -m 755 "$file" "$rpm_root$file" || return 1
	done
}

make_rpm_root() {
	local program library
	rpm_root=$work/root
	mkdir -p "$rpm_root"/{proc,sys,dev,tmp,etc,var/cache} \
		"$rpm_root"/usr/{bin,sbin,include,lib/systemd/system,lib64/pkgconfig,share/{doc,licenses}} \
		"$rpm_root"/usr/share/{man/man{1,3,5,7,8},bash-completion/completions,zsh/site-functions} \
		"$rpm_root"/{bin,sbin,lib,lib64}
	for program in bash sh cat env grep; do
		copy_into_root "$(command -v $program)" || return 1
	done
	[ -e "$rpm_root/bin/bash" ] || cp "$(command -v bash)" "$rpm_root/bin/"
	[ -e "$rpm_root/bin/sh" ] || ln -s bash "$rpm_root/bin/sh"
	cp "$(PATH=$PATH:/sbin:/usr/sbin command -v ldconfig)" "$rpm_root/sbin/ldconfig" || return 1
	# what the tools need of other packages
	for program in hugestat hugectl; do
		for library in $(ldd "$BUILD_TOOLS/$program" | grep -o '/[^ ]*lib\(elf\|m\)[^ ]*'); do
			copy_into_root "$library" || return 1
		done
	done
	copy_into_root "$cases/small-blocks" || return 1
	cp "$cases/small-blocks" "$rpm_root/usr/bin/" && chroot "$rpm_root" /sbin/ldconfig
}

# in_rpm_root <command> ...: with /proc, /sys and /dev, in a mount namespace of its own
in_rpm_root() {
	"$helpers/own-mounts" "$tests/env/in-root" "$rpm_root" "$@" \
		>"$work/out" 2>"$work/err" || {
		show "$work/out" "$work/err"
		fail "from the RPMs: $*: exit status $?"
	}
}

files_of_rpm_root() {
	(cd "$rpm_root" && find . -path ./var -prune -o ! -path ./etc/ld.so.cache -print | sort)
}

# The packages' own files, used as a user would.
use_rpms() {
	local tool
	in_rpm_root pagesize -H
	grep -qx 2097152 "$work/out" || fail "pagesize of the RPM: no 2097152"
	in_rpm_root hugeadm --pool-list
	grep -q '^   2097152 ' "$work/out" || fail "hugeadm of the RPM: no pool of 2M"
	in_rpm_root hugestat --json
	grep -q '"pools"' "$work/out" || fail "hugestat of the RPM"
	cp "$cases/small-blocks" "$rpm_root/tmp/marked"
	in_rpm_root hugeedit --text --data /tmp/marked
	in_rpm_root hugeedit /tmp/marked
	grep -q ' HUGE pages$' "$work/out" || fail "hugeedit of the RPM marks nothing"
	rm "$rpm_root/tmp/marked"
	in_rpm_root env EXPECT_HUGETLB=0.99 hugectl --heap --require small-blocks 50
	[ ! -s "$work/err" ] || { show "$work/err"; fail "hugectl of the RPM has something to say"; }
	in_rpm_root hugectl --dry-run --heap true
	grep -q "^LD_PRELOAD='/usr/lib[a-z0-9_/-]*/libhugetlbfs.so.0'\$" "$work/out" ||
		{ show "$work/out"; fail "hugectl preloads another library than the RPM's"; }
	for tool in hugeadm hugectl hugeedit hugestat pagesize; do
		in_rpm_root $tool --help
	done
}

# Its database is in the root wherever this machine's own is.
our_rpm() {
	rpm --root "$rpm_root" --dbpath /var/lib/rpm "$@"
}

# Installed, used, erased: nothing is left. The administrator forgot a line in /etc/ld.so.preload.
rpms_install_and_erase() {
	local names
	[ "$(id -u)" = 0 ] && "$helpers/own-mounts" true 2>/dev/null || return 0
	make_rpm_root || fail "no root can be made"
	files_of_rpm_root >"$work/before"
	our_rpm --initdb >"$work/log" 2>&1 &&
		our_rpm -i --nodeps "$@" >"$work/log" 2>&1 ||
		{ show "$work/log"; fail "the RPMs can't be installed"; }
	# Debian's rpm begins with a warning of its own; rpm 4.20 has one for any other root
	! grep -v '^rpm: \|^warning: private mounts in chroot' "$work/log" || fail "rpm -i has something to say"
	names=$(our_rpm -qa 'libhugetlbfs*')
	[ "$(wc -w <<<"$names")" = 3 ] || fail "not three packages are installed: $names"
	# shellcheck disable=SC2086 # names
	our_rpm -V --nodeps $names >"$work/log" 2>&1 ||
		{ show "$work/log"; fail "rpm -V: the files are not the packages'"; }
	use_rpms
	echo libhugetlbfs.so >"$rpm_root/etc/ld.so.preload"
	# shellcheck disable=SC2086 # names
	our_rpm -e $names >"$work/log" 2>&1 || { show "$work/log"; fail "rpm -e"; }
	grep -q '^warning: /etc/ld.so.preload still names libhugetlbfs' "$work/log" ||
		{ show "$work/log"; fail "rpm -e does not warn"; }
	rm "$rpm_root/etc/ld.so.preload"
	files_of_rpm_root >"$work/after"
	diff "$work/before" "$work/after" || fail "erasing leaves other files than before"
}
