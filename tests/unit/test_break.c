/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The break agrees with a simple model after random moves. Memory below the break keeps its
 * content, memory it passes is zero, and a failure changes nothing.
 *
 * All that the break has passed is filled with words that follow from their addresses, so whatever
 * comes back dirty, moved or lost shows itself.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "calls/mmap.h"
#include "calls/state.h"
#include "fixture.h"
#include "heap/heap.h"
#include "heap/owner.h"
#include "region/registry.h"

#define BASE 4096ul
#define SEED 7
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static struct heap_break *const morecore = &heap.main;
static uintptr_t limit;

/* The process's heap, but nothing of it redirected: the tests call what the entries would. */
static void begin(size_t page_bytes, size_t pool_pages, size_t region_pages, bool shrink)
{
	fixture_begin_heap(page_bytes, pool_pages);
	heap.shrink = shrink;
	limit = fixture_start + region_pages * page_bytes;
	assert_int_equal(break_start(morecore, fixture_start, limit, &heap.source, shrink), 0);
	assert_int_equal(heap_owner_begin(), 0);
}

static void end(void)
{
	fixture_end_heap(&morecore->region);
}

static uintptr_t now(void)
{
	return (uintptr_t)break_sbrk(morecore, 0);
}

/* Grows as told, finds zero, and leaves it filled. */
static void grow(size_t bytes)
{
	uintptr_t before = now();

	assert_int_equal(break_sbrk(morecore, (intptr_t)bytes), before);
	assert_int_equal(now(), before + bytes);
	fixture_check_zero(before, before + bytes);
	fixture_fill(before, before + bytes, SEED);
}

static void shrink(size_t bytes)
{
	uintptr_t before = now();

	assert_int_equal(break_sbrk(morecore, -(intptr_t)bytes), before);
	assert_int_equal(now(), before - bytes);
}

static void check_below(void)
{
	fixture_check_filled(fixture_start, now(), SEED);
}

static void new_heap_makes_no_call(void **state)
{
	(void)state;
	begin(64 * KIB, 10, 20, false);
	assert_int_equal(now(), fixture_start);
	assert_int_equal(gate_calls(GATE_ANY), 1);
	assert_int_equal(break_brk(morecore, fixture_start), 0);
	assert_int_equal(break_brk(morecore, fixture_start - 1), -ENOMEM);
	/* as libc's: the break stays, and there is no error */
	assert_int_equal(break_sbrk(morecore, -1), fixture_start);
	assert_int_equal(now(), fixture_start);
	assert_int_equal(gate_calls(GATE_ANY), 1);
	end();
}

static void pages_at_hand_cost_no_call(void **state)
{
	unsigned long calls;

	(void)state;
	begin(64 * KIB, 10, 20, false);
	grow(1000);
	calls = gate_calls(GATE_ANY);
	for (int i = 0; i < 30; i++)
		grow(2000);
	assert_int_equal(gate_calls(GATE_ANY), calls);
	check_below();
	end();
}

static void limits(void **state)
{
	static const intptr_t impossible[] = {INTPTR_MAX, INTPTR_MIN, INTPTR_MIN + 1};

	(void)state;
	begin(64 * KIB, 10, 10, false);
	grow(9 * 64 * KIB + 8);
	for (size_t i = 0; i < COUNT_OF(impossible); i++)
		assert_int_equal(break_sbrk(morecore, impossible[i]), -ENOMEM);
	assert_int_equal(break_sbrk(morecore, -(intptr_t)MIB), now());
	assert_int_equal(break_sbrk(morecore, 64 * KIB - 7), -ENOMEM);
	assert_int_equal(break_brk(morecore, limit + 1), -ENOMEM);
	assert_int_equal(break_brk(morecore, UINTPTR_MAX), -ENOMEM);
	assert_int_equal(now(), fixture_start + 9 * 64 * KIB + 8);
	check_below();
	grow(64 * KIB - 8);
	assert_int_equal(now(), limit);
	assert_int_equal(break_sbrk(morecore, 1), -ENOMEM);
	check_below();
	shrink(10 * 64 * KIB);
	grow(10 * 64 * KIB);
	end();
}

