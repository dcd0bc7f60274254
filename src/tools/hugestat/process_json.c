/*
 * A process's parts and mappings as JSON, within an object that the caller has begun.
 */
#include <stdio.h>

#include "tools/hugestat/json.h"
#include "tools/hugestat/process.h"

static void put_usage(const struct process *process, const struct usage *usage, struct json *json)
{
	json_number(json, "memory_kb", usage->memory);
	json_object(json, "hugetlb_kb");
	for (int i = 0; i < process->hugetlb_size_count; i++) {
		char size[32];

		snprintf(size, sizeof(size), "%zu", process->hugetlb_sizes[i] >> 10);
		json_number(json, size, usage->hugetlb[i]);
	}
	json_object_end(json);
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

	json_object(json, NULL);
	snprintf(text, sizeof(text), "%llx", (unsigned long long)smaps->start);
	json_string(json, "start", text);
	snprintf(text, sizeof(text), "%llx", (unsigned long long)smaps->end);
	json_string(json, "end", text);
	json_string(json, "rights", smaps->rights);
	json_number(json, "offset", smaps->offset);
	json_number(json, "inode", smaps->inode);
	json_string(json, "name", smaps->name);
	json_string(json, "part", part_name(mapping->part));
	for (unsigned int field = 0; field < SMAPS_FIELDS; field++)
		if (smaps->present & 1u << field)
			json_number(json, smaps_field_name(field), smaps->value[field]);
	json_string(json, "VmFlags", smaps->flags);
	json_object_end(json);
}

void process_json(const struct process *process, bool verbose, struct json *json)
{
	json_number(json, "pid", (unsigned long long)process->pid);
	json_string(json, "name", process->name);
	json_array(json, "parts");
	for (int part = 0; part < PART_COUNT; part++) {
		json_object(json, NULL);
		json_string(json, "part", part_name(part));
		put_usage(process, &process->parts[part], json);
		json_object_end(json);
	}
	json_array_end(json);
	json_object(json, "total");
	put_usage(process, &process->total, json);
	json_object_end(json);
	if (!verbose)
		return;
	json_array(json, "mappings");
	for (size_t i = 0; i < process->count; i++)
		put_mapping(&process->mappings[i], json);
	json_array_end(json);
}
