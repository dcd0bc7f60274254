/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool of 2M pages, as a program under test sees it. Allocates nothing. */
#ifndef POOL_H
#define POOL_H

#include <fcntl.h>
#include "test.h"

#define POOL_DIRECTORY "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static inline long pool_read_number(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	if (fd < 0)
		return 0;
	CHECK(read(fd, text, sizeof(text) - 1) > 0, "%s", path);
	close(fd);
	return atol(text);
}

/* Free pages that nobody has reserved. */
static inline long pool_free_pages(void)
{
	return pool_read_number(POOL_DIRECTORY "free_hugepages") -
	       pool_read_number(POOL_DIRECTORY "resv_hugepages");
}

#endif
