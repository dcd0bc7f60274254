/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The zone: arenas open step by step; blocks are filled, grown, moved and shrunk, with a simulated
 * pool.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "calls/mmap.h"
#include "calls/mremap.h"
#include "calls/start.h"
#include "fixture.h"
#include "heap/heap.h"
#include "heap/owner.h"
#include "heap/zone.h"

#define PAGE  ((size_t)64 * KIB) /* a unit is a page here */
#define LARGE ((size_t)32 * MIB) /* and a sixteenth of one here */
#define UNIT  ((size_t)2 * MIB)
#define SEED  11

static struct zone *const zone = &heap.zone;

static void begin(size_t page_bytes, size_t pool_pages, size_t bytes)
{
	fixture_begin_heap(page_bytes, pool_pages);
	assert_int_equal(zone_start(zone, fixture_start, fixture_start + bytes, &heap.source), 0);
	assert_int_equal(heap_owner_begin(), 0);
}

static void end(void)
{
	fixture_end_heap(&zone->region);
}

static size_t huge_pages(void)
{
	return gate_pool_mapped(fixture_start, FIXTURE_BYTES);
}

static void reservations_are_aligned_and_apart(void **state)
{
	uint64_t random = 3;
	uintptr_t taken[64];
	size_t bytes[64], used = 0;

	(void)state;
	begin(PAGE, 0, FIXTURE_BYTES);
	memset(taken, 0, sizeof(taken));
	for (int step = 0; step < 3000; step++) {
		size_t i = fixture_random(&random) % COUNT_OF(taken);
		size_t alignment = PAGE << fixture_random(&random) % 11;

		if (taken[i]) {
			zone_release(zone, taken[i], bytes[i]);
			used -= bytes[i] / PAGE;
			taken[i] = 0;
			assert_int_equal(zone->used_units, used);
			continue;
		}
		bytes[i] = PAGE * (1 + fixture_random(&random) % 400);
		taken[i] = zone_reserve(zone, bytes[i], alignment);
		if (!taken[i])
			continue;
		used += bytes[i] / PAGE;
		assert_int_equal(zone->used_units, used);
		assert_int_equal(taken[i] % alignment, 0);
		assert_true(taken[i] >= fixture_start &&
			    taken[i] + bytes[i] <= fixture_start + FIXTURE_BYTES);
		for (size_t j = 0; j < COUNT_OF(taken); j++)
			if (j != i && taken[j])
				assert_true(taken[i] + bytes[i] <= taken[j] ||
					    taken[j] + bytes[j] <= taken[i]);
	}
	assert_int_equal(gate_calls(GATE_ANY), 1);
	for (size_t i = 0; i < COUNT_OF(taken); i++)
		if (taken[i])
			zone_release(zone, taken[i], bytes[i]);
	assert_int_equal(zone->used_units, 0);
	/* all of it is one free run again, and nothing fits beside that */
	assert_int_equal(zone_reserve(zone, FIXTURE_BYTES, PAGE), fixture_start);
	assert_int_equal(zone_reserve(zone, PAGE, PAGE), 0);
	zone_release(zone, fixture_start, FIXTURE_BYTES);
	assert_int_equal(zone_reserve(zone, FIXTURE_BYTES + PAGE, PAGE), 0);
	end();
}

