# Keeps tests and other benchmarks from the pool while one of them uses it. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

# Only root changes pools, and only root's file is the same for every build: the one of tests/check.
take_lock() {
	local lock=$build/check.lock
	[ "$(id -u)" = 0 ] && [ -d /run/lock ] && lock=/run/lock/libhugetlbfs-check.lock
	exec 9>"$lock" || exit 1
	flock -n 9 && return
	echo "waiting for a check or another benchmark to end" >&2
	flock 9
}
