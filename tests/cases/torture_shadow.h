/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture-threads.c: memory that several actors write to, and its shadow, which says byte by
 * byte what it must hold. The shadow is shared memory: never on huge pages, and a child's as well.
 *
 * Each base page of it belongs to one actor, which alone writes there.
 */
#ifndef TORTURE_SHADOW_H
#define TORTURE_SHADOW_H

#include <sys/mman.h>
#include "heap_share.h"

#define HUGE         (2 * MEGABYTE)
#define BASE         ((size_t)4096)
#define PAGES        12
#define BYTES        (PAGES * HUGE)
#define HUGE_PARTS   (HUGE / BASE)
#define PARTS        (BYTES / BASE)
#define STACK_PARTS  16 /* at the start of each huge page: a coroutine's */
#define WRITERS      3
#define ACTORS       16
#define ACTOR_SIGNAL WRITERS           /* of writer n: ACTOR_SIGNAL + n */
#define ACTOR_ALARM  (2 * WRITERS)     /* the handler of the thread that makes the calls */
#define ACTOR_READER (2 * WRITERS + 1) /* read(2) into memory */
#define ACTOR_REMOTE (2 * WRITERS + 2) /* another process: process_vm_writev */
#define ACTOR_SELF   (2 * WRITERS + 3) /* process_vm_writev from this process */
#define ACTOR_RING   (2 * WRITERS + 4) /* io_uring, submitted by the thread that makes the calls */
#define ACTOR_CALLER (2 * WRITERS + 5) /* this and all above: the thread that makes the calls */

struct shared {
	char *volatile memory; /* of this round */
	volatile int round;    /* odd: the other process may write; -1: it ends */
	volatile int remote;   /* the round that it is in */
	char shadow[BYTES];
};

static struct shared *shared;

static int actor_of(size_t part)
{
	size_t actor;

	if (part % HUGE_PARTS < STACK_PARTS)
		return -1;
	actor = part % ACTORS;
	return actor > ACTOR_CALLER ? ACTOR_CALLER : (int)actor;
}

/* A part of that actor's. */
static inline size_t some_part(int actor, uint64_t *random)
{
	size_t part;

	do
		part = next_random(random) % (PARTS / ACTORS) * ACTORS +
		       (actor < ACTOR_CALLER
				? (size_t)actor
				: ACTOR_CALLER + next_random(random) % (ACTORS - ACTOR_CALLER));
	while (actor_of(part) != actor);
	return part;
}

/* The same in the huge page of another part. */
static size_t part_near(int actor, size_t other, uint64_t *random)
{
	const size_t first = other / HUGE_PARTS * HUGE_PARTS;
	size_t part;

	do
		part = first + next_random(random) % (HUGE_PARTS / ACTORS) * ACTORS + (size_t)actor;
	while (actor_of(part) != actor);
	return part;
}

static char *memory_of(size_t part)
{
	return shared->memory + part * BASE;
}

static char *shadow_of(size_t part)
{
	return shared->shadow + part * BASE;
}

static inline void write_byte(size_t part, size_t at, char value)
{
	shadow_of(part)[at] = value;
	*(volatile char *)(memory_of(part) + at) = value;
}

static void check_part(size_t part, const char *who)
{
	const char *memory = memory_of(part), *shadow = shadow_of(part);

	if (!memcmp(memory, shadow, BASE))
		return;
	for (size_t i = 0; i < BASE; i++)
		CHECK(memory[i] == shadow[i],
		      "%s: byte %zu of part %zu (huge page %zu) is %d, not %d", who, i, part,
		      part / HUGE_PARTS, memory[i], shadow[i]);
}

#endif
