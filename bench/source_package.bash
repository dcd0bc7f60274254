# Source packages of the distribution, as work for configure and make. Sourced.
# SPDX-License-Identifier: LGPL-2.1-or-later

# source_package <package> <directory>: unpacks its newest original tarball there. Fetched once.
source_package() {
	local package=$1 directory=$2 cache suite architecture tarball root
	root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
	cache=$(realpath -m "${BUILD:-$root/build}")/bench/packages
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	architecture=$(dpkg --print-architecture) || return
	. "$root/tests/env/debian.sh"
	mkdir -p "$cache/source"
	tarball=$(compgen -G "$cache/source/${package}_*.orig.tar.*" | grep -v '\.asc$' | head -1)
	if [ -z "$tarball" ]; then
		debian_update "$suite" "$architecture" || return
		# its list of sources is read beside that of packages, not instead of it
		local state=$cache/apt/$suite-$architecture
		grep -q ^deb-src "$state/sources.list" || {
			sed -n 's/^deb /deb-src /p' "$state/sources.list" >>"$state/sources.list.new" &&
				cat "$state/sources.list.new" >>"$state/sources.list" && rm "$state/sources.list.new"
			apt_at "$suite" "$architecture" update >&2 || return
		}
		(cd "$cache/source" && apt_at "$suite" "$architecture" --download-only source "$package" >&2) || return
		tarball=$(compgen -G "$cache/source/${package}_*.orig.tar.*" | grep -v '\.asc$' | head -1)
	fi
	[ -n "$tarball" ] && mkdir -p "$directory" && tar -C "$directory" --strip-components=1 -xf "$tarball"
}
