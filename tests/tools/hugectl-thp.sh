#!/bin/bash
# hugectl --no-thp and --thp-advised-only: what the kernel has for the program; what a parent switched
# off is on again for a program that asks for huge pages, and only then.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugectl.sh"

need_program python3
[ -e /sys/kernel/mm/transparent_hugepage/enabled ] || skip "this kernel has no transparent huge pages"

# prctl's answer: 0 on, 1 off, 3 only where it was advised
thp_of() {
	"$hugectl" "$@" python3 -c 'import ctypes
print(ctypes.CDLL(None).prctl(42, 0, 0, 0, 0))' 2>"$work/err"
}

off_and_advised() {
	[ "$(thp_of --no-thp)" = 1 ] || { show "$work/err"; fail "--no-thp has no effect"; }
	[ ! -s "$work/err" ] || { show "$work/err"; fail "--no-thp has something to say"; }
	[ "$(thp_of --no-thp --heap)" = 1 ] || fail "--no-thp --heap"
	# a child has it as well
	[ "$("$hugectl" --no-thp sh -c 'grep THP_enabled /proc/self/status' | tr -dc 01)" = 0 ] || fail "not inherited"
	case $(thp_of --thp-advised-only) in
	3) [ ! -s "$work/err" ] || { show "$work/err"; fail "something to say"; } ;;
	0)
		says "hugectl: --thp-advised-only needs Linux 6.18: transparent huge pages stay as they are"
		refuses "--thp-advised-only needs Linux 6.18 (--require: the program is not started)" \
			--heap --require --thp-advised-only true
		;;
	*) fail "--thp-advised-only has no effect" ;;
	esac
}

inherited() {
	"$hugectl" --no-thp -- "$hugectl" --heap python3 -c 'import ctypes
print(ctypes.CDLL(None).prctl(42, 0, 0, 0, 0))' >"$work/out" 2>"$work/err"
	[ "$(cat "$work/out")" = 0 ] || fail "still off"
	says "hugectl: a parent process had turned transparent huge pages off: turned on again (--no-thp keeps them off)"
	[ "$("$hugectl" --no-thp -- "$hugectl" --no-preload python3 -c 'import ctypes
print(ctypes.CDLL(None).prctl(42, 0, 0, 0, 0))' 2>/dev/null)" = 1 ] || fail "on again, and nobody asked"
}

off_and_advised
inherited
refuses "--thp and --no-thp exclude each other" --thp --no-thp true
refuses "--no-thp and --thp-advised-only set no variable: --dry-run cannot show them" --no-thp --dry-run true