/* An odd break: the byte in front of it stays, the one behind it is zero again. */
static void odd_breaks(void **state)
{
	(void)state;
	for (int with_shrink = 0; with_shrink < 2; with_shrink++) {
		begin(64 * KIB, 10, 20, with_shrink);
		assert_int_equal(break_sbrk(morecore, 3 * 64 * KIB + 5), fixture_start);
		memset((void *)fixture_start, 0xaa, 3 * 64 * KIB + 5);
		for (size_t bytes = 1; bytes < 3 * 64 * KIB; bytes = bytes * 3 + 1) {
			unsigned char *at = (unsigned char *)now() - bytes;

			assert_true(break_sbrk(morecore, -(intptr_t)bytes) > 0);
			assert_int_equal(break_sbrk(morecore, (intptr_t)bytes), at);
			assert_int_equal(at[-1], 0xaa);
			for (size_t i = 0; i < bytes; i++)
				assert_int_equal(at[i], 0);
			memset(at, 0xaa, bytes);
		}
		end();
	}
}

static void shrinking_gives_pages_back(void **state)
{
	(void)state;
	begin(64 * KIB, 100, 100, true);
	grow(50 * 64 * KIB);
	assert_true(gate_pool_mapped(fixture_start, FIXTURE_BYTES) >= 50);
	shrink(30 * 64 * KIB);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 20);
	fixture_check_region(&morecore->region);
	shrink(20 * 64 * KIB - 8);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 1);
	shrink(8);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 0);
	grow(50 * 64 * KIB);
	end();
	/* without being asked to, it keeps them */
	begin(64 * KIB, 100, 100, false);
	grow(50 * 64 * KIB);
	shrink(50 * 64 * KIB);
	assert_true(gate_pool_mapped(fixture_start, FIXTURE_BYTES) >= 50);
	grow(50 * 64 * KIB);
	end();
}

/* The break fails at each call in turn, and works right after. */
static void every_call_fails_once(void **state)
{
	static const int errors[] = {ENOMEM, EAGAIN, EINTR, EPERM};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++)
		for (unsigned long nth = 1; nth <= 12; nth++) {
			begin(64 * KIB, 20, 100, true);
			grow(10 * 64 * KIB);
			gate_fail(GATE_ANY, nth, errors[i]);
			for (int step = 0; step < 6; step++) {
				uintptr_t before = now();
				long result = break_sbrk(morecore, 8 * 64 * KIB);

				assert_true(result == (long)before || result == -ENOMEM);
				assert_int_equal(now(),
						 result < 0 ? before : before + 8 * 64 * KIB);
				fixture_check_zero(before, now());
				fixture_fill(before, now(), SEED);
				check_below();
				if (step % 2)
					shrink(4 * 64 * KIB);
			}
			end();
		}
}

/* As the program would by mprotect, through the redirected entry. */
static void protect(uintptr_t page, int rights)
{
	assert_int_equal(call_mprotect((void *)page, BASE, rights), 0);
}

/*
 * The break goes below a page that the program took the rights of, and comes back: readable,
 * writable and zero, as after the kernel's brk.
 */
static void altered_memory_comes_back_new(void **state)
{
	static const size_t page_sizes[] = {64 * KIB, 2 * MIB, 4 * MIB};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(page_sizes); i++)
		for (size_t pool_pages = 0; pool_pages <= 10; pool_pages += 5)
			for (int with_shrink = 0; with_shrink < 2; with_shrink++) {
				size_t page_bytes = page_sizes[i];

				begin(page_bytes, pool_pages, 20, with_shrink);
				grow(8 * page_bytes);
				for (size_t at = 8 * page_bytes - BASE; at > BASE;
				     at -=
				     at > page_bytes + 3 * BASE ? page_bytes + 3 * BASE : at) {
					protect(fixture_start + at, PROT_NONE);
					shrink(now() - fixture_start - at);
					check_below();
					grow(BASE / 2);
					grow(6 * page_bytes);
					check_below();
					shrink(now() - fixture_start - at);
				}
				end();
			}
}

/* Units of a page that never was huge: what lies below the altered one is lost with it, or kept. */
static void altered_unit_of_a_large_page(void **state)
{
	(void)state;
	for (int with_shrink = 0; with_shrink < 2; with_shrink++) {
		begin(32 * MIB, 0, 2, with_shrink);
		grow(20 * MIB);
		protect(fixture_start + 10 * MIB, PROT_NONE);
		shrink(18 * MIB);
		check_below();
		grow(4 * MIB);
		grow(14 * MIB);
		check_below();
		end();
	}
}

/* The break stands within a page that the program may not write to: growing must not write there.
 */
static void break_within_a_protected_page(void **state)
{
	static const int rights[] = {PROT_NONE, PROT_READ};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rights); i++) {
		begin(64 * KIB, 10, 20, false);
		grow(3 * BASE);
		protect(fixture_start + 2 * BASE, rights[i]);
		shrink(BASE / 2);
		assert_int_equal(break_sbrk(morecore, BASE), fixture_start + 3 * BASE - BASE / 2);
		fixture_check_zero(fixture_start + 3 * BASE, now());
		protect(fixture_start + 2 * BASE, PROT_READ | PROT_WRITE);
		fixture_check_filled(fixture_start, fixture_start + 3 * BASE - BASE / 2, SEED);
		end();
	}
}

