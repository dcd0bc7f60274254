/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The counts of a pool of huge pages.
 */
#include <limits.h>

#include "base/log.h"
#include "base/sys.h"
#include "options/options.h"
#include "pages/pool.h"

static int read_count(size_t page_bytes, const char *name, unsigned long *count)
{
	char path[128], text[32];
	size_t number;
	long length;
	int result;

	text_format(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/%s",
		    page_bytes >> 10, name);
	length = sys_read_file(path, text, sizeof(text));
	if (length < 0)
		return (int)length;
	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	result = options_parse_size(text, &number);
	if (!result)
		*count = number;
	return result;
}

/*
 * In Linux 6.18 the count wraps below zero while programs with threads fork. A count above the
 * total is taken as 0. (-ERANGE: it does not fit into 32 bits.)
 */
static int read_reserved(size_t page_bytes, struct pool *pool)
{
	int result = read_count(page_bytes, "resv_hugepages", &pool->reserved);
	unsigned long total = 0;

	if (result == -ERANGE) {
		pool->reserved = 0;
		return 0;
	}
	if (result || pool->reserved <= pool->available)
		return result;
	result = read_count(page_bytes, "nr_hugepages", &total);
	if (!result && pool->reserved > total)
		pool->reserved = 0;
	return result;
}

static int read_free(size_t page_bytes, struct pool *pool)
{
	int result = read_count(page_bytes, "free_hugepages", &pool->available);

	return result ? result : read_reserved(page_bytes, pool);
}

static int read_overcommit(size_t page_bytes, struct pool *pool)
{
	int result = read_count(page_bytes, "surplus_hugepages", &pool->surplus);

	return result ? result
		      : read_count(page_bytes, "nr_overcommit_hugepages", &pool->overcommit);
}

int pool_read(size_t page_bytes, struct pool *pool)
{
	int result = read_count(page_bytes, "nr_hugepages", &pool->total);

	if (!result)
		result = read_free(page_bytes, pool);
	return result ? result : read_overcommit(page_bytes, pool);
}

bool pool_is_empty(size_t page_bytes)
{
	struct pool pool = {0};

	if (read_free(page_bytes, &pool) || pool_obtainable(&pool))
		return false;
	return !read_overcommit(page_bytes, &pool) && !pool_obtainable(&pool);
}

/* The counts are read one after the other, so they may be inconsistent. */
static unsigned long beyond(unsigned long count, unsigned long taken)
{
	return count > taken ? count - taken : 0;
}

unsigned long pool_pages(const struct pool *pool)
{
	unsigned long pages;

	if (__builtin_add_overflow(beyond(pool->total, pool->surplus), pool->overcommit, &pages))
		return ULONG_MAX;
	return pages;
}

unsigned long pool_obtainable(const struct pool *pool)
{
	unsigned long pages;

	if (__builtin_add_overflow(beyond(pool->available, pool->reserved),
				   beyond(pool->overcommit, pool->surplus), &pages))
		return ULONG_MAX;
	return pages;
}
