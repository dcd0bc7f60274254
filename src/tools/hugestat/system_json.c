/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system's facts as JSON.
 */
#include <string.h>

#include "tools/common/json.h"
#include "tools/hugestat/system.h"

static void known_number(struct json *json, const char *name, unsigned long long value, bool known)
{
	if (known)
		json_number(json, name, value);
	else
		json_text(json, name, NULL);
}

static void known_boolean(struct json *json, const char *name, bool value, bool known)
{
	if (known)
		json_boolean(json, name, value);
	else
		json_text(json, name, NULL);
}

static void known_word(struct json *json, const char *name, const char *word, bool known)
{
	json_text(json, name, known ? word : NULL);
}

static void number_or_null(struct json *json, const char *name, unsigned long long value)
{
	known_number(json, name, value, value != SYSTEM_NO_LIMIT);
}

static void put_node(struct json *json, const void *pool, size_t number)
{
	const struct system_node *node = &((const struct system_pool *)pool)->nodes[number];

	json_number(json, "node", (unsigned long long)node->node);
	json_number(json, "total", node->total);
	json_number(json, "free", node->available);
	json_number(json, "surplus", node->surplus);
}

static void put_pool(struct json *json, const void *of, size_t number)
{
	const struct system *system = of;
	const struct system_pool *pool = &system->pools[number];

	json_number(json, "page_kb", pool->page_bytes >> 10);
	json_boolean(json, "default", pool->page_bytes == system->sizes.default_huge);
	known_number(json, "total", pool->pool.total, pool->readable);
	known_number(json, "free", pool->pool.available, pool->readable);
	known_number(json, "reserved", pool->pool.reserved, pool->readable);
	known_number(json, "surplus", pool->pool.surplus, pool->readable);
	known_number(json, "overcommit", pool->pool.overcommit, pool->readable);
	json_objects(json, "nodes", (size_t)pool->node_count, put_node, pool);
	json_open(json, "cgroup", '{');
	number_or_null(json, "limit_kb",
		       pool->limit_bytes == SYSTEM_NO_LIMIT ? SYSTEM_NO_LIMIT
							    : pool->limit_bytes >> 10);
	known_number(json, "usage_kb", pool->usage_bytes >> 10,
		     system->have_proc && system->have_sys);
	json_text(json, "file", pool->limit_path);
	json_close(json, '}');
	known_boolean(json, "page_can_be_had", !pool->tried, pool->tried <= 0);
}

static void put_thp_size(struct json *json, const void *system, size_t number)
{
	const struct system_thp_size *size = &((const struct system *)system)->thp_sizes[number];

	json_number(json, "page_kb", size->kb);
	json_text(json, "enabled", size->enabled);
	json_text(json, "shmem_enabled", size->shmem_enabled);
	json_number(json, "in_use", size->in_use);
	json_number(json, "fault_alloc", size->fault_alloc);
	json_number(json, "fault_fallback", size->fault_fallback);
	json_number(json, "split", size->split);
}

static void put_thp(const struct system *system, struct json *json)
{
	const bool known = system->have_sys;

	json_open(json, "transparent", '{');
	known_number(json, "page_kb", system->sizes.thp >> 10, known);
	known_word(json, "enabled", system->thp_enabled, known);
	known_word(json, "defrag", system->thp_defrag, known);
	known_word(json, "shmem_enabled", system->thp_shmem, known);
	json_boolean(json, "off_for_process", system->thp_disabled_for_process);
	known_word(json, "khugepaged_defrag", system->khugepaged_defrag, known);
	known_number(json, "khugepaged_pages_to_scan", system->khugepaged_pages, known);
	known_number(json, "khugepaged_scan_sleep_ms", system->khugepaged_scan_ms, known);
	known_number(json, "khugepaged_alloc_sleep_ms", system->khugepaged_alloc_ms, known);
	known_boolean(json, "page_can_be_had", system->thp_tried_kb != 0,
		      known && system->have_proc);
	json_objects(json, "sizes", (size_t)system->thp_size_count, put_thp_size, system);
	json_close(json, '}');
}

static void put_mount(struct json *json, const void *system, size_t number)
{
	const struct system_mount *mount = &((const struct system *)system)->mounts[number];

	json_text(json, "path", mount->path);
	json_number(json, "page_kb", mount->page_bytes >> 10);
	json_number(json, "uid", mount->uid);
	json_number(json, "gid", mount->gid);
	json_number(json, "mode", mount->mode);
	json_boolean(json, "usable", mount->writable);
	number_or_null(json, "limit_pages", mount->total ? mount->total : SYSTEM_NO_LIMIT);
	number_or_null(json, "free_pages", mount->total ? mount->free : SYSTEM_NO_LIMIT);
}

/* The members of which nothing is known. Elsewhere null means that there is no limit or no value.
 */
static void put_unknown(const struct system *system, struct json *json)
{
	json_open(json, "unknown", '[');
	if (!system->have_sys) {
		json_text(json, NULL, "pools");
		json_text(json, NULL, "transparent");
	}
	if (!system->have_proc || !system->have_sys)
		json_text(json, NULL, "cgroup");
	if (!system->have_proc) {
		json_text(json, NULL, "mounts");
		json_text(json, NULL, "limits");
		json_text(json, NULL, "users");
	}
	json_close(json, ']');
}

void system_json(const struct system *system, struct json *json)
{
	const bool proc = system->have_proc;

	put_unknown(system, json);
	json_text(json, "kernel", system->kernel);
	json_text(json, "machine", system->machine);
	json_text(json, "glibc", system->glibc);
	json_text(json, "glibc_malloc_hugetlb", system->tunables[0] ? system->tunables : NULL);
	json_objects(json, "pools", (size_t)system->sizes.huge_count, put_pool, system);
	put_thp(system, json);
	json_objects(json, "mounts", (size_t)system->mount_count, put_mount, system);
	json_open(json, "limits", '{');
	number_or_null(json, "memlock_bytes", system->memlock_soft);
	known_number(json, "shmmax_bytes", system->shmmax_bytes,
		     proc && system->shmmax_bytes != SYSTEM_NO_LIMIT);
	known_number(json, "shmall_pages", system->shmall_pages,
		     proc && system->shmall_pages != SYSTEM_NO_LIMIT);
	json_boolean(json, "shm_on_huge_pages", system->may_shm);
	known_number(json, "shm_group", (unsigned long long)system->shm_group,
		     system->shm_group >= 0);
	json_close(json, '}');
}
