/*
 * The counts of a pool of huge pages.
 */
#include <limits.h>

#include "log.h"
#include "options.h"
#include "pages/pages.h"
#include "sys.h"

int pool_read(size_t page_bytes, struct pool *pool)
{
	const struct {
		const char *name;
		unsigned long *count;
	} files[] = {
		{"nr_hugepages", &pool->total},
		{"free_hugepages", &pool->available},
		{"resv_hugepages", &pool->reserved},
		{"surplus_hugepages", &pool->surplus},
		{"nr_overcommit_hugepages", &pool->overcommit},
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[128], text[32];
		long length;
		size_t count;
		int result;

		text_format(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/%s",
			    page_bytes >> 10, files[i].name);
		length = sys_read_file(path, text, sizeof(text));
		if (length < 0)
			return (int)length;
		if (length && text[length - 1] == '\n')
			text[length - 1] = '\0';
		result = options_parse_size(text, &count);
		if (result)
			return result;
		*files[i].count = count;
	}
	return 0;
}

/* The counts are read one after the other, so they need not fit together. */
static unsigned long beyond(unsigned long count, unsigned long taken)
{
	return count > taken ? count - taken : 0;
}

unsigned long pool_obtainable(const struct pool *pool)
{
	unsigned long pages;

	if (__builtin_add_overflow(beyond(pool->available, pool->reserved),
				   beyond(pool->overcommit, pool->surplus), &pages))
		return ULONG_MAX;
	return pages;
}
