/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the public API share. This is the only place in the library that includes
 * hugetlbfs.h with its functions visible.
 *
 * The program may call the functions at any time and from any thread, also before the constructor,
 * and in a static program that has no constructor; so the user's settings are read when they are
 * first needed. The functions return what their manual pages say. They set errno on failure and
 * leave it unchanged on success. Nothing here calls malloc.
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

/* The default huge page size, after HUGETLB_DEFAULT_PAGE_SIZE; 0: the machine has no huge pages. */
size_t api_default_page_bytes(void);

/*
 * The reason why no huge page size was found, as -errno: -ENOSYS if the system has none, or the
 * error that kept us from finding out (for example, no free file descriptor).
 */
int api_no_sizes(void);

/* The machine's page sizes, read each time. */
void api_sizes(struct page_sizes *sizes);

/* Prepares *source for hugetlb pages of that size, with the user's settings. */
void api_source(struct source *source, size_t page_bytes);

/* The same for pages of another kind. */
void api_source_small(struct source *source, size_t page_bytes);

/* hugetlbfs_backing() with valid arguments; returns 0 or -errno. */
int api_backing(uintptr_t address, size_t bytes, struct hugetlbfs_backing *backing);

/* Set errno and return NULL or -1; error is -errno. */
void *api_no_pointer(long error);
int api_no_result(long error);

#endif
