/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The addresses of the heap's regions: holes in a maps file, and properties of the choice over the
 * layouts that processes have.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/sys.h"
#include "heap/space.h"
#include "unit.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define TIB ((uint64_t)1 << 40)

/* An address that a 32-bit library never meets, nor the tests that use it. */
#define HIGH(address) ((uintptr_t)address##ull)

#define IS_64_BIT (sizeof(void *) == 8)

struct layout {
	const char *name;
	uintptr_t first_break;
	const char *maps;
};

/* clang-format off */
static const struct layout pie = {
	"PIE", HIGH(0x555555579000),
	"555555554000-555555556000 r--p 00000000 fe:00 1048 /usr/bin/cat\n"
	"555555556000-55555555b000 r-xp 00002000 fe:00 1048 /usr/bin/cat\n"
	"55555555b000-55555555e000 rw-p 00000000 00:00 0\n"
	"55555555e000-555555579000 rw-p 00000000 00:00 0 [heap]\n"
	"7ffff7d86000-7ffff7d89000 rw-p 00000000 00:00 0\n"
	"7ffff7d89000-7ffff7daf000 r--p 00000000 fe:00 2099 /usr/lib/libc.so.6\n"
	"7ffff7ff0000-7ffff7fff000 rw-p 00034000 fe:00 2095 /usr/lib/ld-linux-x86-64.so.2\n"
	"7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n",
};

static const struct layout not_pie = {
	"not PIE", 0x4c7000,
	"00400000-00401000 r--p 00000000 fe:00 1048 /tmp/a.out\n"
	"00401000-00496000 r-xp 00001000 fe:00 1048 /tmp/a.out\n"
	"004c0000-004c7000 rw-p 00000000 00:00 0 \n"
	"004c7000-004e9000 rw-p 00000000 00:00 0 [heap]\n"
	"7f0000000000-7f0000021000 rw-p 00000000 00:00 0 \n"
	"7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0 [stack]\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n",
};

/* An unlimited stack: mappings grow upwards from the first third. */
static const struct layout legacy = {
	"legacy", HIGH(0x555555579000),
	"2aaaaaaab000-2aaaaaad2000 r--p 00000000 fe:00 2099 /usr/lib/libc.so.6\n"
	"2aaaaaf00000-2aaaab000000 rw-p 00000000 00:00 0\n"
	"555555554000-55555555e000 r-xp 00000000 fe:00 1048 /usr/bin/cat\n"
	"55555555e000-555555579000 rw-p 00000000 00:00 0 [heap]\n"
	"7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\n",
};

/* Something close above the break, as a strange loader leaves it. */
static const struct layout crowded = {
	"crowded", 0x4c7000,
	"00400000-004c7000 r-xp 00000000 fe:00 1048 /tmp/a.out\n"
	"00500000-00600000 rw-p 00000000 00:00 0\n"
	"00700000-00800000 rw-p 00000000 00:00 0\n"
	"7f0000000000-7f0000021000 rw-p 00000000 00:00 0\n"
	"7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0 [stack]\n",
};

static const struct layout of_32_bits = {
	"32 bits", 0x5655a000,
	"56555000-56559000 r-xp 00000000 fe:00 1048 /tmp/a.out\n"
	"56559000-5655a000 rw-p 00003000 fe:00 1048 /tmp/a.out\n"
	"f7d00000-f7f00000 r-xp 00000000 fe:00 1050 /lib32/libc.so.6\n"
	"fffdd000-ffffe000 rw-p 00000000 00:00 0 [stack]\n",
};
/* clang-format on */

static const struct layout *const layouts[] = {&pie, &not_pie, &legacy, &crowded, &of_32_bits};

static const size_t page_sizes[] = {
	(size_t)64 << 10, (size_t)2 << 20, (size_t)32 << 20, (size_t)512 << 20, (size_t)1 << 30,
};

static struct holes take(const struct layout *layout)
{
	struct holes holes;

