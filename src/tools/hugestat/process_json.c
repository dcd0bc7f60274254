/*
 * A process's parts and mappings as JSON, within an object that the caller has begun.
 */
#include <stdio.h>

#include "tools/hugestat/json.h"
#include "tools/hugestat/process.h"

static void put_usage(const struct process *process, const struct usage *usage, struct json *json)
{
	writer_number(json, "memory_kb", usage->memory);
	writer_object(json, "hugetlb_kb");
	for (int i = 0; i < process->table.hugetlb_size_count; i++) {
		char size[32];

		snprintf(size, sizeof(size), "%zu", process->table.hugetlb_sizes[i] >> 10);
		writer_number(json, size, usage->hugetlb[i]);
	}
	writer_object_end(json);
	writer_number(json, "thp_kb", usage->thp);
	writer_number(json, "shmem_thp_kb", usage->shmem_thp);
	writer_number(json, "file_thp_kb", usage->file_thp);
	writer_number(json, "small_kb", usage->small);
	writer_number(json, "swap_kb", usage->swap);
}

static void put_mapping(const struct process_mapping *mapping, struct json *json)
{
	const struct smaps_mapping *smaps = &mapping->smaps;
	char text[32];

	writer_object(json, NULL);
	snprintf(text, sizeof(text), "%llx", (unsigned long long)smaps->start);
	writer_string(json, "start", text);
	snprintf(text, sizeof(text), "%llx", (unsigned long long)smaps->end);
	writer_string(json, "end", text);
	writer_string(json, "rights", smaps->rights);
	writer_number(json, "offset", smaps->offset);
	writer_number(json, "inode", smaps->inode);
	writer_string(json, "name", smaps->name);
	writer_string(json, "part", part_name(mapping->part));
	for (unsigned int field = 0; field < SMAPS_FIELDS; field++)
		if (smaps->present & 1u << field)
			writer_number(json, smaps_field_name(field), smaps->value[field]);
	writer_string(json, "VmFlags", smaps->flags);
	writer_object_end(json);
}

void process_json(const struct process *process, bool verbose, struct json *json)
{
	writer_number(json, "pid", (unsigned long long)process->pid);
	writer_string(json, "name", process->name);
	writer_array(json, "parts");
	for (int part = 0; part < PART_COUNT; part++) {
		writer_object(json, NULL);
		writer_string(json, "part", part_name(part));
		put_usage(process, &process->table.parts[part], json);
		writer_object_end(json);
	}
	writer_array_end(json);
	writer_object(json, "total");
	put_usage(process, &process->table.total, json);
	writer_object_end(json);
	if (!verbose)
		return;
	writer_array(json, "mappings");
	for (size_t i = 0; i < process->count; i++)
		put_mapping(&process->mappings[i], json);
	writer_array_end(json);
}
