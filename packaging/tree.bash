# What packages are built from; sourced with root set to the top of the tree.

sources=(Makefile HOWTO README.md LICENSE libhugetlbfs.pc.in examples include ldscripts man src)

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
	mkdir -p "$1" && (cd "$root" && cp -a "${sources[@]}" "$1/")
}
