/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MORECORE=auto: which of malloc's blocks share transparent huge pages, and from when on.
 * With memory of the test, and no heap: begin() sets what the blocks read of it.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "heap/blocks.h"
#include "heap/heap.h"
#include "region/process.h"
#include "unit.h"

#define MIB        ((size_t)1 << 20)
#define READ_WRITE (PROT_READ | PROT_WRITE)
#define PLAIN      (MAP_PRIVATE | MAP_ANONYMOUS)

/* A place with nothing near it. */
#define PLACE ((uintptr_t)0x200000000000)

static int begun;

static bool begin(void)
{
	begun++;
	heap.source.thp = true;
	heap.zone.region.start = PLACE - (64 << 20);
	heap.zone.region.behind = PLACE - 4096;
	heap.zone.region.unit_bytes = 2 * MIB;
	heap.zone.region.base_bytes = process_base_bytes;
	return true;
}

static void which_blocks(void **state)
{
	(void)state;
	assert_true(blocks_are_for(128 << 10, READ_WRITE, PLAIN));
	assert_true(blocks_are_for(16 * MIB, READ_WRITE, PLAIN));
	assert_false(blocks_are_for(124 << 10, READ_WRITE, PLAIN));
	assert_true(blocks_are_for(128 * MIB, READ_WRITE, PLAIN));
	/* this one has huge pages at once */
	assert_false(blocks_are_for(129 * MIB, READ_WRITE, PLAIN));
	assert_false(blocks_are_for(MIB, PROT_NONE, PLAIN));
	assert_false(blocks_are_for(MIB, READ_WRITE, PLAIN | MAP_STACK));
}

static char *map(size_t bytes, bool filled)
{
	char *block = (char *)blocks_map(bytes, begin);

	assert_non_null(block);
	if (filled)
		memset(block, 1, bytes);
	return block;
}

static bool is_shared(const char *block)
{
	return (uintptr_t)block >= PLACE && (uintptr_t)block < PLACE + ((uintptr_t)1 << 40);
}

static void blocks_that_are_not_filled_stay_small(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		assert_false(is_shared(map(MIB, i % 2)));
	assert_int_equal(begun, 0);
}

/* A block is not judged before the program had a chance to fill it. */
static void the_last_block_is_not_judged(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_false(is_shared(map(25 * MIB, false)));
	assert_int_equal(begun, 0);
	assert_false(blocks_are_dense());
}

static void freed_blocks_do_not_count(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		char *block = map(MIB, true);

		assert_false(is_shared(block));
		munmap(block, MIB);
	}
	assert_int_equal(begun, 0);
}

static void filled_blocks_share_pages(void **state)
{
	char *before = NULL, *block;
	size_t small = 0;

	(void)state;
	while (!is_shared(block = map(MIB + 4096, true)))
		small++;
	assert_int_equal(begun, 1);
	/* from 20M on, to which a block of the test before may still be counted */
	assert_uint_in_range(small, 19, 40);
	for (int i = 0; i < 50; i++) {
		before = block;
		block = map(MIB + 4096, true);
		/* without a gap */
		assert_ptr_equal(block, before + MIB + 4096);
		assert_int_equal(block[0] + block[MIB + 4095], 2);
	}
	/* freed as the kernel's, with the neighbours unchanged */
	blocks_unmapping((uintptr_t)before, MIB + 4096);
	assert_int_equal(munmap(before, MIB + 4096), 0);
	for (size_t i = 0; i < MIB + 4096; i++)
		assert_int_equal(block[i], 1);
	for (char *at = before - MIB; at < before; at++)
		assert_int_equal(*at, 1);
	/* those of large ones are their own */
	assert_true(blocks_are_dense());
	assert_int_equal(blocks_map(17 * MIB, begin), 0);
	/* something that is in the way is stepped over */
	for (int i = 0; i < 100; i++) {
		void *there = (void *)(((uintptr_t)block + 2 * MIB) & ~(2 * MIB - 1));

		if (i == 50)
			for (int unit = 0; unit < 8; unit++)
				mmap((char *)there + (size_t)unit * 2 * MIB, 4096, READ_WRITE,
				     PLAIN | MAP_FIXED_NOREPLACE, -1, 0);
		block = map(MIB, true);
		assert_int_equal(block[0] + block[MIB - 1], 2);
	}
}

static int set_up(void **state)
{
	(void)state;
	process_base_bytes = (size_t)sysconf(_SC_PAGESIZE);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(which_blocks),
		UNIT_TEST(blocks_that_are_not_filled_stay_small),
		UNIT_TEST(the_last_block_is_not_judged),
		UNIT_TEST(freed_blocks_do_not_count),
		UNIT_TEST(filled_blocks_share_pages),
	};

	return cmocka_run_group_tests_name("blocks", tests, set_up, NULL);
}