/* As libc opens an arena: in small steps. Few calls, no page beyond the arena, and all is zero. */
static void an_arena_opens_in_steps(void **state)
{
	uintptr_t arena, next;

	(void)state;
	begin(PAGE, 4000, FIXTURE_BYTES);
	arena = zone_reserve(zone, 64 * MIB, 64 * MIB);
	next = zone_reserve(zone, 64 * MIB, 64 * MIB);
	assert_true(arena && next == arena + 64 * MIB);
	for (size_t open = 0; open < 64 * MIB; open += 128 * KIB) {
		assert_int_equal(zone_commit(zone, arena + open, 128 * KIB), 0);
		fixture_check_zero(arena + open, arena + open + 128 * KIB);
		fixture_fill(arena + open, arena + open + 128 * KIB, SEED);
		/* a quarter more than it has, at most, or a 512th of all that is in use */
		assert_true(huge_pages() <= (open + 128 * KIB) / PAGE * 5 / 4 + 5);
	}
	assert_true(gate_calls(CPU_MMAP_NUMBER) < 50);
	assert_int_equal(huge_pages(), 64 * MIB / PAGE);
	fixture_check_filled(arena, arena + 64 * MIB, SEED);
	fixture_check_region(&zone->region);
	/* what is open stays open, without a call */
	gate_fail_always(CPU_MMAP_NUMBER, ENOMEM);
	assert_int_equal(zone_commit(zone, arena, 64 * MIB), 0);
	assert_int_equal(zone_commit(zone, next, PAGE), -ENOMEM);
	end();
}

/* Arenas share large pages, and one that goes leaves them to the others, whose content stays. */
static void arenas_share_large_pages(void **state)
{
	uintptr_t arenas[4];

	(void)state;
	begin(LARGE, 8, 8 * LARGE);
	for (size_t i = 0; i < COUNT_OF(arenas); i++) {
		arenas[i] = zone_reserve(zone, 4 * UNIT, 4 * UNIT);
		assert_int_equal(arenas[i], fixture_start + i * 4 * UNIT);
		assert_int_equal(zone_commit(zone, arenas[i], UNIT), 0);
		fixture_check_zero(arenas[i], arenas[i] + UNIT);
		fixture_fill(arenas[i], arenas[i] + UNIT, i);
	}
	assert_int_equal(huge_pages(), 1);
	zone_release(zone, arenas[1], 4 * UNIT);
	assert_int_equal(huge_pages(), 1);
	fixture_check_region(&zone->region);
	/* its place is taken again, and what it left there is gone */
	assert_int_equal(zone_reserve(zone, 4 * UNIT, 4 * UNIT), arenas[1]);
	assert_int_equal(zone_commit(zone, arenas[1], 2 * UNIT), 0);
	fixture_check_zero(arenas[1], arenas[1] + 2 * UNIT);
	fixture_check_filled(arenas[0], arenas[0] + UNIT, 0);
	fixture_check_filled(arenas[2], arenas[2] + UNIT, 2);
	for (size_t i = 0; i < COUNT_OF(arenas); i++)
		zone_release(zone, arenas[i], 4 * UNIT);
	assert_int_equal(huge_pages(), 0);
	fixture_check_region(&zone->region);
	end();
}

static void the_second_half_goes(void **state)
{
	uintptr_t arena;

	(void)state;
	begin(PAGE, 4000, 256 * MIB);
	arena = zone_reserve(zone, 128 * MIB, 64 * MIB);
	assert_int_equal(zone_commit(zone, arena, 3 * PAGE), 0);
	fixture_fill(arena, arena + 3 * PAGE, SEED);
	assert_true(zone_ends_at(zone, arena + 64 * MIB, arena + 128 * MIB));
	assert_false(zone_ends_at(zone, arena, arena + 64 * MIB));
	assert_true(zone_ends_at(zone, arena, arena + 128 * MIB));
	zone_release(zone, arena + 64 * MIB, 64 * MIB);
	assert_int_equal(zone->used_units, 64 * MIB / PAGE);
	fixture_check_filled(arena, arena + 3 * PAGE, SEED);
	assert_int_equal(zone_reserve(zone, 64 * MIB, 64 * MIB), arena + 64 * MIB);
	zone_release(zone, arena, 64 * MIB);
	assert_int_equal(huge_pages(), 0);
	end();
}