/* The page under the break is mapped again, by a call that a signal interrupts. */
static void an_interrupted_call_does_not_stop_the_break(void **state)
{
	(void)state;
	begin(64 * KIB, 10, 20, false);
	grow(3 * BASE);
	protect(fixture_start + 2 * BASE, PROT_READ);
	protect(fixture_start + 2 * BASE, PROT_READ | PROT_WRITE);
	shrink(BASE / 2);
	gate_fail(SYS_madvise, 1, EINTR);
	grow(BASE);
	end();
}

static void random_moves(size_t page_bytes, size_t pool_pages, size_t region_pages, size_t most,
			 bool with_shrink, uint64_t random)
{
	begin(page_bytes, pool_pages, region_pages, with_shrink);
	for (int step = 0; step < 150; step++) {
		uintptr_t before = now();
		size_t used = before - fixture_start;
		size_t bytes = fixture_random(&random) % most & ~7ul;
		uintptr_t guard;
		long result;

		if (fixture_random(&random) % 4 == 0)
			gate_fail(GATE_ANY, 1 + fixture_random(&random) % 2, ENOMEM);
		switch (fixture_random(&random) % 5) {
		case 0:
		case 1:
		case 2:
			result = break_sbrk(morecore, (intptr_t)bytes);
			assert_true(result == (long)before || result == -ENOMEM);
			assert_int_equal(now(), result < 0 ? before : before + bytes);
			fixture_check_zero(before, now());
			fixture_fill(before, now(), SEED);
			break;
		case 3:
			shrink(bytes < used ? bytes : used);
			break;
		case 4:
			gate_fail(GATE_ANY, 0, 0);
			if (used < 4 * BASE)
				break;
			guard = fixture_start +
				(fixture_random(&random) % (used - 2 * BASE) & ~(BASE - 1));
			protect(guard, PROT_NONE);
			if (fixture_random(&random) % 2)
				assert_int_equal(break_brk(morecore, guard), 0);
			else
				protect(guard, PROT_READ | PROT_WRITE);
			break;
		}
		gate_fail(GATE_ANY, 0, 0);
		assert_int_equal(gate_pool_violations(), 0);
		if (step % 8 == 0)
			check_below();
	}
	check_below();
	end();
}

static void random_moves_against_the_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++)
		for (int with_shrink = 0; with_shrink < 2; with_shrink++) {
			random_moves(64 * KIB, 100, 200, 400 * KIB, with_shrink, seed);
			random_moves(64 * KIB, 20, 200, 400 * KIB, with_shrink, seed);
			random_moves(64 * KIB, 0, 200, 400 * KIB, with_shrink, seed);
			random_moves(4 * MIB, 4, 8, 3 * MIB, with_shrink, seed);
			random_moves(32 * MIB, 1, 2, 5 * MIB, with_shrink, seed);
		}
}

/* Somebody maps in front of the break: the heap goes on above that, and leaves it alone. */
static void foreign_memory_is_stepped_over(void **state)
{
	uintptr_t foreign = fixture_start + 10 * 64 * KIB;
	long elsewhere;

	(void)state;
	begin(64 * KIB, 100, 100, true);
	grow(5 * 64 * KIB);
	fixture_plant_foreign(foreign, 64 * KIB);
	elsewhere = break_sbrk(morecore, 20 * 64 * KIB);
	assert_true((uintptr_t)elsewhere >= foreign + 64 * KIB);
	assert_int_equal(now(), (uintptr_t)elsewhere + 20 * 64 * KIB);
	memset((void *)elsewhere, 1, 20 * 64 * KIB);
	assert_true(fixture_foreign_is_intact(foreign, 64 * KIB));
	end();
}

/* brk() names an address: there the heap cannot go on, and it stays where it is. */
static void foreign_memory_stops_brk(void **state)
{
	uintptr_t foreign = fixture_start + 10 * 64 * KIB;

	(void)state;
	begin(64 * KIB, 100, 100, true);
	grow(5 * 64 * KIB);
	fixture_plant_foreign(foreign, 64 * KIB);
	assert_int_equal(break_brk(morecore, fixture_start + 20 * 64 * KIB), -ENOMEM);
	assert_int_equal(now(), fixture_start + 5 * 64 * KIB);
	assert_true(fixture_foreign_is_intact(foreign, 64 * KIB));
	end();
}

