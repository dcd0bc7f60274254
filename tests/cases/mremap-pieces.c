/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mremap-pieces [no-descriptors]: memory of which parts were protected and opened again, or locked,
 * is one mapping to the program, and mremap moves, grows, shrinks and copies it as one, whatever
 * mappings it consists of; also where the process may open no file.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include "test.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define HUGE (2 * MEGABYTE)
#define BASE 4096

static char *aligned_room(size_t bytes)
{
	char *at = mmap(NULL, bytes + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	CHECK(at != MAP_FAILED, "%m");
	return (char *)(((uintptr_t)at + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
}

enum state { WHOLE, PARTS, LOCKED, STATES };

/* Four huge pages in a state. */
static char *prepare(enum state state)
{
	char *at = aligned_room(4 * HUGE);

	fill_offsets(at, 0, 4 * HUGE);
	if (state == PARTS) {
		CHECK(mprotect(at + HUGE + BASE, BASE, PROT_READ) == 0, "%m");
		CHECK(mprotect(at + HUGE + BASE, BASE, PROT_READ | PROT_WRITE) == 0, "%m");
		CHECK(mprotect(at + 3 * HUGE, 2 * BASE, PROT_READ) == 0, "%m");
		CHECK(mprotect(at + 3 * HUGE, 2 * BASE, PROT_READ | PROT_WRITE) == 0, "%m");
	} else if (state == LOCKED) {
		CHECK(mlock(at, 4 * HUGE) == 0, "%m");
	}
	return at;
}

static void moves_and_grows(enum state state)
{
	char *at = prepare(state);

	at = mremap(at, 4 * HUGE, 6 * HUGE + BASE, MREMAP_MAYMOVE);
	CHECK(at != MAP_FAILED, "state %d: %m", state);
	check_offsets(at, 4 * HUGE);
	check_zero(at + 4 * HUGE, 2 * HUGE + BASE);
	fill_offsets(at, 4 * HUGE, 6 * HUGE + BASE);
	check_offsets(at, 6 * HUGE + BASE);
	CHECK(mremap(at, 6 * HUGE + BASE, HUGE + BASE, 0) == at, "%m");
	check_offsets(at, HUGE + BASE);
}

static void moves_to_a_place(enum state state)
{
	char *at = prepare(state), *target = aligned_room(6 * HUGE);

	memset(target, 7, 6 * HUGE);
	CHECK(mremap(at, 4 * HUGE, 5 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + BASE) ==
		      target + BASE,
	      "state %d: %m", state);
	check_offsets(target + BASE, 4 * HUGE);
	check_zero(target + BASE + 4 * HUGE, HUGE);
	CHECK(target[0] == 7 && target[5 * HUGE + BASE] == 7, "too much was replaced");
	CHECK(mprotect(at, BASE, PROT_READ) == -1 && errno == ENOMEM, "the old place is mapped");
	CHECK(mremap(target + BASE, 4 * HUGE, 2 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at,
	      "state %d: %m", state);
	check_offsets(at, 2 * HUGE);
}

static void leaves_the_old_place(enum state state)
{
	char *at = prepare(state);
	char *moved = mremap(at, 4 * HUGE, 4 * HUGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

	CHECK(moved != MAP_FAILED, "state %d: %m", state);
	check_offsets(moved, 4 * HUGE);
	check_zero(at, 4 * HUGE);
	memset(at, 1, 4 * HUGE);
	CHECK(mremap(at, 4 * HUGE, 5 * HUGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL) ==
			      MAP_FAILED &&
		      errno == EINVAL,
	      "%m");
}

int main(int argc, char **argv)
{
	const struct rlimit none = {3, 3};

	if (argc > 1) {
		CHECK(!strcmp(argv[1], "no-descriptors"), "mremap-pieces [no-descriptors]");
		CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0, "%m");
	}
	for (enum state state = WHOLE; state < STATES; state++) {
		moves_and_grows(state);
		moves_to_a_place(state);
		leaves_the_old_place(state);
	}
	puts("moved");
	return 0;
}
