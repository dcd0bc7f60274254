/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which page sizes there are, and whether a path is on a hugetlbfs: gethugepagesize(3) and related
 * functions.
 */
#include <errno.h>
#include <limits.h>

#include "api/api.h"
#include "base/sys.h"

long gethugepagesize(void)
{
	size_t bytes = api_default_page_bytes();

	if (!bytes)
		return api_no_result(api_no_sizes());
	if (bytes > LONG_MAX)
		return api_no_result(-EOVERFLOW);
	return (long)bytes;
}

/* Stores an ascending list, beginning with the base page if requested. */
static int list_sizes(long list[], int room, bool with_base)
{
	struct page_sizes sizes;
	int count = 0, total, result;

	if (room < 0 || (room > 0 && !list))
		return api_no_result(-EINVAL);
	api_sizes(&sizes);
	result = sizes.huge_count ? -ENOSYS : api_no_sizes();
	if (result != -ENOSYS)
		return api_no_result(result);
	total = sizes.huge_count + with_base;
	if (!list)
		return total;
	if (with_base && count < room)
		list[count++] = (long)sizes.base;
	for (int i = 0; i < sizes.huge_count && count < room; i++)
		list[count++] = (long)sizes.huge[i];
	return count;
}

int gethugepagesizes(long pagesizes[], int n_elem)
{
	return list_sizes(pagesizes, n_elem, false);
}

int getpagesizes(long pagesizes[], int n_elem)
{
	return list_sizes(pagesizes, n_elem, true);
}

int hugetlbfs_test_path(const char *mount)
{
	struct statfs64 filesystem;
	long result = sys_statfs(mount, &filesystem);

	if (result)
		return api_no_result(result);
	/* f_type is 32 bits wide on some CPUs, and signed */
	return (uint32_t)filesystem.f_type == HUGETLBFS_MAGIC;
}
