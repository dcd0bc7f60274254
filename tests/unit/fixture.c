/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fixture of tests on regions: see fixture.h.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "calls/start.h"
#include "fixture.h"
#include "heap/heap.h"
#include "heap/owner.h"
#include "region/process.h"
#include "region/split.h"

#define BASE 4096ul

uintptr_t fixture_start;

int fixture_setup(void **state)
{
	const size_t boundary = 64 * MIB;
	void *found = mmap(NULL, FIXTURE_BYTES + boundary, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	gate_reset();
	if (found == MAP_FAILED)
		return -1;
	fixture_start = ((uintptr_t)found + boundary - 1) & ~(boundary - 1);
	return munmap(found, FIXTURE_BYTES + boundary);
}

void fixture_forget(void)
{
	memset(&heap, 0, sizeof(heap));
	memset(&libc_calls, 0, sizeof(libc_calls));
	process_base_bytes = 0;
	process_libc_single_threaded = NULL;
	sys_sandboxed = false;
	split_count = 0;
}

int fixture_release(void **state)
{
	(void)state;
	gate_reset();
	fixture_forget();
	return munmap((void *)fixture_start, FIXTURE_BYTES);
}

void fixture_pool(size_t page_bytes, size_t pages)
{
	const struct gate_pool pool = {
		.page_bytes = page_bytes,
		.pages = pages,
		.populate_limit = SIZE_MAX,
		.populate_error = EFAULT,
	};

	gate_pool(&pool);
}

struct source fixture_source(size_t page_bytes)
{
	return (struct source){
		.page_bytes = page_bytes,
		.hugetlb = true,
		.thp = true,
		.reserve = true,
		.populate = true,
		.populate_write = true,
	};
}

void fixture_begin_heap(size_t page_bytes, size_t pool_pages)
{
	gate_reset();
	gate_catch_stderr();
	fixture_pool(page_bytes, pool_pages);
	fixture_forget();
	heap.source = fixture_source(page_bytes);
	process_base_bytes = BASE;
}

void fixture_end_heap(struct region *region)
{
	assert_int_equal(gate_pool_violations(), 0);
	heap_owner_end();
	region_drop(region);
	assert_int_equal(munmap((void *)fixture_start, FIXTURE_BYTES), 0);
}

uint64_t fixture_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

bool fixture_is_mapped(uintptr_t address)
{
	unsigned char resident;

	return !sys_pass(SYS_mincore, (long)address, 1, (long)&resident, 0, 0, 0);
}

void fixture_plant_foreign(uintptr_t address, size_t bytes)
{
	assert_ptr_equal(mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
			 (void *)address);
	fixture_fill(address, address + bytes, ~address);
}

bool fixture_foreign_is_intact(uintptr_t address, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += BASE)
		if (!fixture_is_mapped(address + at))
			return false;
	fixture_check_filled(address, address + bytes, ~address);
	return true;
}

static void check_unit(const struct region *region, size_t unit)
{
	unsigned char state = region->units[unit];
	uintptr_t address = region_unit_address(region, unit);
	uintptr_t last = address + region->unit_bytes - BASE;
	bool mapped = fixture_is_mapped(address);

	/* The program's business and other people's memory is the kernel's alone to know. */
	if (state & (UNIT_ALTERED | UNIT_FOREIGN))
		return;
	if (mapped != !!(state & UNIT_MAPPED) || mapped != fixture_is_mapped(last))
		fail_msg("unit %zu has state %#x, and %s mapped", unit, state,
			 mapped ? "is" : "is not");
	if (state & UNIT_DIRTY && (state & UNIT_USED || !(state & UNIT_MAPPED)))
		fail_msg("unit %zu has state %#x", unit, state);
}

void fixture_check_region(const struct region *region)
{
	size_t pages = (region->limit - region->start) / region->page_bytes;
	size_t units = region->page_bytes / region->unit_bytes;

	for (size_t page = 0; page < pages; page++) {
		uintptr_t address = region_page_address(region, page);
		bool huge = region->pages[page] & PAGE_HUGE;

		if (gate_pool_mapped(address, region->page_bytes) != huge)
			fail_msg("page %zu has state %#x, and the pool says otherwise", page,
				 region->pages[page]);
		if (gate_pool_populated(address, region->page_bytes) != huge)
			fail_msg("page %zu is not populated", page);
		for (size_t i = page * units; i < (page + 1) * units; i++) {
			check_unit(region, i);
			if (huge &&
			    ((region->units[i] & (UNIT_MAPPED | UNIT_ALTERED)) != UNIT_MAPPED))
				fail_msg("unit %zu of a huge page has state %#x", i,
					 region->units[i]);
		}
	}
	assert_int_equal(gate_pool_violations(), 0);
}

/* One word of each 512 bytes, and the last one: enough to see any part that is not what it was. */
#define STRIDE 64

static uint64_t word_at(const uint64_t *address, uint64_t seed)
{
	return ((uint64_t)(uintptr_t)address ^ seed) * 0x9e3779b97f4a7c15u | 1;
}

void fixture_check_zero(uintptr_t from, uintptr_t to)
{
	for (const uint64_t *word = (const uint64_t *)((from + 7) & ~7ul);
	     (uintptr_t)(word + 1) <= to; word += STRIDE)
		if (*word)
			fail_msg("%p is not zero in %#lx-%#lx", (const void *)word, from, to);
}

void fixture_fill(uintptr_t from, uintptr_t to, uint64_t seed)
{
	for (uint64_t *word = (uint64_t *)((from + 7) & ~7ul); (uintptr_t)(word + 1) <= to; word++)
		*word = word_at(word, seed);
}

void fixture_check_filled(uintptr_t from, uintptr_t to, uint64_t seed)
{
	for (const uint64_t *word = (const uint64_t *)((from + 7) & ~7ul);
	     (uintptr_t)(word + 1) <= to; word += STRIDE)
		if (*word != word_at(word, seed))
			fail_msg("%p changed in %#lx-%#lx", (const void *)word, from, to);
}
