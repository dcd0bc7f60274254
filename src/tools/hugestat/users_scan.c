/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which processes, segments and files hold huge pages: see users.h. The order of steps, and the
 * rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "proc/cgroup.h"
#include "tools/common/nodes.h"
#include "tools/hugestat/users_scan.h"

void *scan_grow(void *list, size_t count, size_t *room, size_t element_bytes)
{
	if (count < *room)
		return list;
	*room = *room ? 2 * *room : 64;
	list = reallocarray(list, *room, element_bytes);
	if (!list) {
		fputs("hugestat: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return list;
}

char *scan_copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

/* The hugetlb controller's group, or that of version 2, or of a hierarchy without controllers. */
static char *cgroup_of(pid_t pid)
{
	static const char *const controllers[] = {"hugetlb", "", "name=systemd"};
	char path[64], lines[4096];
	struct cgroup group;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	if (sys_read_file(path, lines, sizeof(lines)) <= 0)
		return NULL;
	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		if (cgroup_find(&group, lines, controllers[i], ""))
			return scan_copy(*group.path ? group.path : "/");
	return NULL;
}

struct holder *scan_new_holder(struct scan *scan, enum holder_kind kind, int pool, const char *name)
{
	struct users *users = scan->users;
	struct holder *holder;

	users->holders = scan_grow(users->holders, users->count, &scan->holder_room,
				   sizeof(*users->holders));
	holder = &users->holders[users->count++];
	*holder = (struct holder){
		.kind = kind, .page_bytes = users->pools[pool].page_bytes, .name = scan_copy(name)};
	return holder;
}

struct holder *scan_holder(struct scan *scan, size_t number, int pool)
{
	struct scan_process *process = &scan->processes[number];
	char path[64], name[64];
	struct holder *holder;
	struct stat status;
	long bytes;

	if (process->holders[pool] >= 0)
		return &scan->users->holders[process->holders[pool]];
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)process->pid);
	bytes = sys_read_file(path, name, sizeof(name));
	name[bytes > 0 ? bytes - 1 : 0] = '\0';
	holder = scan_new_holder(scan, HOLDER_PROCESS, pool, name);
	snprintf(path, sizeof(path), "/proc/%d", (int)process->pid);
	holder->uid = stat(path, &status) ? (uid_t)-1 : status.st_uid;
	holder->pid = process->pid;
	holder->cgroup = cgroup_of(process->pid);
	process->holders[pool] = (long)scan->users->count - 1;
	return holder;
}

static int by_bytes(const void *a, const void *b)
{
	const struct holder *first = a, *second = b;
	const uint64_t bytes[2] = {
		(uint64_t)(first->in_use + first->reserved) * first->page_bytes,
		(uint64_t)(second->in_use + second->reserved) * second->page_bytes,
	};

	if (bytes[0] != bytes[1])
		return bytes[0] > bytes[1] ? -1 : 1;
	return first->pid < second->pid ? -1 : first->pid > second->pid;
}

static int cgroups_by_bytes(const void *a, const void *b)
{
	const struct users_cgroup *first = a, *second = b;
	const uint64_t bytes[2] = {
		(uint64_t)(first->in_use + first->reserved) * first->page_bytes,
		(uint64_t)(second->in_use + second->reserved) * second->page_bytes,
	};

	if (bytes[0] != bytes[1])
		return bytes[0] > bytes[1] ? -1 : 1;
	return strcmp(first->path, second->path);
}

void users_add_cgroup(struct users *users, const char *path, size_t page_bytes,
		      unsigned long in_use, unsigned long reserved)
{
	struct users_cgroup *grown;

	for (size_t i = 0; i < users->cgroup_count; i++) {
		if (users->cgroups[i].page_bytes != page_bytes ||
		    strcmp(users->cgroups[i].path, path))
			continue;
		users->cgroups[i].in_use += in_use;
		users->cgroups[i].reserved += reserved;
		return;
	}
	grown = reallocarray(users->cgroups, users->cgroup_count + 1, sizeof(*grown));
	if (!grown)
		abort();
	users->cgroups = grown;
	grown[users->cgroup_count++] =
		(struct users_cgroup){scan_copy(path), page_bytes, in_use, reserved};
}

