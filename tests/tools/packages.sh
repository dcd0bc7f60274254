#!/bin/bash
# The packages for Debian and the RPMs build from this tree, have the right contents, and lintian
# reports no error. The RPMs are installed, used and erased in a root of their own; Debian's in
# tests/env.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/rpm-root.sh"

root=$(cd "$(dirname "$0")/../.." && pwd)
built=$BUILD
BUILD_TOOLS=$BUILD/bin
export BUILD=$work/build
compiler=${CC:-cc}
# A fresh machine knows no address of who builds packages, and lintian takes root@<machine> for an error.
export DEBFULLNAME="A Test" DEBEMAIL=nobody@debian.org

# Every file of an installation, once: "<package> <path below the prefix>", from all packages.
expected_files() {
	"${MAKE:-make}" -s -C "$root" BUILD="$built" PREFIX=/usr DESTDIR="$work/stage" install \
		>"$work/log" 2>&1 || { show "$work/log"; fail "make install"; }
	(cd "$work/stage/usr" && find . ! -type d) | sed 's|^\./||' |
		sed -E "s|^lib/(pkgconfig/)?lib|LIB/\1lib|; s|site-functions|ZSH|" |
		grep -v '^share/doc/' | sort
}

# The same of what a package manager lists: paths from /usr on, without what it adds itself.
normalized() {
	sed -E "s|^\./||; s|^/||; s|^usr/||; s|^lib(64)?/([a-z0-9_]+-linux-gnu[a-z0-9]*/)?(pkgconfig/)?lib|LIB/\3lib|
		s|site-functions\|vendor-completions|ZSH|; s|(man/man[0-9]/.*)\.[gx]z\$|\1|" |
		grep -vE '^(share/(doc|licenses|lintian)/|lib/\.build-id|lib/debug)' | sort
}

same_files() {
	diff "$work/expected" "$1" >"$work/diff" || {
		show "$work/diff"
		fail "$2 have other files than make install"
	}
}

