/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process's parts and mappings as JSON, in an object that the caller has opened.
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

static void put_part(struct json *json, const void *of, size_t part)
{
	const struct process *process = of;

	json_text(json, "part", part_name((enum part)part));
	put_usage(process, &process->table.parts[part], json);
}

static void put_file(struct json *json, const void *of, size_t number)
{
	const struct usage_file *file = &((const struct usage_files *)of)->files[number];

	json_text(json, "name", file->name);
	json_number(json, "memory_kb", file->memory);
	json_number(json, "huge_kb", file->huge);
}

static void put_mapping(struct json *json, const void *process, size_t number)
{
	const struct process_mapping *mapping =
		&((const struct process *)process)->mappings[number];
	const struct smaps_mapping *smaps = &mapping->smaps;
	char text[32];

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
}

void process_json(const struct process *process, bool verbose, struct json *json)
{
	json_number(json, "pid", (unsigned long long)process->pid);
	json_text(json, "name", process->name);
	json_objects(json, "parts", PART_COUNT, put_part, process);
	json_open(json, "total", '{');
	put_usage(process, &process->table.total, json);
	json_close(json, '}');
	json_objects(json, "files", (size_t)process->files.count, put_file, &process->files);
	if (verbose)
		json_objects(json, "mappings", process->count, put_mapping, process);
}
