/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fixture of tests on regions: a range of address space, a pool that the gate simulates, and a
 * check that the states of a region over the range agree with the kernel and the pool.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "pages/source.h"
#include "region/region.h"
#include "unit.h"

#define KIB 1024ul
#define MIB (1024ul * 1024)

/* Where the tests' regions begin: aligned to 64 MiB, free address space. */
extern uintptr_t fixture_start;

/* Takes the range for a test, and leaves it bare and the gate reset after it. */
int fixture_setup(void **state);
int fixture_release(void **state);

/* The maximum size of a region in bytes. */
#define FIXTURE_BYTES (1024 * MIB)

/* A pool of n pages of that size without any other limit, and a source for it. */
void fixture_pool(size_t page_bytes, size_t pages);
struct source fixture_source(size_t page_bytes);

/* The process as it is before the library starts: without hooks and without a heap. */
void fixture_forget(void);

/* A heap with such a pool, without its regions; nothing is hooked: tests call what hooks call. */
void fixture_begin_heap(size_t page_bytes, size_t pool_pages);

/* Ends the heap, whose only region is this one: the pool's rules were kept. */
void fixture_end_heap(struct region *region);

/* The same, every time. */
uint64_t fixture_random(uint64_t *state);

/* Is something mapped at the small page of address, as the kernel sees it? */
bool fixture_is_mapped(uintptr_t address);

/* Maps memory that is not the library's there; fixture_foreign_is_intact(): it is unchanged. */
void fixture_plant_foreign(uintptr_t address, size_t bytes);
bool fixture_foreign_is_intact(uintptr_t address, size_t bytes);

/* Asserts that the states of all units and pages of the region are true, and no call forbidden. */
void fixture_check_region(const struct region *region);

/* Asserts that every word is zero, or what fixture_fill() put there with that seed. */
void fixture_check_zero(uintptr_t from, uintptr_t to);
void fixture_fill(uintptr_t from, uintptr_t to, uint64_t seed);
void fixture_check_filled(uintptr_t from, uintptr_t to, uint64_t seed);

#define FIXTURE_TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_release)

#endif