/* HUGETLB_MORECORE=auto: a sixteenth stays for the next growth, unless others need it. */
static void spare_pages_are_returned_to_an_empty_pool(void **state)
{
	static const char *const files[] = {POOL "free_hugepages", POOL "resv_hugepages",
					    POOL "surplus_hugepages",
					    POOL "nr_overcommit_hugepages"};
	const size_t page_bytes = 2ul << 20;

	(void)state;
	for (int empty = 0; empty < 2; empty++) {
		begin(page_bytes, 100, 64, false);
		morecore->adaptive = true;
		morecore->base_start = fixture_start;
		gate_hide_system();
		for (size_t i = 0; i < COUNT_OF(files); i++)
			gate_file(files[i], i || empty ? "0\n" : "7\n");
		grow(32 * page_bytes);
		shrink(4 * page_bytes);
		assert_int_equal(morecore->mapped_end - fixture_start,
				 (empty ? 28 : 29) * page_bytes);
		end();
		nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
	}
}

static int choices;

static void choose_rest(void)
{
	morecore->choose_rest = NULL;
	morecore->later_limit = limit;
	choices++;
}

/* A heap whose first part of address space has four pages, of 40 in all. */
static void begin_narrow(unsigned char *states, size_t state_bytes)
{
	fixture_begin_heap(64 * KIB, 40);
	limit = fixture_start + 40 * 64 * KIB;
	memset(states, 0, state_bytes);
	break_start_in(morecore, fixture_start, fixture_start + 4 * 64 * KIB, &heap.source, false,
		       states);
	morecore->choose_rest = choose_rest;
	choices = 0;
	assert_int_equal(heap_owner_begin(), 0);
}

/* The rest of the address space is chosen once the first part is full; what lies in it stays, and
 * so does what is known of it. */
static void first_part_is_widened(void **state)
{
	static _Alignas(8) unsigned char states[4 * 3];
	int result = -1;

	(void)state;
	begin_narrow(states, sizeof(states));
	grow(3 * 64 * KIB);
	assert_int_equal(choices, 0);
	grow(10 * 64 * KIB);
	assert_int_equal(choices, 1);
	check_below();
	for (uintptr_t at = fixture_start; at < now(); at += 64 * KIB) {
		assert_ptr_equal(registry_at(at), &morecore->region);
		assert_true(region_huge_at(&morecore->region, at));
		assert_true(morecore->region.units[region_unit(&morecore->region, at)] & UNIT_USED);
	}
	grow(limit - now());
	assert_int_equal(break_sbrk(morecore, 1), -ENOMEM);
	check_below();
	shrink(40 * 64 * KIB);
	grow(40 * 64 * KIB);
	assert_int_equal(choices, 1);
	end();

	/* no memory for the states: the growth fails, and the next one tries again */
	begin_narrow(states, sizeof(states));
	grow(4 * 64 * KIB);
	gate_fail(SYS_mmap, 1, ENOMEM);
	assert_int_equal(break_sbrk(morecore, 64 * KIB), -ENOMEM);
	check_below();
	grow(64 * KIB);
	assert_int_equal(choices, 1);
	check_below();
	end();

	/* brk far above it */
	begin_narrow(states, sizeof(states));
	assert_true(libc_calls.own_break->brk(limit - 8, &result));
	assert_int_equal(result, 0);
	assert_int_equal(now(), limit - 8);
	assert_false(libc_calls.own_break->brk(limit + 64 * KIB, &result));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(new_heap_makes_no_call),
		FIXTURE_TEST(pages_at_hand_cost_no_call),
		FIXTURE_TEST(limits),
		FIXTURE_TEST(first_part_is_widened),
		FIXTURE_TEST(odd_breaks),
		FIXTURE_TEST(shrinking_gives_pages_back),
		FIXTURE_TEST(every_call_fails_once),
		FIXTURE_TEST(altered_memory_comes_back_new),
		FIXTURE_TEST(altered_unit_of_a_large_page),
		FIXTURE_TEST(break_within_a_protected_page),
		FIXTURE_TEST(an_interrupted_call_does_not_stop_the_break),
		FIXTURE_TEST(random_moves_against_the_model),
		FIXTURE_TEST(foreign_memory_is_stepped_over),
		FIXTURE_TEST(foreign_memory_stops_brk),
		FIXTURE_TEST(spare_pages_are_returned_to_an_empty_pool),
	};

	return cmocka_run_group_tests_name("morecore", tests, NULL, NULL);
}
