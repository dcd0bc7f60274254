/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reserving address space, trimming it to a boundary and opening it, as allocators do, works
 * hundreds of times at once and tens of thousands of times in turn.
 */
#include "heap_share.h"

#define MANY   200
#define CYCLES 70000
#define BYTES  (2 * MEGABYTE)

static char *reservation[MANY];

/* As big again as is needed; what is before and behind the boundary goes back. */
static char *reserve(void)
{
	char *raw = mmap(NULL, 2 * BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);
	char *start = (char *)(((uintptr_t)raw + BYTES - 1) & ~(uintptr_t)(BYTES - 1));

	CHECK(raw != MAP_FAILED, "no address space");
	if (start > raw)
		CHECK(munmap(raw, (size_t)(start - raw)) == 0, "trim the head");
	if (start < raw + BYTES)
		CHECK(munmap(start + BYTES, (size_t)(raw + BYTES - start)) == 0, "trim the tail");
	return start;
}

static void open_all(uint64_t seed)
{
	for (uint64_t i = 0; i < MANY; i++) {
		reservation[i] = reserve();
		CHECK(mprotect(reservation[i], BYTES, PROT_READ | PROT_WRITE) == 0, "open");
		fill_pattern(reservation[i], BYTES, seed + i);
	}
	heap_share_check();
}

/* Every other one in two pieces, and the others as wholes. */
static void close_all(uint64_t seed)
{
	for (uint64_t i = 0; i < MANY; i++) {
		check_pattern(reservation[i], BYTES, seed + i);
		if (i % 2)
			CHECK(munmap(reservation[i] + BYTES / 4, BYTES / 4 * 3) == 0,
			      "unmap a part");
		CHECK(munmap(reservation[i], i % 2 ? BYTES / 4 : BYTES) == 0, "unmap");
	}
}

/* What is left of a reservation with a hole in the middle is opened on both sides. */
static void open_beside_holes(void)
{
	for (uint64_t i = 0; i < MANY; i += 2) {
		char *start = mmap(NULL, 4 * BYTES, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		char *first = (char *)(((uintptr_t)start + BYTES - 1) & ~(uintptr_t)(BYTES - 1));

		CHECK(start != MAP_FAILED, "no address space");
		CHECK(munmap(first + BYTES, BYTES) == 0, "a hole");
		reservation[i] = first;
		reservation[i + 1] = first + 2 * BYTES;
		/* what trimming would take */
		if (first > start)
			CHECK(munmap(start, (size_t)(first - start)) == 0, "trim the head");
		if (first + 3 * BYTES < start + 4 * BYTES)
			CHECK(munmap(first + 3 * BYTES, (size_t)(start - first) + BYTES) == 0,
			      "trim the tail");
	}
	for (uint64_t i = 0; i < MANY; i++) {
		CHECK(mprotect(reservation[i], BYTES, PROT_READ | PROT_WRITE) == 0, "open");
		fill_pattern(reservation[i], BYTES, i);
	}
	heap_share_check();
}

int main(void)
{
	open_all(1);
	close_all(1);
	for (int cycle = 0; cycle < CYCLES; cycle++)
		CHECK(munmap(reserve(), BYTES) == 0, "unmap a reservation");
	open_all(2);
	close_all(2);
	open_beside_holes();
	close_all(0);
	return 0;
}