static void blocks_and_their_tails(void **state)
{
	static const size_t tails[] = {0, 4096, PAGE / 8, PAGE / 8 + 4096, PAGE - 4096};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tails); i++)
		for (size_t pool_pages = 0; pool_pages <= 10; pool_pages += 5) {
			size_t bytes = 5 * PAGE + tails[i];
			uintptr_t block;

			begin(PAGE, pool_pages, 100 * PAGE);
			block = zone_reserve(zone, bytes, PAGE);
			assert_int_equal(zone_fill_block(zone, block, bytes), 0);
			fixture_check_zero(block, block + bytes);
			fixture_fill(block, block + bytes, SEED);
			fixture_check_region(&zone->region);
			if (pool_pages == 10) /* a short tail is worth no huge page */
				assert_int_equal(huge_pages(), 5 + (tails[i] > PAGE / 8));
			zone_release(zone, block, bytes);
			fixture_check_region(&zone->region);
			assert_int_equal(huge_pages(), 0);
			assert_int_equal(zone->used_units, 0);
			end();
		}
}

/* Who maps where a block's tail would go loses nothing, and the next block gets another place. */
static void foreign_memory_at_a_tail(void **state)
{
	size_t bytes = 5 * PAGE + 4096;

	(void)state;
	for (int old_kernel = 0; old_kernel < 2; old_kernel++) {
		struct gate_pool pool = {
			.page_bytes = PAGE,
			.pages = 100,
			.populate_limit = SIZE_MAX,
			.no_noreplace = old_kernel,
		};
		uintptr_t block;

		begin(PAGE, 100, 100 * PAGE);
		gate_pool(&pool);
		fixture_plant_foreign(fixture_start + 5 * PAGE, 4096);
		block = zone_reserve(zone, bytes, PAGE);
		assert_int_equal(block, fixture_start);
		assert_int_equal(zone_fill_block(zone, block, bytes), -ENOMEM);
		zone_release(zone, block, bytes);
		assert_int_equal(huge_pages(), 0);
		block = zone_reserve(zone, bytes, PAGE);
		assert_true(block && block != fixture_start);
		assert_int_equal(zone_fill_block(zone, block, bytes), 0);
		assert_true(fixture_foreign_is_intact(fixture_start + 5 * PAGE, 4096));
		/* an old kernel maps elsewhere what it should refuse: nothing of that is left */
		assert_int_equal(gate_calls(SYS_munmap), 1 + old_kernel);
		end();
	}
}

/* A block whose words follow from their offset, wherever it moves. */
static void fill_block(uintptr_t block, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		((uint64_t *)block)[i] = i ^ SEED;
}

static void check_block(uintptr_t block, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i += 64)
		if (((uint64_t *)block)[i] != (i ^ SEED))
			fail_msg("word %zu of %zu bytes changed", i, bytes);
}

static uintptr_t new_block(size_t bytes)
{
	uintptr_t block = zone_reserve(zone, bytes, zone->region.unit_bytes);

	assert_int_not_equal(block, 0);
	assert_int_equal(zone_fill_block(zone, block, bytes), 0);
	fill_block(block, bytes);
	return block;
}

static void a_block_grows_where_it_is(void **state)
{
	uintptr_t block;

	(void)state;
	begin(PAGE, 100, 100 * PAGE);
	block = new_block(3 * PAGE + PAGE / 2);
	for (size_t bytes = 3 * PAGE + PAGE / 2; bytes < 86 * PAGE; bytes += 3 * PAGE) {
		size_t more = bytes + 3 * PAGE;

		assert_int_equal(zone_remap_block(zone, block, bytes, more, false), block);
		check_block(block, 3 * PAGE + PAGE / 2);
		memset((void *)(block + more - 8), 1, 8);
		fixture_check_region(&zone->region);
	}
	assert_int_equal(zone_remap_block(zone, block, zone->used_units * PAGE, 90 * PAGE, false),
			 block);
	assert_int_equal(zone_remap_block(zone, block, 90 * PAGE, 101 * PAGE, true), -ENOMEM);
	/* smaller, within a page and over pages */
	assert_int_equal(zone_remap_block(zone, block, 90 * PAGE, 3 * PAGE, false), block);
	assert_int_equal(zone->used_units, 3);
	assert_int_equal(huge_pages(), 3);
	assert_int_equal(zone_remap_block(zone, block, 3 * PAGE, 3 * PAGE - 4096, false), block);
	assert_int_equal(huge_pages(), 3);
	check_block(block, 3 * PAGE - 4096);
	fixture_check_region(&zone->region);
	end();
}