debian_packages() {
	local package version
	command -v dh >/dev/null && command -v dpkg-buildpackage >/dev/null || return 1
	DEB_BUILD_OPTIONS="noautodbgsym parallel=$(nproc)" "$root/packaging/make-deb" \
		>"$work/packages" 2>"$work/log" || { show "$work/log"; fail "make deb"; }
	[ "$(wc -l <"$work/packages")" = 3 ] || { show "$work/packages"; fail "not three packages"; }
	version=$(sed -n 's/^VERSION *:= *//p' "$root/Makefile")
	while read -r package; do
		dpkg-deb -c "$package" | awk '$1 !~ /^d/ { print $6 }'
		[[ $(dpkg-deb -f "$package" Version) == "$version-"* ]] || fail "another version"
	done <"$work/packages" | normalized >"$work/found"
	same_files "$work/found" "Debian's packages"
	# what is exported, with the version that first had it
	dpkg-deb -I "$BUILD"/deb/libhugetlbfs0_*.deb symbols | sed -n 's/^ //p' | cut -d ' ' -f 1 |
		grep -v '^HTLBFS\|^HUGETLBFS\|^VERS' | sed 's/@Base//' | sort >"$work/symbols"
	readelf -W --dyn-syms "$LIB" | awk '$5 ~ /GLOBAL|WEAK/ && $7 != "UND" && $4 != "OBJECT" {
		sub("@@", "@", $8); print $8 }' | sort >"$work/exported"
	diff "$work/symbols" "$work/exported" || fail "the package's symbols are not the library's"
	if command -v lintian >/dev/null; then
		lintian --allow-root --tag-display-limit 0 "$BUILD"/deb/*.changes >"$work/lintian" 2>&1
		! grep '^[EW]: ' "$work/lintian" || fail "lintian has errors or warnings"
		grep -qE '^([WI]: |N: .* overridden)' "$work/lintian" || [ ! -s "$work/lintian" ] ||
			{ show "$work/lintian"; fail "lintian does not work"; }
	fi
}

# What an administrator meets: both names of the library from its package alone, a distribution's -dev
# that stays, and a warning where programs still preload what is removed.
debian_fields() {
	local library=("$BUILD"/deb/libhugetlbfs0_*.deb) tools=("$BUILD"/deb/libhugetlbfs-bin_*.deb) old
	dpkg-deb -c "${library[0]}" | grep -q 'libhugetlbfs\.so -> libhugetlbfs\.so\.0$' ||
		fail "the library's package does not have libhugetlbfs.so"
	[ "$(dpkg-deb -f "${tools[0]}" Multi-Arch)" = foreign ] || fail "libhugetlbfs-bin is not foreign"
	! dpkg-deb -f "${library[0]}" | grep -q '@MAINTAINER@\|example\.org' || fail "an invented address"
	dpkg-deb -I "${library[0]}" prerm >"$work/prerm" || fail "no prerm"
	echo /usr/lib/libhugetlbfs.so >"$work/preload"
	sed -i "s|/etc/ld.so.preload|$work/preload|" "$work/prerm"
	sh "$work/prerm" remove 2>&1 | grep -q "^warning: $work/preload still names libhugetlbfs" ||
		fail "removal does not warn"
	[ -z "$(sh "$work/prerm" upgrade 3.1 2>&1)" ] || fail "an upgrade warns"
	old=$(apt-cache show libhugetlbfs0 2>/dev/null | sed -n 's/^Version: \(2\..*\)/\1/p' | head -n 1)
	[ -n "$old" ] || return 0
	# a machine that has the distribution's library and -dev
	mkdir -p "$work/apt" && cp /var/lib/dpkg/status "$work/apt/status" || return 0
	printf 'Package: %s\nStatus: install ok installed\nArchitecture: %s\nVersion: %s\n%s\n' \
		libhugetlbfs0 "$(dpkg --print-architecture)" "$old" "Maintainer: x <x@x>
Description: x
" libhugetlbfs-dev "$(dpkg --print-architecture)" "$old" "Depends: libhugetlbfs0 (= $old)
Maintainer: x <x@x>
Description: x
" >>"$work/apt/status"
	apt-get -s -o Dir::State::status="$work/apt/status" install "${library[0]}" "${tools[0]}" \
		>"$work/apt/log" 2>&1 || { show "$work/apt/log"; fail "apt can't install them"; }
	! grep '^Remv ' "$work/apt/log" || fail "apt removes packages"
}

rpm_packages() {
	local package
	command -v rpmbuild >/dev/null && command -v rpm >/dev/null || return 1
	"$root/packaging/make-rpm" >"$work/packages" 2>"$work/log" || { show "$work/log"; fail "make rpm"; }
	[ "$(grep -vcE 'debug(info|source)' "$work/packages")" = 3 ] ||
		{ show "$work/packages"; fail "not three RPMs"; }
	grep -vE 'debug(info|source)' "$work/packages" | while read -r package; do
		rpm -qpl --qf '' "$package" 2>/dev/null | while read -r name; do
			# directories
			[[ $name == */share/libhugetlbfs?(/ldscripts|/apparmor|/selinux) ]] || echo "$name"
		done
	done | normalized >"$work/found"
	same_files "$work/found" "the RPMs"
	rpm -qp --provides "$BUILD"/rpm/RPMS/*/libhugetlbfs-[0-9]*.rpm 2>/dev/null |
		grep -q 'libhugetlbfs.so.0(HTLBFS_2.1)' || fail "the RPM does not provide the library"
	need_pages 40 2M
	# shellcheck disable=SC2046 # one word a path
	rpms_install_and_erase $(grep -vE 'debug(info|source)' "$work/packages")
}

need_program readelf
echo '#include <gelf.h>' | "$compiler" -x c -c - -o "$work/elf.o" 2>/dev/null || skip "needs libelf"
expected_files >"$work/expected"
(($(wc -l <"$work/expected") >= 30)) || { show "$work/expected"; fail "hardly a file"; }
if debian_packages; then
	debian_fields
else
	missing="dh and dpkg-buildpackage"
fi
rpm_packages || missing="${missing:+$missing, }rpmbuild"
[ -z "${missing-}" ] || skip "needs $missing; the rest passes"
