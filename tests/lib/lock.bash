# Keeps two checks or benchmarks from using the pool at the same time. Sourced by those.
# SPDX-License-Identifier: LGPL-2.1-or-later

# Only root changes pools, and only root's file is the same for every build. A child that keeps
# descriptor 9 open keeps the lock, and knows by CHECK_LOCK that it is held: take_lock <build directory>
take_lock() {
	local lock=$1/check.lock
	[ "$(id -u)" = 0 ] && [ -d /run/lock ] && lock=/run/lock/libhugetlbfs-check.lock
	exec 9>"$lock" || exit 1
	export CHECK_LOCK=$lock
	flock -n 9 && return
	echo "waiting for a check or benchmark that uses huge pages to end" >&2
	flock 9
}

give_lock_back() {
	exec 9>&-
	unset CHECK_LOCK
}
