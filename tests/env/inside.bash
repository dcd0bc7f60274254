# What the scripts that run in a bare root of Debian share. Exit status 77 skips; the last line says why.
# SPDX-License-Identifier: LGPL-2.1-or-later

fail()
{
	echo "failed: $*"
	exit 1
}

skip()
{
	echo "$*"
	exit 77
}

install_packages()
{
	apt-get -y -q -o Dpkg::Use-Pty=0 install "$@" >/tmp/apt 2>&1
}

# Fetches the package lists, and make, which is all that README asks for.
need_make()
{
	apt-get -q update >/tmp/apt 2>&1 && install_packages make || {
		tail -n 5 /tmp/apt
		skip "make can't be installed: no network?"
	}
}
