/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user's settings, for the functions of the API.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>

#include "pages/select.h"
#include "api/api.h"
#include "base/log.h"
#include "base/sys.h"
#include "options/options.h"

void *api_no_pointer(long error)
{
	errno = (int)-error;
	return NULL;
}

int api_no_result(long error)
{
	errno = (int)-error;
	return -1;
}

void api_sizes(struct page_sizes *sizes)
{
	sizes_read(sizes, getauxval(AT_PAGESZ));
}

int api_no_sizes(void)
{
	const long fd = sys_open("/sys/kernel/mm/hugepages", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return (int)fd;
	if (fd >= 0)
		sys_close((int)fd);
	return -ENOSYS;
}

static size_t read_default_page_bytes(void)
{
	const size_t asked = options_get(NULL, NULL)->default_page_bytes;
	struct page_sizes sizes;

	api_sizes(&sizes);
	if (!asked || sizes_have(&sizes, asked))
		return asked ? asked : sizes.default_huge;
	/* a process that cannot open files cannot find out what the machine has */
	if (!sizes.huge_count && api_no_sizes() != -ENOSYS)
		return 0;
	log_warning("HUGETLB_DEFAULT_PAGE_SIZE: this machine has no huge pages of %zu kB; using "
		    "the system's default",
		    asked >> 10);
	return sizes.default_huge;
}

/* Cached, because programs call gethugepagesize() often. Two threads that call it first at the same
 * time read the same value. */
size_t api_default_page_bytes(void)
{
	static size_t known;
	size_t bytes = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!bytes) {
		bytes = read_default_page_bytes();
		__atomic_store_n(&known, bytes, __ATOMIC_RELAXED);
	}
	return bytes;
}

void api_source_small(struct source *source, size_t page_bytes)
{
	*source = (struct source){
		.page_bytes = page_bytes,
		.populate = !options_get(NULL, NULL)->no_prefault,
	};
}

/*
 * Pages of a size that no mount in HUGETLB_PATH has are allocated without a mount.
 */
void api_source(struct source *source, size_t page_bytes)
{
	const struct options *options = options_get(NULL, NULL);
	static bool warned;

	api_source_small(source, page_bytes);
	select_hugetlb(options, page_bytes, source);
	if (options->path && !source->mount && page_bytes == api_default_page_bytes() &&
	    !__atomic_exchange_n(&warned, true, __ATOMIC_RELAXED))
		log_warning("HUGETLB_PATH=%s is no hugetlbfs mount for pages of %zu kB that this "
			    "user may write to; using pages without it",
			    options->path, page_bytes >> 10);
}
