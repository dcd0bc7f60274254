# A cell of `make check-build` as a test of its own, which a slow machine does in the time of one test.
# SPDX-License-Identifier: LGPL-2.1-or-later

# builds_with <compiler, as gcc> <row of tests/compilers/flags>
builds_with() {
	local version
	need_program "$1"
	echo '#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>' | "$1" -fsyntax-only -x c - 2>/dev/null || skip "needs cmocka's header"
	version=$("$1" -dumpversion)
	BUILD=$BUILD "$tests/compilers/run" -b -k "^$1(-${version%%.*})?/$2\$" >"$work/table" ||
		{ cat "$work/table"; fail "a build"; }
}