/* A tail on small pages would be a hole in the middle of a block that grew past it. */
static void a_small_tail_does_not_stay_in_the_middle(void **state)
{
	uintptr_t block;

	(void)state;
	begin(PAGE, 100, 100 * PAGE);
	block = new_block(3 * PAGE + 4096);
	assert_int_equal(huge_pages(), 3);
	fill_block(block, 3 * PAGE + 4096);
	block = (uintptr_t)zone_remap_block(zone, block, 3 * PAGE + 4096, 8 * PAGE, true);
	check_block(block, 3 * PAGE + 4096);
	assert_int_equal(huge_pages(), 8);
	fixture_check_region(&zone->region);
	end();
}

static void a_block_moves(void **state)
{
	(void)state;
	for (int old_kernel = 0; old_kernel < 2; old_kernel++)
		for (size_t pool_pages = 0; pool_pages <= 100; pool_pages += 4) {
			struct gate_pool pool = {
				.page_bytes = PAGE,
				.pages = pool_pages,
				.populate_limit = SIZE_MAX,
				.no_move = old_kernel,
			};
			uintptr_t block, behind, to;

			begin(PAGE, 0, 100 * PAGE);
			gate_pool(&pool);
			block = new_block(7 * PAGE + PAGE / 2);
			/* it grew once, so that it is two mappings */
			assert_int_equal(zone_remap_block(zone, block, 7 * PAGE + PAGE / 2,
							  10 * PAGE, false),
					 block);
			fill_block(block, 10 * PAGE);
			behind = new_block(PAGE);
			assert_int_equal(behind, block + 10 * PAGE);
			assert_int_equal(zone_remap_block(zone, block, 10 * PAGE, 12 * PAGE, false),
					 -ENOMEM);
			to = (uintptr_t)zone_remap_block(zone, block, 10 * PAGE, 12 * PAGE, true);
			assert_true(to > behind && to < fixture_start + 100 * PAGE);
			check_block(to, 10 * PAGE);
			fixture_check_zero(to + 10 * PAGE, to + 12 * PAGE);
			check_block(behind, PAGE);
			fixture_check_region(&zone->region);
			assert_int_equal(zone->used_units, 13);
			/* where it was, there is room now */
			assert_int_equal(zone_reserve(zone, 10 * PAGE, PAGE), block);
			zone_release(zone, to, 12 * PAGE);
			zone_release(zone, behind, PAGE);
			zone_release(zone, block, 10 * PAGE);
			fixture_check_region(&zone->region);
			assert_int_equal(huge_pages(), 0);
			end();
		}
}

static void a_block_on_large_pages_is_copied(void **state)
{
	uintptr_t block, behind, to;

	(void)state;
	begin(LARGE, 2, 4 * LARGE);
	block = new_block(3 * UNIT);
	behind = new_block(UNIT);
	to = (uintptr_t)zone_remap_block(zone, block, 3 * UNIT, 5 * UNIT, true);
	assert_int_equal(to, behind + UNIT);
	check_block(to, 3 * UNIT);
	fixture_check_zero(to + 3 * UNIT, to + 5 * UNIT);
	check_block(behind, UNIT);
	assert_int_equal(huge_pages(), 1);
	fixture_check_region(&zone->region);
	/* the old place is taken by a new block, and is zero */
	assert_int_equal(zone_reserve(zone, 3 * UNIT, UNIT), block);
	assert_int_equal(zone_fill_block(zone, block, 3 * UNIT), 0);
	fixture_check_zero(block, block + 3 * UNIT);
	end();
}

