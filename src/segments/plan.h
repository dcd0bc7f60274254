/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Computes which ranges of memory can be huge: a pure function of what is mapped.
 *
 * No system call, nothing is read but the arguments, so it is unit-tested. A huge page is taken
 * only if all of it belongs to one object and has one protection, so nothing next to a segment ever
 * changes.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plan_kind {
	PLAN_OTHER, /* cannot be moved: the heap, other objects, unusable memory */
	PLAN_GAP,   /* between two segments of an object: reserved, and unused */
	PLAN_TEXT,  /* never written to: text and read-only data */
	PLAN_DATA,  /* data, bss, and what the linker made read-only after relocation */
};

/* A piece of mapped memory of one kind: whole base pages, not overlapping others. */
struct plan_piece {
	uintptr_t start, end;
	enum plan_kind kind;
	int protection; /* its current protection: PROT_... */
	bool wanted;    /* requested by the options */
	bool file;      /* mapped from a file, at this offset; otherwise anonymous */
	uint64_t offset;
	size_t align;                       /* of the segment */
	uintptr_t object_start, object_end; /* the range of all segments of the object */
	unsigned int object;                /* index of the object; meaningless for PLAN_OTHER */
	unsigned int segment;               /* index of the segment */
};

struct plan_rules {
	enum plan_kind kind; /* PLAN_TEXT or PLAN_DATA */
	size_t page_bytes;
	bool merge; /* take text and read-only data of one page together: readable and executable */
	bool holes; /* take pages that no segment fills, too (nothing else can be mapped there
		     * now) */
	bool congruent;      /* address and file offset must agree modulo page_bytes, and there
			      * must be no hole */
	uintptr_t break_now; /* the end of the heap, which may grow from there; 0: none */
};

struct plan_range {
	uintptr_t start, end; /* whole huge pages */
	int protection;
	unsigned int object, segment; /* segment: of its first byte */
	size_t first_piece;           /* index of the first piece in it, which may be a gap */
};

/*
 * Finds the next range at or above `from` that can be taken. pieces are everything that is mapped,
 * with ascending addresses. Returns false if there is none. So successive calls give the plan; the
 * parts of a range that could not be moved are planned again with other rules.
 */
bool plan_next(const struct plan_piece *pieces, size_t count, const struct plan_rules *rules,
	       uintptr_t from, struct plan_range *range);

#endif
