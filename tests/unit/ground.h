/*
 * The ground that tests of the heap's rooms stand on: a range of address space, a pool that the
 * gate plays, a region over the range, and the one question that they all ask: do the region's
 * states say what the kernel and the pool say?
 */
#ifndef GROUND_H
#define GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "pages/source.h"
#include "region/region.h"
#include "unit.h"

#define KIB 1024ul
#define MIB (1024ul * 1024)

/* Where the tests' regions lie: aligned to 64 MiB, mapped by nobody. */
extern uintptr_t ground;

/* Takes the range for a test, and leaves it bare and the gate reset after it. */
int ground_setup(void **state);
int ground_release(void **state);

/* At most so many bytes are a region of a test. */
#define GROUND_BYTES (1024 * MIB)

/* A pool of that page size with so many pages that nothing else limits, and a source for it. */
void ground_pool(size_t page_bytes, size_t pages);
struct source ground_source(size_t page_bytes);

/* The same, every time. */
uint64_t ground_random(uint64_t *state);

/* Is something mapped at the small page of address, as the kernel sees it? */
bool ground_is_mapped(uintptr_t address);

/* Maps something of somebody else's there; ground_foreign_is_intact(): and it is as it was. */
void ground_plant_foreign(uintptr_t address, size_t bytes);
bool ground_foreign_is_intact(uintptr_t address, size_t bytes);

/* Asserts that the states of all units and pages of the region are true, and no call forbidden. */
void ground_check_region(const struct region *region);

/* Asserts that every word is zero, or what ground_fill() put there with that seed. */
void ground_check_zero(uintptr_t from, uintptr_t to);
void ground_fill(uintptr_t from, uintptr_t to, uint64_t seed);
void ground_check_filled(uintptr_t from, uintptr_t to, uint64_t seed);

#define GROUND_TEST(function) \
	cmocka_unit_test_setup_teardown(function, ground_setup, ground_release)

#endif