/* Where a block would move to, somebody is already. */
static void a_move_does_not_step_on_foreign_memory(void **state)
{
	(void)state;
	for (size_t at = 11; at < 23; at++) {
		uintptr_t block, behind, foreign = fixture_start + at * PAGE;
		long to;

		begin(PAGE, 100, 100 * PAGE);
		block = new_block(10 * PAGE);
		behind = new_block(PAGE);
		assert_int_equal(behind, block + 10 * PAGE);
		fixture_plant_foreign(foreign, 4096);
		to = zone_remap_block(zone, block, 10 * PAGE, 12 * PAGE, true);
		assert_true(fixture_foreign_is_intact(foreign, 4096));
		check_block(to == -ENOMEM ? block : (uintptr_t)to, 10 * PAGE);
		assert_true(to != -ENOMEM || zone->used_units == 11);
		assert_true(to > 0 || to == -ENOMEM);
		/* the next try finds another place */
		if (to == -ENOMEM)
			to = zone_remap_block(zone, block, 10 * PAGE, 12 * PAGE, true);
		assert_true(to > 0);
		check_block((uintptr_t)to, 10 * PAGE);
		assert_true(fixture_foreign_is_intact(foreign, 4096));
		end();
	}
}

/* What the program altered can't be moved by us. */
static void altered_blocks_stay(void **state)
{
	uintptr_t block;

	(void)state;
	begin(PAGE, 100, 100 * PAGE);
	block = new_block(10 * PAGE);
	assert_int_equal(call_mprotect((void *)(block + 3 * PAGE), 4096, PROT_READ), 0);
	assert_int_equal(zone_remap_block(zone, block, 10 * PAGE, 12 * PAGE, true), -ENOMEM);
	check_block(block, 10 * PAGE);
	zone_release(zone, block, 10 * PAGE);
	/* a new block at its place is writable, zero and huge again */
	block = new_block(10 * PAGE);
	assert_int_equal(block, fixture_start);
	assert_int_equal(call_mprotect((void *)(block + 3 * PAGE), PAGE, PROT_READ), 0);
	assert_int_equal(zone_remap_block(zone, block, 10 * PAGE, 12 * PAGE, true), -ENOMEM);
	zone_release(zone, block, 10 * PAGE);
	assert_int_equal(huge_pages(), 0);
	fixture_check_region(&zone->region);
	end();
}

/*
 * Every call fails once while a block is made, grown, moved and freed. The block is unchanged, or
 * where the call reported it to be; everything is freed in the end.
 */
static void every_call_fails_once(void **state)
{
	static const int errors[] = {ENOMEM, EINVAL, EAGAIN, EINTR, EPERM};

	(void)state;
	for (size_t pool_pages = 0; pool_pages <= 24; pool_pages += 4)
		for (size_t i = 0; i < COUNT_OF(errors); i++)
			for (unsigned long nth = 1; nth < 30; nth++) {
				uintptr_t block, behind;
				size_t bytes = 5 * PAGE;
				long to;

				begin(PAGE, pool_pages, 100 * PAGE);
				block = new_block(5 * PAGE);
				heap.source.skip = 0;
				gate_fail(GATE_ANY, nth, errors[i]);
				to = zone_remap_block(zone, block, bytes, 8 * PAGE + 4096, false);
				assert_true(to == (long)block || to == -ENOMEM);
				if (to > 0)
					bytes = 8 * PAGE + 4096;
				check_block(block, 5 * PAGE);
				behind = zone_reserve(zone, PAGE, PAGE);
				heap.source.skip = 0;
				to = zone_remap_block(zone, block, bytes, 12 * PAGE, true);
				assert_true(to > 0 || to == -ENOMEM);
				if (to > 0) {
					assert_int_not_equal(to, block);
					block = (uintptr_t)to;
					bytes = 12 * PAGE;
				}
				check_block(block, 5 * PAGE);
				memset((void *)block, 1, bytes);
				assert_int_equal(gate_pool_violations(), 0);
				zone_release(zone, block, bytes);
				zone_release(zone, behind, PAGE);
				assert_int_equal(zone->used_units, 0);
				if (gate_calls(SYS_munmap) && nth > gate_calls(GATE_ANY))
					assert_int_equal(huge_pages(), 0);
				end();
			}
}

