/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages back a process's memory, by its parts: the one account of HUGETLB_REPORT and of
 * hugestat.
 *
 * Figures are from the kernel's smaps. Nothing here allocates, uses stdio or makes system calls.
 * Nothing in this folder knows a feature of the library.
 */
#ifndef USAGE_H
#define USAGE_H

#include <stddef.h>

#include "pages/sizes.h"
#include "proc/smaps.h"

enum part {
	PART_TEXT,     /* the program's code and constants */
	PART_DATA,     /* its initialised variables */
	PART_BSS,      /* its zeroed variables */
	PART_BREAK,    /* heap that grows at the break: [heap], or libhugetlbfs's main region */
	PART_ARENAS,   /* heaps of threads, and libhugetlbfs's region for them and for large
			* blocks */
	PART_MAPPINGS, /* other anonymous private memory */
	PART_STACKS,
	PART_LIBRARIES, /* text and data of shared objects, the loader included */
	PART_SHARED,    /* shared memory: System V, POSIX, memfd, shared anonymous */
	PART_FILES,     /* other files */
	PART_KERNEL,    /* [vdso] and the like */
	PART_COUNT,
};

/* "text"; also its key in JSON. */
const char *part_name(enum part part);

/* kB, as smaps counts them. */
struct usage {
	unsigned long memory;                   /* Rss plus hugetlb */
	unsigned long hugetlb[PAGES_SIZES_MAX]; /* indexed like the table's hugetlb_sizes */
	unsigned long thp;                      /* anonymous */
	unsigned long shmem_thp, file_thp;
	unsigned long small;
	unsigned long swap;
};

struct usage_table {
	size_t hugetlb_sizes[PAGES_SIZES_MAX]; /* bytes, ascending; only sizes that occur */
	int hugetlb_size_count;
	struct usage parts[PART_COUNT], total;
};

/* One mapping's contribution, in kB. */
struct usage_figures {
	unsigned long page, hugetlb, resident, thp, shmem_thp, file_thp, swap;
	bool is_hugetlb;
};

void usage_figures(struct usage_figures *figures, const struct smaps_mapping *mapping);

/* What of it is on small pages. */
unsigned long usage_small_kb(const struct usage_figures *figures);

/* Adds the figures to their part and to the total; a new table is all zeros. */
void usage_add(struct usage_table *table, enum part part, const struct usage_figures *figures);

/* kB on huge pages of any kind. */
unsigned long usage_huge_kb(const struct usage *usage);

/*
 * The table as lines for people, each with its newline and, if possible, no wider than columns; cut
 * at bytes. Returns their length. Optional parts get a line only if they have memory.
 */
#define USAGE_TABLE_BYTES 4096
#define USAGE_COLUMNS     80 /* if the width is unknown: files and pipes */
struct usage_style {
	unsigned int columns;
	bool colors, utf8; /* of the bars */
};
int usage_text(const struct usage_table *table, const struct usage_style *style, char *out,
	       size_t bytes);

#endif
