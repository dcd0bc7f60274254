/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every unit test includes: cmocka and the gate.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "gate.h"

/* cmocka 2.0 has it, and deprecates the older name. */
#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Has cmocka reset the gate before each test of the program. */
static inline int unit_setup(void **state)
{
	(void)state;
	gate_reset();
	return 0;
}

#define UNIT_TEST(function) cmocka_unit_test_setup(function, unit_setup)

#endif
