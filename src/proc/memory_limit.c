/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory limits of cgroups: see memory_limit.h.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "proc/cgroup.h"
#include "proc/memory_limit.h"

/* The names of one version's files. */
struct version {
	const char *controller;
	const char *mounts[2];
	const char *limit, *usage;
};

static const struct version versions[] = {
	{"", {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}, "memory.max", "memory.current"},
	{"memory",
	 {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"},
	 "memory.limit_in_bytes",
	 "memory.usage_in_bytes"},
};

/* The page cache, by memory.stat. */
static uint64_t cache_bytes(struct cgroup *cgroup)
{
	static const char *const names[] = {"\ninactive_file ", "\nactive_file "};
	static char text[8192];
	uint64_t bytes = 0;

	if (SYS_IS_ERROR(cgroup_read(cgroup, "memory.stat", text, sizeof(text))))
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *found = strstr(text, names[i]);

		if (found) {
			found += strlen(names[i]);
			bytes += word_number(&found, 10);
		}
	}
	return bytes;
}

/* What the kernel keeps for each CPU in advance, and page tables. */
#define SPARE_BYTES ((uint64_t)1 << 20)

static bool allows_in(struct cgroup *cgroup, const struct version *version, uint64_t bytes,
		      bool *limited)
{
	const uint64_t limit = cgroup_number(cgroup, version->limit);
	uint64_t usage;

	if (limit > CGROUP_LIMIT_MAX)
		return true;
	*limited = true;
	usage = cgroup_number(cgroup, version->usage);
	bytes += SPARE_BYTES;
	if (usage == UINT64_MAX || usage + bytes <= limit)
		return true;
	return usage + bytes <= limit + cache_bytes(cgroup);
}

/* Of the cgroup and its ancestors. In a container only the root of the tree may be visible. */
static bool allows_below(const struct version *version, const char *mount, const char *lines,
			 uint64_t bytes, bool *limited)
{
	static struct cgroup cgroup;

	if (!cgroup_find(&cgroup, lines, version->controller, mount))
		return true;
	do {
		if (!allows_in(&cgroup, version, bytes, limited))
			return false;
	} while (cgroup_up(&cgroup));
	return true;
}

static bool allows(uint64_t bytes, bool *limited)
{
	static char lines[4096];

	if (SYS_IS_ERROR(sys_read_file("/proc/self/cgroup", lines, sizeof(lines))))
		return true;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		for (size_t j = 0; j < 2; j++)
			if (!allows_below(&versions[i], versions[i].mounts[j], lines, bytes,
					  limited))
				return false;
	return true;
}

bool memory_limit_allows(size_t bytes)
{
	static unsigned int without_limit;
	bool limited = false, result;

	if (sys_sandboxed || (without_limit && without_limit++ % MEMORY_LIMIT_AGAIN))
		return true;
	result = allows(bytes, &limited);
	without_limit = !limited;
	return result;
}
