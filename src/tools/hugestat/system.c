/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts about the system: see system.h.
 */
#include <dirent.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "tools/common/nodes.h"
#include "tools/hugestat/system.h"

unsigned long long system_number(const char *path, unsigned long long otherwise)
{
	char text[64], *end;
	unsigned long long value;

	if (sys_read_file(path, text, sizeof(text)) <= 0)
		return otherwise;
	if (!strncmp(text, "max", 3))
		return SYSTEM_NO_LIMIT;
	value = strtoull(text, &end, 10);
	return end == text ? otherwise : value;
}

/* The word in brackets in files like "always [madvise] never"; otherwise the first word. */
void system_word(const char *path, char *word, size_t bytes)
{
	if (!sizes_chosen_word(path, word, bytes) && sys_read_file(path, word, bytes) > 0)
		word[strcspn(word, " \n")] = '\0';
}

const char *system_size_name(size_t bytes, char *text, size_t text_bytes)
{
	if (bytes >= 1u << 30 && !(bytes & ((1u << 30) - 1)))
		snprintf(text, text_bytes, "%zuG", bytes >> 30);
	else if (bytes >= 1u << 20)
		snprintf(text, text_bytes, "%zuM", bytes >> 20);
	else
		snprintf(text, text_bytes, "%zuK", bytes >> 10);
	return text;
}

const struct system_pool *system_default_pool(const struct system *system)
{
	size_t wanted = system->sizes.default_huge;

	if (!wanted && system->sizes.huge_count)
		wanted = system->sizes.huge[0];
	for (int i = 0; i < system->sizes.huge_count; i++)
		if (system->pools[i].page_bytes == wanted)
			return &system->pools[i];
	return NULL;
}

static void read_nodes(struct system_pool *pool)
{
	for (int node = node_next(MACHINE); node != MACHINE && node < SYSTEM_NODES_MAX;
	     node = node_next(node)) {
		struct system_node *counts = &pool->nodes[pool->node_count];
		const struct {
			const char *name;
			unsigned long *count;
		} files[] = {
			{"nr_hugepages", &counts->total},
			{"free_hugepages", &counts->available},
			{"surplus_hugepages", &counts->surplus},
		};

		char path[160];

		/* a node without memory has no pools */
		pool_path(path, sizeof(path), pool->page_bytes, node, files[0].name);
		if (access(path, F_OK))
			continue;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			pool_path(path, sizeof(path), pool->page_bytes, node, files[i].name);
			*files[i].count = (unsigned long)system_number(path, 0);
		}
		counts->node = node;
		pool->node_count++;
	}
}

static void read_pools(struct system *system)
{
	for (int i = 0; i < system->sizes.huge_count; i++) {
		struct system_pool *pool = &system->pools[i];

		pool->page_bytes = system->sizes.huge[i];
		pool->readable = !pool_read(pool->page_bytes, &pool->pool);
		pool->limit_bytes = SYSTEM_NO_LIMIT;
		read_nodes(pool);
	}
}

bool system_has_capability(unsigned int capability)
{
	char status[8192], *line;

	if (sys_read_file("/proc/self/status", status, sizeof(status)) > 0 &&
	    (line = strstr(status, "\nCapEff:")))
		return strtoull(line + 8, NULL, 16) >> capability & 1;
	return !geteuid();
}

/*
 * By trying: a capability in a user namespace does not count, and before Linux 6.1 the limit of
 * locked memory did. No page is allocated or reserved for it.
 */
static bool may_have_shm(size_t page_bytes)
{
	int id = shmget(IPC_PRIVATE, page_bytes, IPC_CREAT | SHM_HUGETLB | SHM_NORESERVE | 0600);

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	return id >= 0 || errno != EPERM;
}

static unsigned long long limit_of(rlim_t value)
{
	return value == RLIM_INFINITY ? SYSTEM_NO_LIMIT : value;
}

static void read_process_limits(struct system *system)
{
	const char *name = "glibc.malloc.hugetlb=", *tunables = getenv("GLIBC_TUNABLES");
	struct rlimit limit;

	if (!getrlimit(RLIMIT_MEMLOCK, &limit))
		system->memlock_soft = limit_of(limit.rlim_cur);
	system->shmmax_bytes = system_number("/proc/sys/kernel/shmmax", 0);
	system->shmall_pages = system_number("/proc/sys/kernel/shmall", 0);
	system->shm_group = (long)system_number("/proc/sys/vm/hugetlb_shm_group", ULLONG_MAX);
	system->may_shm = may_have_shm(system->sizes.default_huge);
	system->thp_disabled_for_process = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1;
	tunables = tunables ? strstr(tunables, name) : NULL;
	if (tunables) {
		snprintf(system->tunables, sizeof(system->tunables), "%s", tunables + strlen(name));
		system->tunables[strcspn(system->tunables, ":")] = '\0';
	}
}

/* The file that a program of this user would read. */
static void read_config(struct config *config)
{
	const char *path = getenv("HUGETLB_CONFIG");

	if (!path)
		config_read(config, CONFIG_PATH, false, NULL);
	else if (*path == '/')
		config_read(config, path, true, NULL);
}

void system_read(struct system *system)
{
	struct utsname name;

	memset(system, 0, sizeof(*system));
	if (!uname(&name)) {
		snprintf(system->kernel, sizeof(system->kernel), "%s", name.release);
		snprintf(system->machine, sizeof(system->machine), "%s", name.machine);
	}
	system->glibc = gnu_get_libc_version();
	system->uid = geteuid();
	system->have_sys = !access("/sys/kernel/mm", F_OK);
	system->have_proc = !access("/proc/self", F_OK);
	sizes_read(&system->sizes, (size_t)sysconf(_SC_PAGESIZE));
	system->available_bytes = sizes_available_memory();
	read_pools(system);
	system_read_thp(system);
	system_read_mounts(system);
	system_read_limits(system);
	system_read_stalls(system);
	read_process_limits(system);
	read_config(&system->config);
	system_try(system);
}
