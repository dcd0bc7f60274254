/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which ranges of memory can be huge: a pure function of what is mapped.
 *
 * No system call, nothing read but the arguments: unit-tested as such. A huge page is taken only if
 * all of it belongs to one object and needs one protection, so nothing that lies beside a segment
 * ever changes.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plan_kind {
	PLAN_OTHER, /* in the way: the heap, other objects, what can't be taken */
	PLAN_GAP,   /* between two segments of an object: reserved, of use to nobody */
	PLAN_TEXT,  /* never written: text and read-only data */
	PLAN_DATA,  /* data, bss, and what the linker made read-only after relocation */
};

/* A piece of mapped memory of one kind: whole base pages, not overlapping others. */
struct plan_piece {
	uintptr_t start, end;
	enum plan_kind kind;
	int protection; /* as it is now: PROT_... */
	bool wanted;    /* by the options */
	bool file;      /* mapped from a file, at this offset; else anonymous */
	uint64_t offset;
	size_t align;                       /* the segment's */
	uintptr_t object_start, object_end; /* what all segments of the object span */
	unsigned int object;                /* which; without meaning for PLAN_OTHER */
	unsigned int segment;               /* which */
};

struct plan_rules {
	enum plan_kind kind; /* PLAN_TEXT or PLAN_DATA */
	size_t page_bytes;
	bool merge; /* text and read-only data of one page together: readable and executable */
	bool holes; /* also pages that no segment fills (nobody else can map something there now) */
	bool congruent;      /* address and file offset agree modulo page_bytes, and no hole */
	uintptr_t break_now; /* the end of the heap, which may grow from there; 0: none */
};

struct plan_range {
	uintptr_t start, end; /* whole huge pages */
	int protection;
	unsigned int object, segment; /* segment: of its first byte */
	size_t first_piece;           /* index of the first piece in it, a gap or not */
};

/*
 * Finds the next range at or above `from` that can be taken. pieces are all that is mapped, by
 * rising address. Returns false where there is none. So one call after the other gives the plan;
 * what was not got of a range is asked again with other rules.
 */
bool plan_next(const struct plan_piece *pieces, size_t count, const struct plan_rules *rules,
	       uintptr_t from, struct plan_range *range);

#endif
