/*
 * The parts of a process: see classify.h.
 *
 * The kernel names little of what it maps, so this goes by what is sure first (the program's own
 * headers, names, stack pointers) and then by shapes: glibc's arenas begin on multiples of 64M,
 * libhugetlbfs's regions lie far from everything else. What fits nothing is "mappings".
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys.h"
#include "tools/hugestat/classify.h"

#define ARENA_BYTES ((uint64_t)64 << 20)

/* A guard below a thread's stack has a few pages; what is bigger is a reservation. */
#define GUARD_BYTES_MAX ((uint64_t)1 << 20)

static bool same_file(const struct smaps_mapping *a, const struct smaps_mapping *b)
{
	return a->inode && a->inode == b->inode && a->device_major == b->device_major &&
	       a->device_minor == b->device_minor;
}

static bool begins(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* Memory that is a file in the kernel's eyes only, and private: the heap on hugetlb pages. */
static bool is_private_memory(const struct smaps_mapping *mapping)
{
	return mapping->rights[3] == 'p' &&
	       (!mapping->inode || begins(mapping->name, "/anon_hugepage") ||
		begins(mapping->name, "/memfd:libhugetlbfs (") ||
		strstr(mapping->name, "/libhugetlbfs.tmp."));
}

/* In which part of the program the mapping's first byte is. */
static bool part_in_program(const struct smaps_mapping *mapping, const struct clues *clues,
			    enum part *part)
{
	const struct program_layout *program = &clues->program;
	uint64_t last_byte = clues->page_bytes - 1;

	for (int i = 0; i < program->count; i++) {
		uint64_t start = program->segments[i].start & ~last_byte;
		uint64_t end = (program->segments[i].end + last_byte) & ~last_byte;

		if (mapping->start < start || mapping->start >= end)
			continue;
		if (!program->segments[i].writable)
			*part = PART_TEXT;
		else
			*part = mapping->start >= program->segments[i].file_end ? PART_BSS
										: PART_DATA;
		return true;
	}
	return false;
}

static bool is_shared_memory(const struct smaps_mapping *mapping)
{
	return mapping->rights[3] == 's' &&
	       (begins(mapping->name, "/SYSV") || begins(mapping->name, "/dev/shm/") ||
		begins(mapping->name, "/memfd:") || begins(mapping->name, "/dev/zero") ||
		begins(mapping->name, "[anon_shmem") || begins(mapping->name, "/anon_hugepage") ||
		smaps_hugetlb_kb(mapping) || strstr(mapping->flags, "ht"));
}

/* Does any mapping of the same file have code? Then it is a library's. */
static bool is_object(const struct process_mapping *mappings, size_t count, size_t at)
{
	for (size_t i = 0; i < count; i++)
		if (mappings[i].smaps.rights[2] == 'x' &&
		    same_file(&mappings[i].smaps, &mappings[at].smaps))
			return true;
	return false;
}

static bool holds_stack(const struct smaps_mapping *mapping, const struct clues *clues)
{
	for (size_t i = 0; i < clues->stack_count; i++)
		if (clues->stack_pointers[i] >= mapping->start &&
		    clues->stack_pointers[i] < mapping->end)
			return true;
	return false;
}

static bool is_reserve(const struct smaps_mapping *mapping)
{
	return !mapping->inode && begins(mapping->rights, "---p");
}

/* Opened by malloc from a reservation of 64M, whose rest follows. */
static bool is_arena(const struct process_mapping *mappings, size_t count, size_t at)
{
	const struct smaps_mapping *mapping = &mappings[at].smaps;
	const struct smaps_mapping *next = at + 1 < count ? &mappings[at + 1].smaps : NULL;

	return !(mapping->start % ARENA_BYTES) && next && next->start == mapping->end &&
	       is_reserve(next) && next->end - mapping->start <= 2 * ARENA_BYTES &&
	       !(next->end % (ARENA_BYTES / 64));
}

/* libhugetlbfs's main region is in the lower half of the hole above the break, its zone above. */
struct hole {
	uint64_t start, end; /* 0, 0: the library is not there */
};

static struct hole find_hole(const struct process_mapping *mappings, size_t count)
{
	struct hole hole = {0, 0};
	bool preloaded = false;

	for (size_t i = 0; i < count; i++) {
		const struct smaps_mapping *mapping = &mappings[i].smaps;
		enum part part = mappings[i].part;

		if (strstr(mapping->name, "/libhugetlbfs.so"))
			preloaded = true;
		if (part == PART_TEXT || part == PART_DATA || part == PART_BSS ||
		    part == PART_BREAK)
			hole.start = mapping->end;
		else if (part == PART_LIBRARIES && mapping->start > hole.start && !hole.end)
			hole.end = mapping->start;
	}
	return preloaded && hole.end ? hole : (struct hole){0, 0};
}

/* What is sure by names and headers. PART_COUNT: not known yet. */
static enum part first_guess(const struct process_mapping *mappings, size_t count, size_t at,
			     const struct clues *clues)
{
	const struct smaps_mapping *mapping = &mappings[at].smaps;
	enum part part;

	if (part_in_program(mapping, clues, &part))
		return part;
	if (!strcmp(mapping->name, "[heap]"))
		return PART_BREAK;
	if (begins(mapping->name, "[stack") || holds_stack(mapping, clues))
		return PART_STACKS;
	if (begins(mapping->name, "[v"))
		return PART_KERNEL;
	if (is_shared_memory(mapping))
		return PART_SHARED;
	if (is_private_memory(mapping))
		return PART_COUNT;
	return mapping->inode && is_object(mappings, count, at) ? PART_LIBRARIES : PART_FILES;
}

static enum part second_guess(const struct process_mapping *mappings, size_t count, size_t at,
			      struct hole hole)
{
	const struct smaps_mapping *mapping = &mappings[at].smaps;
	const struct smaps_mapping *before = at ? &mappings[at - 1].smaps : NULL;
	uint64_t eighth = (hole.end - hole.start) / 8;
	bool adjacent = before && before->end == mapping->start;

	if (hole.end && mapping->start >= hole.start && mapping->start < hole.end) {
		if (mapping->start < hole.start + 4 * eighth)
			return PART_BREAK;
		if (mapping->start < hole.start + 7 * eighth)
			return PART_ARENAS;
	}
	if (adjacent && mappings[at - 1].part == PART_LIBRARIES && before->inode &&
	    before->rights[1] == 'w')
		return PART_LIBRARIES; /* its bss */
	/* Text or data of an object that is on other pages now lies between the object's own. */
	if (adjacent && at + 1 < count && mappings[at - 1].part == PART_LIBRARIES &&
	    mappings[at + 1].smaps.start == mapping->end &&
	    same_file(before, &mappings[at + 1].smaps))
		return PART_LIBRARIES;
	if (is_arena(mappings, count, at))
		return PART_ARENAS;
	if (adjacent && is_reserve(before) && before->end - before->start <= GUARD_BYTES_MAX &&
	    begins(mapping->rights, "rw") && !mapping->inode)
		return PART_STACKS;
	return PART_MAPPINGS;
}

void classify(struct process_mapping *mappings, size_t count, const struct clues *clues)
{
	struct hole hole;

	for (size_t i = 0; i < count; i++)
		mappings[i].part = first_guess(mappings, count, i, clues);
	hole = find_hole(mappings, count);
	for (size_t i = 0; i < count; i++)
		if (mappings[i].part == PART_COUNT)
			mappings[i].part = second_guess(mappings, count, i, hole);
}

/* "<call> <six arguments> <stack pointer> <program counter>", or "running". */
static bool stack_pointer_of(const char *text, uint64_t *pointer)
{
	const char *last = strrchr(text, ' '), *before = last;

	if (!last)
		return false;
	while (before > text && before[-1] != ' ')
		before--;
	*pointer = strtoull(before, NULL, 16);
	return *pointer != 0;
}

static void read_stack_pointers(pid_t pid, struct clues *clues)
{
	char path[300], text[256];
	DIR *directory;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		uint64_t pointer, *grown;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", (int)pid, entry->d_name);
		if (entry->d_name[0] == '.' || sys_read_file(path, text, sizeof(text)) <= 0 ||
		    !stack_pointer_of(text, &pointer))
			continue;
		grown = reallocarray(clues->stack_pointers, clues->stack_count + 1, sizeof(*grown));
		if (!grown)
			break;
		clues->stack_pointers = grown;
		grown[clues->stack_count++] = pointer;
	}
	if (directory)
		closedir(directory);
}

void process_classify(struct process *process)
{
	struct clues clues = {.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE)};

	program_layout_read(process->pid, &clues.program);
	read_stack_pointers(process->pid, &clues);
	classify(process->mappings, process->count, &clues);
	free(clues.stack_pointers);
}
