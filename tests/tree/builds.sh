#!/bin/bash
# A few cells of `make check-build`, with the gcc and the clang of this machine and every warning an
# error: -Og, clang's build, and the unit tests with AddressSanitizer and UndefinedBehaviorSanitizer.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program gcc
echo '#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>' | gcc -fsyntax-only -x c - 2>/dev/null || skip "needs cmocka's header"
gcc=$(gcc -dumpversion)
clang=$(clang -dumpversion 2>/dev/null)
BUILD=$BUILD "$(dirname "$0")/../compilers/run" -b \
	-k "^(gcc(-${gcc%%.*})?/(Og|address)|clang(-${clang%%.*})?/O2)\$" >"$work/table" ||
	{ cat "$work/table"; fail "a build"; }
