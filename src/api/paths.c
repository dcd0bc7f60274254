/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugetlbfs mounts and files: hugetlbfs_find_path(3), hugetlbfs_unlinked_fd(3).
 *
 * Owns the strings that were returned. The program may use them as long as it runs, so they are
 * never changed or freed, and the same answer returns the same string.
 */
#include <errno.h>
#include <string.h>

#include "pages/mount.h"
#include "api/api.h"
#include "base/sys.h"
#include "options/options.h"

#define PATH_BYTES 4096

/* Paths that were returned, each in a mapping of its own; entries are only ever added. */
struct known_path {
	struct known_path *next;
	char path[];
};

static struct known_path *known_paths;

static const char *remember(const char *path)
{
	const size_t bytes = sizeof(struct known_path) + strlen(path) + 1;
	struct known_path *first = __atomic_load_n(&known_paths, __ATOMIC_ACQUIRE), *added;
	long at;

	for (struct known_path *known = first; known; known = known->next)
		if (!strcmp(known->path, path))
			return known->path;
	at = sys_mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (SYS_IS_ERROR(at))
		return api_no_pointer(at);
	added = (struct known_path *)at;
	memcpy(added->path, path, strlen(path) + 1);
	do
		added->next = first;
	while (!__atomic_compare_exchange_n(&known_paths, &first, added, false, __ATOMIC_RELEASE,
					    __ATOMIC_ACQUIRE));
	return added->path;
}

/* Is this a huge page size of the machine? Returns 0 or -errno. */
static int check_size(size_t page_bytes)
{
	struct page_sizes sizes;

	api_sizes(&sizes);
	if (!sizes.huge_count)
		return api_no_sizes();
	return sizes_have(&sizes, page_bytes) ? 0 : -EINVAL;
}

static const char *find_path(size_t page_bytes)
{
	const char *asked;
	char path[PATH_BYTES];
	int result = check_size(page_bytes);

	if (result)
		return api_no_pointer(result);
	asked = mount_listed(page_bytes, options_get(NULL, NULL)->mounts);
	if (asked)
		return remember(asked);
	result = mount_find(page_bytes, NULL, path, sizeof(path));
	return result ? api_no_pointer(result) : remember(path);
}

static int open_unlinked(size_t page_bytes)
{
	struct source source;
	char path[PATH_BYTES];
	int result = check_size(page_bytes);

	if (result)
		return api_no_result(result);
	api_source(&source, page_bytes);
	if (!source.mount && !mount_find(page_bytes, NULL, path, sizeof(path)))
		source.mount = path;
	result = source_open(&source);
	if (result < 0 && source.mount) {
		source.mount = NULL;
		result = source_open(&source);
	}
	return result < 0 ? api_no_result(result) : result;
}

const char *hugetlbfs_find_path(void)
{
	return find_path(api_default_page_bytes());
}

const char *hugetlbfs_find_path_for_size(long page_size)
{
	return find_path((size_t)page_size);
}

int hugetlbfs_unlinked_fd(void)
{
	return open_unlinked(api_default_page_bytes());
}

int hugetlbfs_unlinked_fd_for_size(long page_size)
{
	return open_unlinked((size_t)page_size);
}