	gate_hide_system();
	gate_file("/proc/self/maps", layout->maps);
	assert_int_equal(holes_read(&holes, layout->first_break), 0);
	gate_reset();
	return holes;
}

/* Addresses above 4G are nothing that a 32-bit library can meet. */
static void skip_without_64_bits(void)
{
	if (!IS_64_BIT)
		skip();
}

static void holes_are_found(void **state)
{
	struct holes space;

	(void)state;
	space = take(&of_32_bits);
	assert_int_equal(space.first_start, 0x5655a000);
	assert_int_equal(space.first_end, 0xf7d00000);
	assert_int_equal(space.largest_start, 0x5655a000);
	skip_without_64_bits();
	space = take(&pie);
	assert_int_equal(space.first_start, HIGH(0x555555579000));
	assert_int_equal(space.first_end, HIGH(0x7ffff7d86000));
	assert_int_equal(space.largest_end, HIGH(0x7ffff7d86000));
	space = take(&not_pie);
	assert_int_equal(space.first_start, 0x4e9000);
	assert_int_equal(space.first_end, HIGH(0x7f0000000000));
	space = take(&legacy);
	assert_int_equal(space.first_start, HIGH(0x555555579000));
	assert_int_equal(space.first_end, HIGH(0x7ffffffde000));
	space = take(&crowded);
	assert_int_equal(space.first_start, 0x4c7000);
	assert_int_equal(space.first_end, 0x500000);
	assert_int_equal(space.largest_start, 0x800000);
	assert_int_equal(space.largest_end, HIGH(0x7f0000000000));
}

/* A break within a mapping, at its end, and behind everything. */
static void holes_count_from_above(void **state)
{
	static const char maps[] = "1000-3000 rw-p 0 00:00 0\n5000-6000 rw-p 0 00:00 0\n"
				   "9000-a000 rw-p 0 00:00 0\n";
	static const struct {
		uintptr_t above, start, end;
	} rows[] = {
		{0x2000, 0x3000, 0x5000}, {0x3000, 0x3000, 0x5000}, {0x4000, 0x4000, 0x5000},
		{0x5000, 0x6000, 0x9000}, {0x9000, 0, 0},
	};

	(void)state;
	gate_hide_system();
	gate_file("/proc/self/maps", maps);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct holes holes;

		assert_int_equal(holes_read(&holes, rows[i].above), rows[i].end ? 0 : -ENOENT);
		assert_int_equal(holes.first_start, rows[i].start);
		assert_int_equal(holes.first_end, rows[i].end);
	}
}

static void assert_within(uintptr_t from, uintptr_t to, const struct holes *space)
{
	bool in_hole = from >= space->first_start && to <= space->first_end;
	bool in_largest = from >= space->largest_start && to <= space->largest_end;

	assert_true(from < to);
	assert_true(in_hole || in_largest);
}

/* What holds for every plan, whatever it was made from. */
static void assert_plan(const struct space_plan *plan, const struct holes *space, size_t page_bytes)
{
	assert_int_equal(plan->main_start % page_bytes, 0);
	assert_int_equal(plan->main_limit % page_bytes, 0);
	assert_within(plan->main_start, plan->main_limit, space);
	if (!plan->zone_start) {
		assert_int_equal(plan->zone_limit, 0);
		return;
	}
	assert_int_equal(plan->zone_start % page_bytes, 0);
	assert_int_equal(plan->zone_start % (64 * MIB), 0);
	assert_int_equal(plan->zone_limit % page_bytes, 0);
	assert_within(plan->zone_start, plan->zone_limit, space);
	assert_within(plan->main_start, plan->zone_limit, space);
	assert_true(plan->main_limit <= plan->zone_start);
	assert_true(plan->zone_limit - plan->zone_start >= 32 * GIB);
}

