/*
 * The system's facts as JSON.
 */
#include <string.h>

#include "tools/hugestat/json.h"
#include "tools/hugestat/system.h"

static void number_or_null(struct json *json, const char *name, unsigned long long value)
{
	if (value == SYSTEM_NO_LIMIT)
		writer_null(json, name);
	else
		writer_number(json, name, value);
}

static void put_pool(const struct system *system, const struct system_pool *pool, struct json *json)
{
	writer_object(json, NULL);
	writer_number(json, "page_kb", pool->page_bytes >> 10);
	writer_bool(json, "default", pool->page_bytes == system->sizes.default_huge);
	if (pool->readable) {
		writer_number(json, "total", pool->pool.total);
		writer_number(json, "free", pool->pool.available);
		writer_number(json, "reserved", pool->pool.reserved);
		writer_number(json, "surplus", pool->pool.surplus);
		writer_number(json, "overcommit", pool->pool.overcommit);
	}
	writer_array(json, "nodes");
	for (int i = 0; i < pool->node_count; i++) {
		writer_object(json, NULL);
		writer_number(json, "node", (unsigned long long)pool->nodes[i].node);
		writer_number(json, "total", pool->nodes[i].total);
		writer_number(json, "free", pool->nodes[i].available);
		writer_number(json, "surplus", pool->nodes[i].surplus);
		writer_object_end(json);
	}
	writer_array_end(json);
	writer_object(json, "cgroup");
	number_or_null(json, "limit_kb",
		       pool->limit_bytes == SYSTEM_NO_LIMIT ? SYSTEM_NO_LIMIT
							    : pool->limit_bytes >> 10);
	writer_number(json, "usage_kb", pool->usage_bytes >> 10);
	writer_string(json, "file", pool->limit_path);
	writer_object_end(json);
	if (pool->tried > 0)
		writer_null(json, "page_can_be_had");
	else
		writer_bool(json, "page_can_be_had", !pool->tried);
	writer_object_end(json);
}

static void put_thp(const struct system *system, struct json *json)
{
	writer_object(json, "transparent");
	writer_number(json, "page_kb", system->sizes.thp >> 10);
	writer_string(json, "enabled", system->thp_enabled);
	writer_string(json, "defrag", system->thp_defrag);
	writer_string(json, "shmem_enabled", system->thp_shmem);
	writer_number(json, "khugepaged_pages_to_scan", system->khugepaged_pages);
	writer_number(json, "khugepaged_scan_sleep_ms", system->khugepaged_scan_ms);
	writer_number(json, "khugepaged_alloc_sleep_ms", system->khugepaged_alloc_ms);
	writer_bool(json, "page_can_be_had", system->thp_tried_kb != 0);
	writer_array(json, "sizes");
	for (int i = 0; i < system->thp_size_count; i++) {
		const struct system_thp_size *size = &system->thp_sizes[i];

		writer_object(json, NULL);
		writer_number(json, "page_kb", size->kb);
		writer_string(json, "enabled", size->enabled);
		writer_string(json, "shmem_enabled", size->shmem_enabled);
		writer_number(json, "in_use", size->in_use);
		writer_number(json, "fault_alloc", size->fault_alloc);
		writer_number(json, "fault_fallback", size->fault_fallback);
		writer_number(json, "split", size->split);
		writer_object_end(json);
	}
	writer_array_end(json);
	writer_object_end(json);
}

static void put_mounts(const struct system *system, struct json *json)
{
	writer_array(json, "mounts");
	for (int i = 0; i < system->mount_count; i++) {
		const struct system_mount *mount = &system->mounts[i];

		writer_object(json, NULL);
		writer_string(json, "path", mount->path);
		writer_number(json, "page_kb", mount->page_bytes >> 10);
		writer_number(json, "uid", mount->uid);
		writer_number(json, "gid", mount->gid);
		writer_number(json, "mode", mount->mode);
		writer_bool(json, "usable", mount->writable);
		writer_object_end(json);
	}
	writer_array_end(json);
}

void system_json(const struct system *system, struct json *json)
{
	writer_string(json, "kernel", system->kernel);
	writer_string(json, "machine", system->machine);
	writer_string(json, "glibc", system->glibc);
	writer_array(json, "pools");
	for (int i = 0; i < system->sizes.huge_count; i++)
		put_pool(system, &system->pools[i], json);
	writer_array_end(json);
	put_thp(system, json);
	put_mounts(system, json);
	writer_object(json, "limits");
	number_or_null(json, "memlock_bytes", system->memlock_soft);
	number_or_null(json, "shmmax_bytes", system->shmmax_bytes);
	number_or_null(json, "shmall_pages", system->shmall_pages);
	writer_bool(json, "shm_on_huge_pages", system->may_shm);
	writer_object_end(json);
}
