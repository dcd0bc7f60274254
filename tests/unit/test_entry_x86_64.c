/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of jumps and calls of x86-64, on any 64-bit machine.
 */
#include "unit.h"

#include "../../src/arch/x86_64/entry.h"

#define AT 0x7f0000001000ul

static unsigned char out[ENTRY_JUMP_BYTES_MAX + 1];

static int setup(void **state)
{
	(void)state;
	memset(out, 0xcc, sizeof(out));
	return 0;
}

static void landing_pad(void **state)
{
	static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x55};
	static const unsigned char endbr32[] = {0xf3, 0x0f, 0x1e, 0xfb, 0x55};

	(void)state;
	assert_int_equal(entry_landing_bytes(endbr64, sizeof(endbr64)), 4);
	assert_int_equal(entry_landing_bytes(endbr64, 4), 4);
	assert_int_equal(entry_landing_bytes(endbr64, 3), 0);
	assert_int_equal(entry_landing_bytes(endbr32, sizeof(endbr32)), 0);
}

/* Where the processor would go from a jump or call with a rel32 at AT. */
static uintptr_t relative_target(unsigned char opcode)
{
	int32_t distance;

	assert_int_equal(out[0], opcode);
	assert_int_equal(out[5], 0xcc);
	memcpy(&distance, out + 1, sizeof(distance));
	return AT + 5 + (uintptr_t)(intptr_t)distance;
}

static void near_jumps(void **state)
{
	static const uintptr_t targets[] = {AT, AT + 5, AT - 1, AT + 5 + 0x7fffffff,
					    AT + 5 - 0x80000000ul};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		setup(NULL);
		assert_int_equal(entry_encode_jump(out, AT, targets[i]), 5);
		assert_true(relative_target(0xe9) == targets[i]);
		setup(NULL);
		assert_int_equal(entry_encode_call(out, AT, targets[i]), 5);
		assert_true(relative_target(0xe8) == targets[i]);
	}
}

static void far_jumps(void **state)
{
	static const uintptr_t targets[] = {AT + 5 + 0x80000000ul, AT + 5 - 0x80000001ul, 0,
					    0x1122334455667788, UINTPTR_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		uintptr_t target;

		setup(NULL);
		assert_int_equal(entry_encode_jump(out, AT, targets[i]), 12);
		assert_memory_equal(out, "\x48\xb8", 2);
		memcpy(&target, out + 2, sizeof(target));
		assert_true(target == targets[i]);
		assert_memory_equal(out + 10, "\xff\xe0\xcc", 3);
		setup(NULL);
		assert_int_equal(entry_encode_call(out, AT, targets[i]), 0);
		assert_int_equal(out[0], 0xcc);
	}
}

static void finds_the_call_of_a_target(void **state)
{
	unsigned char code[64];
	const uintptr_t before = AT - 0x1234, behind = AT + 0x56789;

	(void)state;
	memset(code, 0x90, sizeof(code));
	code[3] = 0xe8; /* no call, or one of somebody else */
	assert_int_equal(entry_encode_call(code + 20, AT + 20, before), 5);
	assert_int_equal(entry_encode_call(code + 40, AT + 40, behind), 5);
	assert_int_equal(entry_encode_call(code + 50, AT + 50, behind), 5);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, before), 20);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, behind), 40);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, AT), -1);
	assert_int_equal(entry_find_call(code, 45, AT, behind), 40);
	assert_int_equal(entry_find_call(code, 44, AT, behind), -1);
	assert_int_equal(entry_find_call(code, 0, AT, behind), -1);
	assert_int_equal(entry_find_call(code, 4, AT, behind), -1);
}

/* The functions as glibc has them: 2.31, 2.41, and with indirect branch tracking. */
static void empty_functions(void **state)
{
	static const unsigned char two_nops[] = {0xc3, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0,   0,
						 0,    0,    0,    0x0f, 0x1f, 0x40, 0,    0x48};
	static const unsigned char others[] = {0xc3, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0,
					       0,    0,    0,    0x0f, 0x1f, 0x44, 0, 0};
	static const unsigned char tracked[] = {0xf3, 0x0f, 0x1e, 0xfa, 0xc3, 0x90,
						0xcc, 0x66, 0x90, 0x0f, 0x1f, 0x00};
	static const unsigned char breakpoint[] = {0xcc, 0x66, 0x90};
	static const unsigned char bare[] = {0xc3, 0x55, 0x90};
	static const unsigned char not_padding[] = {0xc3, 0x66, 0x2e, 0x0f, 0x1f, 0xc0, 0x0f, 0x0b};

	(void)state;
	assert_int_equal(entry_empty_bytes(two_nops, 17), 16);
	assert_int_equal(entry_empty_bytes(two_nops, 16), 16);
	/* what does not fit whole is not counted */
	assert_int_equal(entry_empty_bytes(two_nops, 15), 12);
	assert_int_equal(entry_empty_bytes(two_nops, 11), 1);
	assert_int_equal(entry_empty_bytes(two_nops, 4), 1);
	assert_int_equal(entry_empty_bytes(two_nops, 0), 0);
	assert_int_equal(entry_empty_bytes(others, sizeof(others)), 16);
	assert_int_equal(entry_empty_bytes(tracked, sizeof(tracked)), 12);
	assert_int_equal(entry_empty_bytes(tracked, 4), 0);
	assert_int_equal(entry_empty_bytes(breakpoint, sizeof(breakpoint)), 0);
	assert_int_equal(entry_empty_bytes(bare, sizeof(bare)), 1);
	assert_int_equal(entry_empty_bytes(not_padding, sizeof(not_padding)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(landing_pad, setup),
		cmocka_unit_test_setup(near_jumps, setup),
		cmocka_unit_test_setup(far_jumps, setup),
		cmocka_unit_test_setup(finds_the_call_of_a_target, setup),
		cmocka_unit_test_setup(empty_functions, setup),
	};

	return cmocka_run_group_tests_name("entry of x86_64", tests, NULL, NULL);
}