static void every_layout_with_every_page_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(layouts); i++) {
		struct holes space;

		if (!IS_64_BIT && layouts[i] != &of_32_bits)
			continue;
		space = take(layouts[i]);
		for (size_t j = 0; j < COUNT_OF(page_sizes); j++) {
			struct space_plan plan;
			int failed;

			failed = space_choose(&space, page_sizes[j], 24 * GIB, 0, 0, &plan);
			/* 32 bits leave no two whole pages of 1G. */
			if (layouts[i] == &of_32_bits && page_sizes[j] == GIB) {
				assert_int_equal(failed, -ENOMEM);
				continue;
			}
			assert_int_equal(failed, 0);
			assert_plan(&plan, &space, page_sizes[j]);
			assert_int_equal(!plan.zone_start, layouts[i] == &of_32_bits);
		}
	}
}

/* Little or much memory: both regions hold it. */
static void regions_hold_the_memory(void **state)
{
	struct holes space;

	(void)state;
	skip_without_64_bits();
	space = take(&pie);
	for (uint64_t memory = MIB; memory <= 4 * TIB; memory *= 2) {
		struct space_plan plan;

		assert_int_equal(space_choose(&space, 2 * MIB, memory, 0, 0, &plan), 0);
		assert_plan(&plan, &space, 2 * MIB);
		assert_true(plan.main_limit - plan.main_start >= memory);
		assert_true(plan.zone_limit - plan.zone_start >= memory);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 20;
}

/* A hole at any place, of any size; a largest one that is the same or lies above. */
static void generated_holes(void **state)
{
	uint64_t random = 1;
	unsigned int plans = 0, refusals = 0;

	(void)state;
	skip_without_64_bits();
	for (unsigned int i = 0; i < 200000; i++) {
		size_t page_bytes = page_sizes[next_random(&random) % COUNT_OF(page_sizes)];
		uint64_t memory = MIB << next_random(&random) % 24;
		uint64_t size = next_random(&random) & ((1ull << next_random(&random) % 46) - 1) &
				~0xfffull;
		uint64_t more = next_random(&random) & ((1ull << next_random(&random) % 45) - 1) &
				~0xfffull;
		uintptr_t wanted =
			next_random(&random) % 3 ? 0 : next_random(&random) & ((1ull << 47) - 1);
		struct holes space;
		struct space_plan plan;
		int failed;

		space.first_start = space.largest_start =
			next_random(&random) & ((1ull << 46) - 1) & ~0xfffull;
		space.first_end = space.largest_end = space.first_start + size;
		if (more > size) {
			space.largest_start = space.first_end + 0x1000;
			space.largest_end = space.largest_start + more;
		}
		failed = space_choose(&space, page_bytes, memory, wanted, 0, &plan);
		if (!failed) {
			assert_plan(&plan, &space, page_bytes);
			if (wanted)
				assert_true(plan.main_start >= wanted &&
					    plan.main_start - wanted < page_bytes);
			plans++;
			continue;
		}
		refusals++;
		assert_true(failed == -ENOMEM || failed == -EINVAL);
		/* Refused without a wish only where even the largest hole holds no two whole pages.
		 */
		if (!wanted)
			assert_true(space.largest_end - space.largest_start < 3 * page_bytes);
	}
	assert_true(plans > 50000 && refusals > 10000);
}

static void wanted_base(void **state)
{
	struct holes space;
	struct space_plan plan;

	(void)state;
	skip_without_64_bits();
	space = take(&crowded);
	/* in the hole above everything, on a page and between two */
	assert_int_equal(space_choose(&space, 2 * MIB, GIB, HIGH(0x100000000), 0, &plan), 0);
	assert_int_equal(plan.main_start, HIGH(0x100000000));
	assert_plan(&plan, &space, 2 * MIB);
	assert_int_equal(space_choose(&space, 2 * MIB, GIB, HIGH(0x100000001), 0, &plan), 0);
	assert_int_equal(plan.main_start, HIGH(0x100200000));
	/* in use, below the break, at the very end, beyond it, and rounding to nothing */
	assert_int_equal(space_choose(&space, 2 * MIB, GIB, HIGH(0x7f0000000000), 0, &plan),
			 -EINVAL);
	assert_int_equal(space_choose(&space, 2 * MIB, GIB, 0x400000, 0, &plan), -EINVAL);
	assert_int_equal(space_choose(&space, 2 * MIB, GIB, HIGH(0x7effffffffff), 0, &plan),
			 -EINVAL);
	assert_int_equal(space_choose(&space, 2 * MIB, GIB, HIGH(0x7ffe10000000), 0, &plan),
			 -EINVAL);
	assert_int_equal(space_choose(&space, 2 * MIB, GIB, UINTPTR_MAX, 0, &plan), -EINVAL);
	/* at the very start of the hole above the break, which is not the largest one */
	space.first_start = 0x40000000;
	space.first_end = 0x80000000;
	space.largest_start = HIGH(0x100000000);
	space.largest_end = HIGH(0x7f0000000000);
	assert_int_equal(space_choose(&space, 2 * MIB, GIB, 0x40000000, 0, &plan), 0);
	assert_int_equal(plan.main_start, 0x40000000);
	assert_true(plan.main_limit <= 0x80000000);
}

static void no_hole_no_plan(void **state)
{
	struct holes space = {0};
	struct space_plan plan;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(page_sizes); i++) {
		assert_int_equal(space_choose(&space, page_sizes[i], GIB, 0, 0, &plan), -ENOMEM);
		assert_int_equal(space_choose(&space, page_sizes[i], GIB, 0x100000, 0, &plan),
				 -EINVAL);
	}
}

