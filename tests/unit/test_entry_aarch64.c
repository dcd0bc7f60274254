/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The instructions of jumps and calls of arm64, on any 64-bit machine of its byte order.
 */
#include "unit.h"

#include "../../src/arch/aarch64/entry.h"

#define AT    0xffff80001000ul
#define REACH 0x8000000ul /* 128M: 26 bits of words, signed */

static unsigned char out[ENTRY_JUMP_BYTES_MAX + 4];

static int setup(void **state)
{
	(void)state;
	memset(out, 0xcc, sizeof(out));
	return 0;
}

static uint32_t word(size_t at)
{
	uint32_t value;

	memcpy(&value, out + at, sizeof(value));
	return value;
}

static void landing_pad(void **state)
{
	static const unsigned char bti_c[] = {0x5f, 0x24, 0x03, 0xd5, 0xff};
	static const unsigned char bti_j[] = {0x9f, 0x24, 0x03, 0xd5, 0xff};

	(void)state;
	assert_int_equal(entry_landing_bytes(bti_c, sizeof(bti_c)), 4);
	assert_int_equal(entry_landing_bytes(bti_c, 3), 0);
	assert_int_equal(entry_landing_bytes(bti_j, sizeof(bti_j)), 0);

	/* in front of a jump: what signs the return address becomes what does not */
	for (int i = 0; i < 2; i++) {
		static const unsigned char signs[][4] = {{0x3f, 0x23, 0x03, 0xd5},
							 {0x7f, 0x23, 0x03, 0xd5}};

		assert_int_equal(entry_encode_landing(out, signs[i], 4), 4);
		assert_memory_equal(out, bti_c, 4);
		assert_int_equal(entry_encode_landing(out, signs[i], 3), 0);
	}
	assert_int_equal(entry_encode_landing(out, bti_c, 4), 4);
	assert_memory_equal(out, bti_c, 4);
	assert_int_equal(entry_encode_landing(out, (const unsigned char *)"\x1f\x20\x03\xd5", 4),
			 0);
}

static void known_instructions(void **state)
{
	(void)state;
	assert_int_equal(entry_encode_jump(out, AT, AT), 4);
	assert_int_equal(word(0), 0x14000000); /* b . */
	assert_int_equal(entry_encode_jump(out, AT, AT + 8), 4);
	assert_int_equal(word(0), 0x14000002); /* b .+8 */
	assert_int_equal(entry_encode_jump(out, AT, AT - 4), 4);
	assert_int_equal(word(0), 0x17ffffff); /* b .-4 */
	assert_int_equal(entry_encode_call(out, AT, AT - 8), 4);
	assert_int_equal(word(0), 0x97fffffe); /* bl .-8 */
	assert_int_equal(word(4), 0xcccccccc);
}

static void edges_of_reach(void **state)
{
	(void)state;
	assert_int_equal(entry_encode_jump(out, AT, AT + REACH - 4), 4);
	assert_int_equal(word(0), 0x15ffffff);
	assert_int_equal(entry_encode_jump(out, AT, AT - REACH), 4);
	assert_int_equal(word(0), 0x16000000);
	assert_int_equal(entry_encode_call(out, AT, AT + REACH - 4), 4);
	assert_int_equal(word(0), 0x95ffffff);
	assert_int_equal(entry_encode_call(out, AT, AT - REACH), 4);
	assert_int_equal(word(0), 0x96000000);
	setup(NULL);
	assert_int_equal(entry_encode_call(out, AT, AT + REACH), 0);
	assert_int_equal(entry_encode_call(out, AT, AT - REACH - 4), 0);
	assert_int_equal(word(0), 0xcccccccc);
}

static void far_jumps(void **state)
{
	static const uintptr_t targets[] = {AT + REACH, AT - REACH - 4, 0x1122334455667788, 0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		uintptr_t target;

		setup(NULL);
		assert_int_equal(entry_encode_jump(out, AT, targets[i]), 16);
		assert_int_equal(word(0), 0x58000050); /* ldr x16, .+8 */
		assert_int_equal(word(4), 0xd61f0200); /* br x16 */
		memcpy(&target, out + 8, sizeof(target));
		assert_true(target == targets[i]);
		assert_int_equal(word(16), 0xcccccccc);
	}
}

static void finds_the_call_of_a_target(void **state)
{
	unsigned char code[64];
	const uintptr_t before = AT - 0x1234, behind = AT + 0x56788;

	(void)state;
	memset(code, 0, sizeof(code));
	entry_encode_jump(code + 4, AT + 4, behind); /* a jump is no call */
	entry_encode_call(code + 20, AT + 20, before);
	entry_encode_call(code + 40, AT + 40, behind);
	entry_encode_call(code + 48, AT + 48, AT + 48 - REACH);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, before), 20);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, behind), 40);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, AT + 48 - REACH), 48);
	assert_int_equal(entry_find_call(code, 44, AT, behind), 40);
	assert_int_equal(entry_find_call(code, 43, AT, behind), -1);
	assert_int_equal(entry_find_call(code, sizeof(code), AT, AT), -1);
	assert_int_equal(entry_find_call(code, 0, AT, before), -1);
}

static void empty_functions(void **state)
{
	static const unsigned char tracked[] = {0x5f, 0x24, 0x03, 0xd5, 0xc0, 0x03, 0x5f, 0xd6,
						0x1f, 0x20, 0x03, 0xd5, 0,    0,    0,    0};
	static const unsigned char breakpoint[] = {0, 0, 0x20, 0xd4};
	static const unsigned char bare[] = {0xc0, 0x03, 0x5f, 0xd6, 0xfd, 0x7b, 0xbf, 0xa9};

	(void)state;
	assert_int_equal(entry_empty_bytes(tracked, sizeof(tracked)), 16);
	assert_int_equal(entry_empty_bytes(tracked, 15), 12);
	assert_int_equal(entry_empty_bytes(tracked, 8), 8);
	assert_int_equal(entry_empty_bytes(tracked, 7), 0);
	assert_int_equal(entry_empty_bytes(breakpoint, sizeof(breakpoint)), 0);
	assert_int_equal(entry_empty_bytes(bare, sizeof(bare)), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(landing_pad, setup),
		cmocka_unit_test_setup(known_instructions, setup),
		cmocka_unit_test_setup(edges_of_reach, setup),
		cmocka_unit_test_setup(far_jumps, setup),
		cmocka_unit_test_setup(finds_the_call_of_a_target, setup),
		cmocka_unit_test_setup(empty_functions, setup),
	};

	return cmocka_run_group_tests_name("entry of aarch64", tests, NULL, NULL);
}