static void sum_cgroups(struct users *users)
{
	users->cgroups_counted = users_read_cgroups(users);
	for (size_t i = 0; !users->cgroups_counted && i < users->count; i++)
		if (users->holders[i].cgroup)
			users_add_cgroup(users, users->holders[i].cgroup,
					 users->holders[i].page_bytes, users->holders[i].in_use,
					 users->holders[i].reserved);
	if (users->cgroup_count)
		qsort(users->cgroups, users->cgroup_count, sizeof(*users->cgroups),
		      cgroups_by_bytes);
}

static void read_pools(struct users *users)
{
	struct page_sizes sizes;

	sizes_read(&sizes, (size_t)sysconf(_SC_PAGESIZE));
	users->pool_count = 0;
	for (int i = 0; i < sizes.huge_count; i++) {
		struct pool pool;

		if (pool_read(sizes.huge[i], &pool))
			continue;
		users->pools[users->pool_count++] = (struct users_pool){
			.page_bytes = sizes.huge[i],
			.total = pool.total,
			.in_use = pool.total - pool.available,
			.reserved = pool.reserved,
		};
	}
}

/* The only node, or -1. */
static int find_nodes(struct users *users)
{
	users->node_count = node_count();
	if (users->node_count > 1)
		return -1;
	return users->node_count ? node_next(MACHINE) : 0;
}

static void free_scan(struct scan *scan)
{
	for (size_t i = 0; i < scan->device_count; i++)
		free(scan->devices[i].root);
	for (size_t i = 0; i < scan->object_count; i++) {
		free(scan->objects[i].name);
		free(scan->objects[i].nodes);
		free(scan->objects[i].processes);
	}
	free(scan->devices);
	free(scan->namespaces);
	free(scan->processes);
	free(scan->objects);
	free(scan->pages);
	free(scan->reservations);
}

static void drop_empty_rows(struct users *users)
{
	size_t kept = 0;

	for (size_t i = 0; i < users->count; i++) {
		struct holder *holder = &users->holders[i];

		if (holder->in_use || holder->reserved || holder->shared) {
			users->holders[kept++] = *holder;
			continue;
		}
		free(holder->name);
		free(holder->cgroup);
		free(holder->processes);
	}
	users->count = kept;
}

const char *users_kind_name(enum holder_kind kind)
{
	static const char *const names[] = {
		[HOLDER_PROCESS] = "process",
		[HOLDER_SHM] = "shm",
		[HOLDER_FILE] = "file",
		[HOLDER_NAMELESS] = "nameless file",
	};

	return names[kind];
}

void users_read(struct users *users)
{
	struct scan scan = {.users = users};

	*users = (struct users){.frames_seen = true, .readable = !access("/proc/self", F_OK)};
	read_pools(users);
	scan.only_node = find_nodes(users);
	scan_own_devices(&scan);
	scan_mounts_of(&scan, getpid());
	scan_processes(&scan);
	read_pools(users); /* again, as close as possible to when the processes were read */
	scan_files(&scan);
	scan_segments(&scan);
	owners_of_private_pages(&scan);
	owners_account(&scan);
	scan_idle_segments(&scan);
	owners_account(&scan);
	owners_of_objects(&scan);
	drop_empty_rows(users);
	if (users->count)
		qsort(users->holders, users->count, sizeof(*users->holders), by_bytes);
	sum_cgroups(users);
	free_scan(&scan);
}

void users_free(struct users *users)
{
	for (size_t i = 0; i < users->count; i++) {
		free(users->holders[i].name);
		free(users->holders[i].cgroup);
		free(users->holders[i].processes);
	}
	for (size_t i = 0; i < users->cgroup_count; i++)
		free(users->cgroups[i].path);
	free(users->holders);
	free(users->cgroups);
	*users = (struct users){0};
}