/* The first hole is big enough against the largest, but its edges leave no two whole pages. */
static void a_hole_without_whole_pages_is_not_used(void **state)
{
	struct holes space = {
		.first_start = 0x40001000,
		.first_end = 0x40001000 + 0x30000000,
		.largest_start = 0x80000000,
		.largest_end = 0xf0000000,
	};
	struct space_plan plan;

	(void)state;
	assert_int_equal(space_choose(&space, (size_t)512 << 20, GIB, 0, 0, &plan), 0);
	assert_int_equal(plan.main_start, 0x80000000);
}

static void reads_its_own_maps(void **state)
{
	struct holes holes;
	unsigned long calls;

	(void)state;
	assert_int_equal(holes_read(&holes, (uintptr_t)sys_brk(0)), 0);
	assert_true(holes.first_start < holes.first_end);
	assert_true(holes.largest_end - holes.largest_start >= holes.first_end - holes.first_start);
	calls = gate_calls(GATE_ANY);
	/* brk, and whatever fails: an error, or the same answer, by another way */
	for (unsigned long nth = 1; nth < calls; nth++) {
		struct holes other = {0};
		int failed;

		gate_reset();
		gate_fail(GATE_ANY, nth, EINTR);
		failed = holes_read(&other, holes.first_start);
		assert_true(failed == -EINTR || (!failed && other.first_end == holes.first_end));
	}
}

/* Without /proc: something above, and below all that is known to be there. */
static void holes_are_guessed(void **state)
{
	const uintptr_t above = (uintptr_t)sys_brk(0);
	struct holes holes;

	(void)state;
	gate_hide_system();
	assert_int_equal(holes_read(&holes, 0), -ENOENT);
	holes_find(&holes, above);
	assert_int_equal(holes.first_start, above);
	assert_int_equal(holes.largest_start, above);
	assert_true(holes.first_end > above && holes.first_end < (uintptr_t)&holes);
	assert_int_equal(holes.largest_end, holes.first_end);
	gate_file("/proc/self/maps", "");
	assert_int_equal(holes_read(&holes, 0), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(holes_are_found),
		UNIT_TEST(holes_count_from_above),
		UNIT_TEST(every_layout_with_every_page_size),
		UNIT_TEST(regions_hold_the_memory),
		UNIT_TEST(generated_holes),
		UNIT_TEST(wanted_base),
		UNIT_TEST(no_hole_no_plan),
		UNIT_TEST(a_hole_without_whole_pages_is_not_used),
		UNIT_TEST(reads_its_own_maps),
		UNIT_TEST(holes_are_guessed),
	};

	return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
