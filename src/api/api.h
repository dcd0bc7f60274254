/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the public API share. hugetlbfs.h is included here, and nowhere else in the
 * library, with its functions visible.
 *
 * The functions are called by the program, at any time and from any thread, also before the
 * constructor and in a static program without one: what the user asked for is read when it is first
 * needed. They return what their manual pages say and set errno where they fail; where they succeed
 * it stays as it was. Nothing here allocates by malloc.
 */
#ifndef API_H
#define API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)
#include "hugetlbfs.h"
#pragma GCC visibility pop

#include "pages/mapping.h"
#include "pages/sizes.h"

/* The default huge page size, HUGETLB_DEFAULT_PAGE_SIZE considered; 0: there are no huge pages. */
size_t api_default_page_bytes(void);

/*
 * What it means, as -errno, where no huge page size was found: -ENOSYS, the system has none, or why
 * nobody can tell (this process has no descriptor left).
 */
int api_no_sizes(void);

/* The machine's page sizes, read each time. */
void api_sizes(struct page_sizes *sizes);

/* Sets *source up for hugetlb pages of that size, as the user's variables say. */
void api_source(struct source *source, size_t page_bytes);

/* The same for pages of another kind. */
void api_source_small(struct source *source, size_t page_bytes);

/* hugetlbfs_backing() of arguments that are good; returns 0 or -errno. */
int api_backing(uintptr_t address, size_t bytes, struct hugetlbfs_backing *backing);

/* Set errno and return NULL and -1; error is -errno. */
void *api_no_pointer(long error);
int api_no_result(long error);

#endif
