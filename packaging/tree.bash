# What packages are built from; sourced with root set to the top of the tree.
# SPDX-License-Identifier: LGPL-2.1-or-later

sources=(Makefile HOWTO NEWS README.md LICENSE libhugetlbfs.pc.in examples include ldscripts man src)

# Variables of a make that called this are not those of the package.
unset MAKEFLAGS MAKELEVEL MFLAGS CC CFLAGS LDFLAGS PREFIX DESTDIR LIBDIR MULTIARCH

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# tree_version <version that the package's own file names>: prints it if the tree is of the same.
tree_version() {
	local version
	version=$(sed -n 's/^VERSION *:= *//p' "$root/Makefile")
	[ "$version" = "$1" ] || die "the packaging is of version $1, the tree of $version"
	echo "$version"
}

copy_sources() {
	mkdir -p "$1/packaging" && (cd "$root" && cp -a "${sources[@]}" "$1/" &&
		cp -a packaging/systemd packaging/apparmor packaging/selinux "$1/packaging/")
}

# Who builds packages answers for them: as Debian's tools have it, or as git does. "Name <address>"
maintainer() {
	local name=${DEBFULLNAME:-$(git -C "$root" config user.name)} address
	address=${DEBEMAIL:-${EMAIL:-$(git -C "$root" config user.email)}}
	echo "${name:-$(id -un)} <${address:-$(id -un)@$(uname -n)}>"
}

# name_maintainer <file> ...: where they have @MAINTAINER@
name_maintainer() {
	local who
	who=$(maintainer | sed 's/[\\&|]/\\&/g')
	sed -i "s|@MAINTAINER@|$who|" "$@"
}
