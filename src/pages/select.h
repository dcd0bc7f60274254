/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages a feature gets: what the options ask for, as far as the machine has it.
 */
#ifndef SELECT_H
#define SELECT_H

#include "options/options.h"
#include "pages/source.h"

struct wanted_pages {
	enum heap_pages pages;
	size_t page_bytes;     /* with HEAP_SIZE */
	bool quiet;            /* nothing to warn of where the pool is empty */
	const char *feature;   /* "heap": begins the lines about it */
	const char *variable;  /* "HUGETLB_..." that asks for it */
	const char *otherwise; /* what declining leads to */
};

/*
 * Sets what the options say about hugetlb pages of that size: where they are taken from, and
 * whether they are reserved. Leaves the other members of *source as they are.
 */
void select_hugetlb(const struct options *options, size_t page_bytes, struct source *source);

/* Fills in *source. 0, or -errno with a line about the reason. */
int select_pages(const struct options *options, const struct wanted_pages *wanted,
		 struct source *source);

#endif
