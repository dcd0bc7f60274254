/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads and classifies this process's mappings.
 */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "base/program.h"
#include "base/sys.h"
#include "usage/records.h"
#include "usage/stacks.h"

#define FIRST_BYTES ((size_t)1 << 18)

struct record {
	struct part_mapping place;
	struct usage_figures figures;
	uint64_t stack_pointer;
};

/* Three arrays, so that parts_classify() gets one of places. As many threads as mappings: with
 * more, some are left out. */
struct records {
	struct part_mapping *places;
	struct usage_figures *figures;
	uint64_t *stack_pointers;
	uintptr_t memory;
	size_t bytes, room, count;
};

static void lay_out(struct records *records)
{
	records->room = records->bytes / sizeof(struct record);
	records->places = (struct part_mapping *)records->memory;
	records->figures = (struct usage_figures *)(records->places + records->room);
	records->stack_pointers = (uint64_t *)(records->figures + records->room);
}

/* Shared, because the kernel would merge a private mapping with a private neighbour. */
static long map_records(size_t bytes)
{
	return sys_mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static int begin(struct records *records, size_t bytes)
{
	long at = map_records(bytes);

	if (SYS_IS_ERROR(at))
		return (int)at;
	*records = (struct records){.memory = (uintptr_t)at, .bytes = bytes};
	lay_out(records);
	return 0;
}

static void end(struct records *records)
{
	sys_munmap(records->memory, records->bytes);
}

/* Returns -EAGAIN if the space is used up. */
static int read_mappings(struct records *records)
{
	struct smaps_mapping mapping;
	struct smaps smaps;
	int result = smaps_open(&smaps, "/proc/self/smaps");

	if (result)
		return result;
	while (!result && smaps_next(&smaps, &mapping)) {
		if (mapping.start == records->memory)
			continue;
		if (records->count == records->room) {
			result = -EAGAIN;
			break;
		}
		part_mapping_read(&records->places[records->count], &mapping);
		usage_figures(&records->figures[records->count], &mapping);
		records->count++;
	}
	smaps_close(&smaps);
	return result;
}

static void read_program(struct program_layout *program)
{
	const struct program_headers own = program_headers();

	program->count = 0;
	for (size_t i = 0; i < own.count && program->count < PROGRAM_SEGMENTS_MAX; i++) {
		const ElfW(Phdr) *header = &own.at[i];
		int at = program->count;

		if (header->p_type != PT_LOAD)
			continue;
		program->segments[at].start = header->p_vaddr + own.bias;
		program->segments[at].file_end = program->segments[at].start + header->p_filesz;
		program->segments[at].end = program->segments[at].start + header->p_memsz;
		program->segments[at].writable = header->p_flags & PF_W;
		program->count++;
	}
}

static void add_up(struct own_usage *usage, const struct records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		const struct usage_figures *figures = &records->figures[i];
		const struct part_mapping *place = &records->places[i];

		usage_add(&usage->table, (enum part)place->part, figures);
		if (place->name == NAME_BREAK)
			usage->early_small_kb += figures->resident - figures->thp;
	}
}

/* A second look, for the names, which have no place in the records. */
static void read_files(struct own_usage *usage, const struct records *records)
{
	struct smaps_mapping mapping;
	struct smaps smaps;
	size_t at = 0;

	if (usage->table.parts[PART_FILES].memory < USAGE_FILE_KB_MIN ||
	    smaps_open(&smaps, "/proc/self/smaps"))
		return;
	while (smaps_next(&smaps, &mapping)) {
		while (at < records->count && records->places[at].start < mapping.start)
			at++;
		if (at < records->count && records->places[at].start == mapping.start &&
		    records->places[at].part == PART_FILES)
			usage_files_add(&usage->files, &mapping, "");
	}
	smaps_close(&smaps);
	usage_files_sort(&usage->files);
}

int own_usage_read(struct own_usage *usage, struct clues *clues)
{
	struct records records;
	size_t bytes = FIRST_BYTES;
	int result;

	memset(usage, 0, sizeof(*usage));
	clues->page_bytes = getauxval(AT_PAGESZ);
	read_program(&clues->program);
	do {
		result = begin(&records, bytes);
		if (result)
			return result;
		result = read_mappings(&records);
		if (!result) {
			clues->stack_limit = sys_limit(RLIMIT_STACK);
			clues->stack_pointers = records.stack_pointers;
			clues->stack_count =
				stacks_read("self", (uintptr_t)__builtin_frame_address(0),
					    records.stack_pointers, records.room);
			parts_classify(records.places, records.count, clues);
			add_up(usage, &records);
			read_files(usage, &records);
		}
		clues->stack_pointers = NULL;
		clues->stack_count = 0;
		end(&records);
		bytes *= 2;
	} while (result == -EAGAIN);
	return result;
}
