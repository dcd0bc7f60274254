/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of jumps and calls of i386, on any machine.
 */
#include "unit.h"

#include "../../src/arch/i386/entry.h"

#define AT 0xf7d01000u

static unsigned char out[ENTRY_JUMP_BYTES_MAX + 1];

static int setup(void **state)
{
	(void)state;
	memset(out, 0xcc, sizeof(out));
	return 0;
}

static void landing_pad(void **state)
{
	static const unsigned char endbr32[] = {0xf3, 0x0f, 0x1e, 0xfb, 0x55};
	static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x55};

	(void)state;
	assert_int_equal(entry_landing_bytes(endbr32, sizeof(endbr32)), 4);
	assert_int_equal(entry_landing_bytes(endbr32, 3), 0);
	assert_int_equal(entry_landing_bytes(endbr64, sizeof(endbr64)), 0);
}

static uint32_t relative_target(unsigned char opcode)
{
	uint32_t distance;

	assert_int_equal(out[0], opcode);
	assert_int_equal(out[5], 0xcc);
	memcpy(&distance, out + 1, sizeof(distance));
	return AT + 5 + distance;
}

/* Every address is in reach, also around the end of the address space. */
static void every_target_is_near(void **state)
{
	static const uint32_t targets[] = {0,      1,      0x08048000,       AT,
					   AT + 5, AT - 1, AT + 0x80000000u, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		setup(NULL);
		assert_int_equal(entry_encode_jump(out, AT, targets[i]), 5);
		assert_int_equal(relative_target(0xe9), targets[i]);
		setup(NULL);
		assert_int_equal(entry_encode_call(out, AT, targets[i]), 5);
		assert_int_equal(relative_target(0xe8), targets[i]);
	}
}

static void finds_the_call_of_a_target(void **state)
{
	unsigned char code[64];
	const uint32_t before = AT - 0x1234, behind = AT + 0x56789, low = 0x08048000;

	(void)state;
	memset(code, 0x90, sizeof(code));
	entry_encode_call(code + 10, AT + 10, low);
	entry_encode_call(code + 20, AT + 20, before);
	entry_encode_call(code + 40, AT + 40, behind);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, low), 10);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, before), 20);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, behind), 40);
	assert_int_equal(entry_find_call(code, 45, AT, behind), 40);
	assert_int_equal(entry_find_call(code, 44, AT, behind), -1);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, AT), -1);
	assert_int_equal(entry_find_call(code, 0, AT, low), -1);
}

static void empty_functions(void **state)
{
	static const unsigned char with_lea[] = {0xc3, 0x8d, 0xb4, 0x26, 0,    0,    0, 0,
						 0x8d, 0x74, 0x26, 0,    0x8d, 0x76, 0, 0x90};
	static const unsigned char tracked[] = {
		0xf3, 0x0f, 0x1e, 0xfb, 0xc3, 0x2e, 0x8d, 0xb4, 0x26, 0, 0, 0, 0,
		0x8d, 0xb6, 0,    0,    0,    0,    0x8d, 0xbf, 0,    0, 0, 0};
	static const unsigned char breakpoint[] = {0xcc, 0x90};
	static const unsigned char moves[] = {0xc3, 0x8d, 0x76, 0x01};
	static const unsigned char other_index[] = {0xc3, 0x8d, 0x74, 0x36, 0};
	static const unsigned char loads[] = {0xc3, 0x8d, 0x46, 0};

	(void)state;
	assert_int_equal(entry_empty_bytes(with_lea, sizeof(with_lea)), 16);
	assert_int_equal(entry_empty_bytes(with_lea, 7), 1);
	assert_int_equal(entry_empty_bytes(with_lea, 3), 1);
	assert_int_equal(entry_empty_bytes(with_lea, 0), 0);
	assert_int_equal(entry_empty_bytes(tracked, sizeof(tracked)), sizeof(tracked));
	assert_int_equal(entry_empty_bytes(breakpoint, sizeof(breakpoint)), 0);
	assert_int_equal(entry_empty_bytes(moves, sizeof(moves)), 1);
	assert_int_equal(entry_empty_bytes(other_index, sizeof(other_index)), 1);
	assert_int_equal(entry_empty_bytes(loads, sizeof(loads)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(landing_pad, setup),
		cmocka_unit_test_setup(every_target_is_near, setup),
		cmocka_unit_test_setup(finds_the_call_of_a_target, setup),
		cmocka_unit_test_setup(empty_functions, setup),
	};

	return cmocka_run_group_tests_name("entry of i386", tests, NULL, NULL);
}
