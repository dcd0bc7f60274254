/*
 * Where in the address space the heap's regions go.
 */
#ifndef SPACE_H
#define SPACE_H

#include <stddef.h>
#include <stdint.h>

/* Ranges that are mapped, rising; of /proc/self/maps only what the choice needs. */
struct space {
	uintptr_t hole_start, hole_end;       /* the hole that begins above the break */
	uintptr_t largest_start, largest_end; /* the largest hole above the break */
};

/* What was chosen: [start, limit) each; a zone of 0 means none. */
struct space_plan {
	uintptr_t main_start, main_limit;
	uintptr_t zone_start, zone_limit;
};

/*
 * Takes in the text of a /proc/PID/maps file, piece by piece; pure. `above` is the address from
 * which holes count.
 */
struct space_reader {
	struct space space;
	uintptr_t above, last_end;
	uintptr_t number[2];
	int field; /* 0, 1: in the addresses; 2: the rest of the line */
};

void space_begin(struct space_reader *reader, uintptr_t above);
void space_take(struct space_reader *reader, const char *text, size_t bytes);

/*
 * Chooses: pure. page_bytes is the huge page, memory_bytes how much memory the machine has. A
 * wanted_base other than 0 is where the main heap shall begin (HUGETLB_MORECORE_HEAPBASE).
 * -ENOMEM: no room; -EINVAL: wanted_base is not within a hole.
 */
int space_choose(const struct space *space, size_t page_bytes, uint64_t memory_bytes,
		 uintptr_t wanted_base, struct space_plan *plan);

/* Reads /proc/self/maps into *space. Without /proc: -errno. */
int space_read(struct space *space, uintptr_t above);

#endif