/* libc shrinks an arena by mapping it again without access, and opens it again by mprotect. */
static void an_arena_that_libc_closed_opens_again(void **state)
{
	uintptr_t arena;
	void *closed;

	(void)state;
	for (size_t page_bytes = PAGE; page_bytes <= LARGE; page_bytes *= LARGE / PAGE) {
		begin(page_bytes, 100, 128 * MIB);
		/* these tests are libc */
		libc_calls.text = 0;
		libc_calls.text_end = UINTPTR_MAX;
		arena = (uintptr_t)call_mmap(NULL, 64 * MIB, PROT_NONE,
					     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		assert_int_equal(arena, fixture_start);
		assert_int_equal(call_mprotect((void *)arena, 8 * MIB, PROT_READ | PROT_WRITE), 0);
		fixture_fill(arena, arena + 8 * MIB, SEED);
		closed = call_mmap((void *)(arena + 3 * MIB + 4096), 5 * MIB - 4096, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		assert_ptr_equal(closed, (void *)(arena + 3 * MIB + 4096));
		gate_pool_forget(arena + 3 * MIB + PAGE, 5 * MIB - PAGE);
		fixture_check_filled(arena, arena + 3 * MIB + 4096, SEED);
		for (size_t open = 3 * MIB + 4096; open < 12 * MIB; open += MIB) {
			assert_int_equal(
				call_mprotect((void *)(arena + open), MIB, PROT_READ | PROT_WRITE),
				0);
			fixture_check_zero(arena + open, arena + open + MIB);
			fixture_fill(arena + open, arena + open + MIB, SEED);
		}
		fixture_check_filled(arena, arena + 12 * MIB, SEED);
		assert_int_equal(call_munmap((void *)arena, 64 * MIB), 0);
		assert_int_equal(huge_pages(), 0);
		assert_int_equal(zone->used_units, 0);
		end();
	}
}

/* libc's own mremap comes with four arguments: the fifth is whatever the register held. */
static void mremap_of_libc_has_no_fifth_argument(void **state)
{
	static const uintptr_t garbage[] = {0, 1, 4096, UINTPTR_MAX, 0x12345678};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(garbage); i++) {
		void *block, *grown;

		begin(PAGE, 100, 100 * PAGE);
		libc_calls.text = 0;
		libc_calls.text_end = UINTPTR_MAX;
		block = call_mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_equal(block, (void *)fixture_start);
		fill_block((uintptr_t)block, 5 * PAGE);
		grown = call_mremap(block, 5 * PAGE, 9 * PAGE, MREMAP_MAYMOVE, (void *)garbage[i]);
		assert_ptr_equal(grown, block);
		assert_int_equal(zone->used_units, 9);
		check_block((uintptr_t)grown, 5 * PAGE);
		fixture_check_region(&zone->region);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(reservations_are_aligned_and_apart),
		FIXTURE_TEST(an_arena_opens_in_steps),
		FIXTURE_TEST(arenas_share_large_pages),
		FIXTURE_TEST(the_second_half_goes),
		FIXTURE_TEST(blocks_and_their_tails),
		FIXTURE_TEST(foreign_memory_at_a_tail),
		FIXTURE_TEST(a_block_grows_where_it_is),
		FIXTURE_TEST(a_small_tail_does_not_stay_in_the_middle),
		FIXTURE_TEST(a_block_moves),
		FIXTURE_TEST(a_block_on_large_pages_is_copied),
		FIXTURE_TEST(a_move_does_not_step_on_foreign_memory),
		FIXTURE_TEST(altered_blocks_stay),
		FIXTURE_TEST(every_call_fails_once),
		FIXTURE_TEST(an_arena_that_libc_closed_opens_again),
		FIXTURE_TEST(mremap_of_libc_has_no_fifth_argument),
	};

	return cmocka_run_group_tests_name("arenas", tests, NULL, NULL);
}
