/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * malloc's own huge pages (glibc 2.35 and later): the fallback for a program into which the library
 * cannot be loaded. The library leaves the heap alone if this is set, so it is never set where the
 * library works.
 */
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/hugectl/hugectl.h"

#define TUNABLE "glibc.malloc.hugetlb="

/* Tunables are separated by colons. */
static bool is_set(const char *tunables)
{
	while (tunables) {
		if (!strncmp(tunables, TUNABLE, sizeof(TUNABLE) - 1))
			return true;
		tunables = strchr(tunables, ':');
		if (tunables)
			tunables++;
	}
	return false;
}

/* 1: transparent huge pages; 2: huge pages of the default size; otherwise their size. */
static size_t value_for(struct request *request)
{
	const char *size = environment_get(&request->environment, "HUGETLB_DEFAULT_PAGE_SIZE");
	size_t bytes;

	if (request->options.heap == HEAP_THP)
		return 1;
	if (request->options.heap == HEAP_SIZE)
		return request->options.heap_page_bytes;
	return size && !options_parse_size(size, &bytes) && bytes > 2 ? bytes : 2;
}

bool tunables_serve_heap(struct request *request)
{
	const char *before = environment_get(&request->environment, "GLIBC_TUNABLES");
	char *tunables;

	/* a distribution's libcs for its other kinds of programs are of the same version as this one */
	if (is_set(before) || strverscmp(gnu_get_libc_version(), "2.35") < 0)
		return false;
	if (asprintf(&tunables, "%s%s" TUNABLE "%zu", before ? before : "",
		     before && *before ? ":" : "", value_for(request)) < 0)
		abort();
	environment_set(&request->environment, "GLIBC_TUNABLES", tunables);
	return true;
}
