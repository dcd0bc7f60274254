/*
 * A process's parts and mappings as JSON, within an object that the caller has begun.
 */
#include <stdio.h>

#include "tools/common/json.h"
#include "tools/hugestat/process.h"

static void put_usage(const struct process *process, const struct usage *usage, struct json *json)
{
	json_number(json, "memory_kb", usage->memory);
	json_open(json, "hugetlb_kb", '{');
	for (int i = 0; i < process->table.hugetlb_size_count; i++) {
		char size[32];

		snprintf(size, sizeof(size), "%zu", process->table.hugetlb_sizes[i] >> 10);
		json_number(json, size, usage->hugetlb[i]);
	}
	json_close(json, '}');
	json_number(json, "thp_kb", usage->thp);
	json_number(json, "shmem_thp_kb", usage->shmem_thp);
	json_number(json, "file_thp_kb", usage->file_thp);
	json_number(json, "small_kb", usage->small);
	json_number(json, "swap_kb", usage->swap);
}

static void put_mapping(const struct process_mapping *mapping, struct json *json)
{
	const struct smaps_mapping *smaps = &mapping->smaps;
	char text[32];

	json_open(json, NULL, '{');
	snprintf(text, sizeof(text), "%llx", (unsigned long long)smaps->start);
	json_text(json, "start", text);
	snprintf(text, sizeof(text), "%llx", (unsigned long long)smaps->end);
	json_text(json, "end", text);
	json_text(json, "rights", smaps->rights);
	json_number(json, "offset", smaps->offset);
	json_number(json, "inode", smaps->inode);
	json_text(json, "name", smaps->name);
	json_text(json, "part", part_name(mapping->part));
	for (unsigned int field = 0; field < SMAPS_FIELDS; field++)
		if (smaps->present & 1u << field)
			json_number(json, smaps_field_name(field), smaps->value[field]);
	json_text(json, "VmFlags", smaps->flags);
	json_close(json, '}');
}

void process_json(const struct process *process, bool verbose, struct json *json)
{
	json_number(json, "pid", (unsigned long long)process->pid);
	json_text(json, "name", process->name);
	json_open(json, "parts", '[');
	for (int part = 0; part < PART_COUNT; part++) {
		json_open(json, NULL, '{');
		json_text(json, "part", part_name(part));
		put_usage(process, &process->table.parts[part], json);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "total", '{');
	put_usage(process, &process->table.total, json);
	json_close(json, '}');
	if (!verbose)
		return;
	json_open(json, "mappings", '[');
	for (size_t i = 0; i < process->count; i++)
		put_mapping(&process->mappings[i], json);
	json_close(json, ']');
}
