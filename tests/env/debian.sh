# Packages of other Debian suites and CPUs, unpacked privately: no root, nothing installed, and the
# machine's own apt state is only read. Sourced, with `cache` set to the directory to keep it in.
# SPDX-License-Identifier: LGPL-2.1-or-later

# The mirror that this machine's apt uses for Debian itself; fails where there is none.
debian_mirror()
{
	local mirror one_line='^(URIs: *|deb +(\[[^]]*\] +)?)(https?:[^ ]*debian\/?)( .*)?$'

	# shellcheck disable=SC2016 # apt's own fields
	mirror=$(apt-get indextargets --format '$(LABEL)|$(SITE)' 'Created-By: Packages' \
		2>/dev/null | sed -n 's/^Debian|//p' | head -1)
	if [ -z "$mirror" ]; then
		mirror=$(sed -nE "s/$one_line/\3/p" /etc/apt/sources.list \
			/etc/apt/sources.list.d/* 2>/dev/null | head -1)
	fi
	[ -n "$mirror" ] && echo "$mirror"
}

# apt_at <suite> <architecture> <apt command> ...: apt as that suite's machine would run it. Only
# the machine's own apt.conf (proxies) is taken over. Experimental is no whole suite: what it lacks
# comes from sid.
apt_at()
{
	local suite=$1 architecture=$2 state mirror tool=apt-get
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	shift 2
	state=$cache/apt/$suite-$architecture
	if [ ! -f "$state/apt.conf" ]; then
		mirror=$(debian_mirror) && [ -f "$keyring" ] || return 1
		mkdir -p "$state"/{preferences.d,lists/partial,archives/partial} || return 1
		: >"$state/status"
		printf "deb [signed-by=$keyring] $mirror %s main\n" ${suite/experimental/sid experimental} \
			>"$state/sources.list"
		cat >"$state/apt.conf" <<-END
			APT::Architecture "$architecture";
			APT::Architectures { "$architecture"; };
			APT::Default-Release "$suite";
			APT::Sandbox::User "root";
			APT::Install-Recommends "false";
			Acquire::Check-Valid-Until "false";
			Acquire::Languages "none";
			Acquire::Retries "2";
			Acquire::http::Timeout "30";
			Dir::Etc::sourcelist "$state/sources.list";
			Dir::Etc::sourceparts "-";
			Dir::Etc::preferences "-";
			Dir::Etc::preferencesparts "$state/preferences.d";
			Dir::State "$state";
			Dir::State::lists "$state/lists";
			Dir::State::status "$state/status";
			Dir::Cache "$state";
			Dir::Cache::archives "$state/archives";
		END
	fi
	[[ $1 == depends || $1 == policy ]] && tool=apt-cache
	APT_CONFIG=$state/apt.conf $tool -q "$@"
}

# Fetches the suite's package list, which serves for half a day: what it names may go from the
# mirror. apt-get update can fail with status 0.
debian_update()
{
	local suite=$1 architecture=$2 state=$cache/apt/$1-$2

	[ -n "$(find "$state/updated" -mmin -720 2>/dev/null)" ] && return
	apt_at "$suite" "$architecture" update >&2 || return 1
	compgen -G "$state/lists/*Packages*" >/dev/null && : >"$state/updated"
}

# The first dependency of a package that matches an extended regular expression.
debian_dependency()
{
	local suite=$1 architecture=$2 package=$3 expression=$4

	apt_at "$suite" "$architecture" depends --no-recommends --no-suggests "$package" |
		sed -n 's/^[ |]*Depends: //p' | grep -m1 -E "$expression"
}

# The newest versions of packages that the suite has, in one line: "libc6 2.41-12 libc6-dev 2.41-12".
debian_versions()
{
	local suite=$1 architecture=$2

	shift 2
	apt_at "$suite" "$architecture" policy "$@" |
		sed -n 's/^\([^ ].*\):$/\1/p; s/^ *Candidate: //p' | paste -sd ' '
}

# Why a suite has nothing to try of a package; fails where it has. Experimental counts only if it is
# ahead of sid: debian_lacks <suite> <architecture> <package>
debian_lacks()
{
	local suite=$1 architecture=$2 package=$3 version of_sid

	debian_update "$suite" "$architecture" || {
		echo "no package list of Debian $suite"
		return
	}
	version=$(debian_versions "$suite" "$architecture" "$package")
	[[ -n $version && $version != *" (none)" ]] || {
		echo "Debian $suite has no $package"
		return
	}
	[ "$suite" = experimental ] || return
	debian_update sid "$architecture" || return
	of_sid=$(debian_versions sid "$architecture" "$package")
	[ "$version" = "$of_sid" ] && echo "Debian experimental is not ahead of sid: $version"
}

# debian_follow <suite> <architecture> <destination> <package> ...: sid and experimental change from
# day to day; removes a destination in which other versions were unpacked. Where the archive cannot be
# reached, what is there stays.
debian_follow()
{
	local suite=$1 architecture=$2 destination=$3

	shift 3
	[[ $suite == sid || $suite == experimental ]] || return 0
	debian_update "$suite" "$architecture" || return 0
	[ "$(debian_versions "$suite" "$architecture" "$@")" = \
		"$(cat "$destination.versions" 2>/dev/null)" ] || rm -rf "$destination"
}

# debian_unpack <suite> <architecture> <destination> <package> ...: all of them or, on failure,
# nothing. A destination that is there is taken as done.
debian_unpack()
{
	local suite=$1 architecture=$2 destination=$3 partial package

	shift 3
	debian_follow "$suite" "$architecture" "$destination" "$@"
	[ -d "$destination" ] && return
	debian_update "$suite" "$architecture" || return 1
	mkdir -p "$(dirname "$destination")" || return 1
	partial=$(mktemp -d "$destination.XXXXXX") || return 1
	if mkdir "$partial/packages" && cd "$partial/packages" &&
		apt_at "$suite" "$architecture" download "$@" >&2 &&
		for package in ./*.deb; do dpkg-deb -x "$package" "$partial" || exit 1; done &&
		cd "$partial" && rm -r packages && chmod 755 "$partial" && links_make_relative; then
		debian_versions "$suite" "$architecture" "$@" >"$destination.versions" &&
			mv "$partial" "$destination" && return
	fi
	rm -rf "$partial"
	return 1
}

# In the current directory: links to /... would lead out of the tree, and trees of merged-/usr
# suites lack the /lib that linker scripts and loaders name.
links_make_relative()
{
	local link directory

	find . -type l -lname '/*' | while read -r link; do
		ln -sfnr ".$(readlink "$link")" "$link" || return 1
	done
	for directory in lib lib64; do
		[ -e $directory ] || [ ! -d usr/$directory ] || ln -s usr/$directory $directory
	done
}
