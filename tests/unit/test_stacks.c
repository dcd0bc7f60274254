/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stacks of threads: found by their stack pointers, also without a guard that is a mapping.
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"
#include "usage/records.h"
#include "usage/stacks.h"

#define STACK_BYTES ((size_t)1 << 20)
#define USED_BYTES  ((size_t)512 << 10)

static int ready[2], hold[2];

static void pointer_in_the_text(void **state)
{
	uint64_t pointer = 0;

	(void)state;
	assert_true(stacks_pointer(
		"230 0x0 0x0 0x7f4c7fb15e70 0x0 0x0 0x0 0x7ffc8091f9c8 0x7f4c8152a545\n",
		&pointer));
	assert_int_equal(pointer, 0x7ffc8091f9c8);
	assert_false(stacks_pointer("running\n", &pointer));
	assert_false(stacks_pointer("", &pointer));
}

static void *wait_on_stack(void *unused)
{
	char used[USED_BYTES], byte = 0;

	memset(used, 1, sizeof(used));
	__asm__ volatile("" : : "r"(used) : "memory");
	if (write(ready[1], &byte, 1) != 1 || read(hold[0], &byte, 1) != 1)
		return unused;
	return NULL;
}

static uint64_t stacks_kb(void)
{
	static struct own_usage usage;
	struct clues clues = {0};

	assert_int_equal(own_usage_read(&usage, &clues), 0);
	assert_null(clues.stack_pointers);
	return usage.table.parts[PART_STACKS].memory;
}

/* Between two mappings that are no guards. */
static void a_stack_without_a_guard(void **state)
{
	char *room = mmap(NULL, 3 * STACK_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t before = stacks_kb();
	pthread_attr_t attributes;
	uint64_t pointers[16];
	pthread_t thread;
	size_t count = 0;
	char byte = 0;
	bool found = false;

	(void)state;
	assert_ptr_not_equal(room, MAP_FAILED);
	assert_int_equal(mprotect(room + STACK_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(pipe(ready) | pipe(hold), 0);
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstack(&attributes, room + STACK_BYTES, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &attributes, wait_on_stack, NULL), 0);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	/* it may not wait yet */
	for (int tries = 0; tries < 60000 && !found; tries++) {
		count = stacks_read("self", 0, pointers, 16);
		for (size_t i = 0; i < count; i++)
			found = found || (pointers[i] >= (uintptr_t)room + STACK_BYTES &&
					  pointers[i] < (uintptr_t)room + 2 * STACK_BYTES);
		usleep(found ? 0 : 1000);
	}
	assert_true(found);
	for (size_t i = 1; i < count; i++)
		assert_true(pointers[i - 1] <= pointers[i]);
	assert_int_equal(stacks_read("self", (uintptr_t)pointers, pointers, 1), 1);
	assert_true(stacks_kb() >= before + (USED_BYTES >> 10));
	assert_int_equal(write(hold[1], &byte, 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	munmap(room, 3 * STACK_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(pointer_in_the_text),
		UNIT_TEST(a_stack_without_a_guard),
	};

	return cmocka_run_group_tests_name("stacks", tests, NULL, NULL);
}
