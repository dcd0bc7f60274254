/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of a process: see parts.h.
 *
 * The kernel names few of its mappings, so this uses certain information first (the program's own
 * headers, names, stack pointers) and then heuristics: glibc's arenas begin on multiples of 64M, or
 * of 1M in a 32-bit program, and libhugetlbfs's regions lie far from everything else. Mappings that
 * match nothing are "other mappings".
 */
#include <string.h>

#include "proc/holes.h"
#include "proc/smaps.h"
#include "usage/parts.h"

#define ARENA_BYTES    ((uint64_t)64 << 20)
#define ARENA_BYTES_32 ((uint64_t)1 << 20)

/* A guard below a thread's stack has a few pages; a larger mapping is a reservation. */
#define GUARD_BYTES_MAX ((uint64_t)1 << 20)

/* The usual limit; where it is lower, a program gives its threads more all the same. */
#define STACK_BYTES ((uint64_t)8 << 20)

/* The records of libhugetlbfs are at least this far from the memory that they describe. */
#define RECORDS_GAP_BYTES ((uint64_t)1 << 30)
#define HUGE_BYTES_MIN    ((uint64_t)2 << 20)

static bool begins(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

static bool is_shared_name(const char *name)
{
	static const char prefixes[][sizeof("/anon_hugepage")] = {
		"/SYSV", "/dev/shm/", "/memfd:", "/dev/zero", "[anon_shmem", "/anon_hugepage"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (begins(name, prefixes[i]))
			return true;
	return false;
}

static enum part_mapping_name name_of(const struct smaps_mapping *mapping)
{
	const char *name = mapping->name;

	if (!name[0])
		return NAME_NONE;
	if (!strcmp(name, "[heap]"))
		return NAME_BREAK;
	if (begins(name, "[stack"))
		return NAME_STACK;
	if (begins(name, "[v"))
		return NAME_KERNEL;
	if (mapping->rights[3] == 's' && (is_shared_name(name) || smaps_is_hugetlb(mapping)))
		return NAME_SHARED;
	if (begins(name, "/anon_hugepage") || begins(name, "/memfd:libhugetlbfs (") ||
	    strstr(name, "/libhugetlbfs.tmp."))
		return NAME_HUGE;
	return strstr(name, "/libhugetlbfs.so") ? NAME_OURS : NAME_OTHER;
}

void part_mapping_read(struct part_mapping *place, const struct smaps_mapping *mapping)
{
	*place = (struct part_mapping){
		.start = mapping->start,
		.end = mapping->end,
		.inode = mapping->inode,
		.device_major = mapping->device_major,
		.device_minor = mapping->device_minor,
		.is_hugetlb = smaps_is_hugetlb(mapping),
		.name = name_of(mapping),
		.part = PART_COUNT,
	};
	memcpy(place->rights, mapping->rights, sizeof(place->rights));
}

static bool same_file(const struct part_mapping *a, const struct part_mapping *b)
{
	return a->inode && SMAPS_SAME_FILE(a, b);
}

static bool is_private_memory(const struct part_mapping *place)
{
	return place->rights[3] == 'p' && (!place->inode || place->name == NAME_HUGE);
}

/* The part of the program that the mapping's first byte belongs to. */
static bool part_in_program(const struct part_mapping *place, const struct clues *clues,
			    enum part *part)
{
	const struct program_layout *program = &clues->program;
	uint64_t last_byte = clues->page_bytes - 1;

	for (int i = 0; i < program->count; i++) {
		uint64_t start = program->segments[i].start & ~last_byte;
		uint64_t end = (program->segments[i].end + last_byte) & ~last_byte;

		if (place->start < start || place->start >= end)
			continue;
		if (!program->segments[i].writable)
			*part = PART_TEXT;
		else
			*part = place->start >= program->segments[i].file_end ? PART_BSS
									      : PART_DATA;
		return true;
	}
	return false;
}

/* The place whose first_of_hash begins the list for the file's hash. */
static size_t hash_of(const struct part_mapping *place, size_t count)
{
	uint64_t file = place->inode ^ (uint64_t)place->device_major << 52 ^
			(uint64_t)place->device_minor << 32;

	return (size_t)((file * 0x9e3779b97f4a7c15) >> 32) % count;
}

/* Does any mapping of the same file contain code? Then the file is a library. */
static bool is_object(const struct part_mapping *places, size_t count, size_t at)
{
	uint32_t number = places[hash_of(&places[at], count)].first_of_hash;

	while (number && !same_file(&places[number - 1], &places[at]))
		number = places[number - 1].next_of_hash;
	return number != 0;
}

/* Finds one mapping of each file with code: a process may map any number of pieces of files, too
 * many to compare each with all others. */
static void find_objects(struct part_mapping *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		places[i].first_of_hash = places[i].next_of_hash = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t *first;

		if (!places[i].inode || places[i].rights[2] != 'x' || is_object(places, count, i))
			continue;
		first = &places[hash_of(&places[i], count)].first_of_hash;
		places[i].next_of_hash = *first;
		*first = (uint32_t)(i + 1);
	}
}

/* How many stack pointers are below an address. */
static size_t stacks_below(const struct clues *clues, uint64_t address)
{
	size_t low = 0, high = clues->stack_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (clues->stack_pointers[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The kernel joins a stack and the memory beside it to one mapping. It is then larger than its
 * stacks can be, and counts as the other memory. */
static bool is_no_larger_than(const struct part_mapping *place, size_t stacks,
			      const struct clues *clues)
{
	uint64_t most = STACK_BYTES;

	if (clues->stack_limit > most && clues->stack_limit < INT64_MAX)
		most = clues->stack_limit;
	return (place->end - place->start) / (most + GUARD_BYTES_MAX) < stacks;
}

static bool holds_stacks(const struct part_mapping *place, const struct clues *clues)
{
	const size_t stacks = stacks_below(clues, place->end) - stacks_below(clues, place->start);

	return stacks && is_no_larger_than(place, stacks, clues);
}

static bool is_reserve(const struct part_mapping *place)
{
	return !place->inode && begins(place->rights, "---p");
}

static bool is_32_bit(const struct part_mapping *places, size_t count)
{
	return places[count - 1].end <= (uint64_t)1 << 32;
}

/* Opened by malloc from a reservation, whose rest follows. Arenas of 32-bit programs are small:
 * several adjacent ones may be full, and a stack's guard may continue the rest of the last one. */
static bool is_arena(const struct part_mapping *places, size_t count, size_t at)
{
	const struct part_mapping *place = &places[at],
				  *next = at + 1 < count ? &places[at + 1] : NULL;

	if (!next || next->start != place->end || !is_reserve(next))
		return false;
	if (is_32_bit(places, count))
		return !(place->start % ARENA_BYTES_32) &&
		       next->end / ARENA_BYTES_32 > (place->end - 1) / ARENA_BYTES_32;
	return !(place->start % ARENA_BYTES) && next->end - place->start <= 2 * ARENA_BYTES &&
	       !(next->end % (ARENA_BYTES / 64));
}

/* The hole above the break, if the library is preloaded; otherwise 0, 0. */
static struct address_range find_hole(const struct part_mapping *places, size_t count)
{
	struct address_range hole = {0, 0};
	bool preloaded = false;

	for (size_t i = 0; i < count; i++) {
		enum part part = places[i].part;

		if (places[i].name == NAME_OURS)
			preloaded = true;
		if (part == PART_TEXT || part == PART_DATA || part == PART_BSS ||
		    part == PART_BREAK)
			hole.start = places[i].end;
		else if (part == PART_LIBRARIES && places[i].start > hole.start && !hole.end)
			hole.end = places[i].start;
	}
	return preloaded && hole.end ? hole : (struct address_range){0, 0};
}

struct regions {
	struct address_range main, arenas, room;
	bool guessed;
};

/*
 * For a process whose regions are not known, by the shares of proc/holes.h. The hole as seen here
 * may differ by some pages from what the library saw, so the limits are half-way between.
 */
static struct regions find_regions(const struct part_mapping *places, size_t count,
				   const struct clues *clues)
{
	struct address_range hole;
	uint64_t half, zone, mappings;

	if (clues->regions_known)
		return (struct regions){clues->break_region, clues->arenas_region, {0, 0}, false};
	hole = find_hole(places, count);
	half = (hole.end - hole.start) / HOLE_PARTS / 2;
	zone = hole.start + 2 * HOLE_MAIN_END * half;
	mappings = hole.start + (HOLE_ZONE_END + HOLE_MAPPINGS) * half;
	return (struct regions){
		.main = {hole.start, zone},
		.arenas = {zone, mappings},
		.room = {mappings, hole.start + (2 * HOLE_MAPPINGS_END + 1) * half},
		.guessed = true,
	};
}

/* What names and headers prove. PART_COUNT: not known yet. */
static enum part first_guess(const struct part_mapping *places, size_t count, size_t at,
			     const struct clues *clues)
{
	const struct part_mapping *place = &places[at];
	enum part part;

	if (part_in_program(place, clues, &part))
		return part;
	if (place->name == NAME_BREAK)
		return PART_BREAK;
	if (place->name == NAME_STACK || holds_stacks(place, clues))
		return PART_STACKS;
	if (place->name == NAME_KERNEL)
		return PART_KERNEL;
	/* A library's text on huge pages: nothing else maps executable hugetlb pages. */
	if (place->is_hugetlb && place->rights[2] == 'x')
		return PART_LIBRARIES;
	if (place->name == NAME_SHARED)
		return PART_SHARED;
	if (is_private_memory(place))
		return PART_COUNT;
	return place->inode && is_object(places, count, at) ? PART_LIBRARIES : PART_FILES;
}

static bool lies_in(const struct part_mapping *place, struct address_range range)
{
	return place->start >= range.start && place->start < range.end;
}

/*
 * The records that libhugetlbfs keeps about a region's pages lie at the end of its address range,
 * far after the memory that is in use, and are smaller than a huge page; what follows in the same
 * range is part of them.
 */
static bool is_record(const struct part_mapping *places, size_t at, const struct regions *regions,
		      struct address_range range)
{
	const struct part_mapping *place = &places[at], *before = at ? &places[at - 1] : NULL;

	if (!regions->guessed || !before || !lies_in(before, range))
		return false;
	if (before->part == PART_MAPPINGS)
		return true;
	return place->start - before->end >= RECORDS_GAP_BYTES &&
	       (place->end - place->start) % HUGE_BYTES_MIN;
}

static enum part second_guess(const struct part_mapping *places, size_t count, size_t at,
			      const struct regions *regions, const struct clues *clues)
{
	const struct part_mapping *place = &places[at], *before = at ? &places[at - 1] : NULL;
	bool adjacent = before && before->end == place->start;

	if (lies_in(place, regions->main))
		return is_record(places, at, regions, regions->main) ? PART_MAPPINGS : PART_BREAK;
	if (lies_in(place, regions->arenas))
		return is_record(places, at, regions, regions->arenas) ? PART_MAPPINGS
								       : PART_ARENAS;
	if (lies_in(place, regions->room))
		return PART_MAPPINGS;
	if (adjacent && before->part == PART_LIBRARIES && before->inode && before->rights[1] == 'w')
		return PART_LIBRARIES; /* the library's bss */
	/* Text or data of an object that was moved to other pages lies between the object's own
	 * mappings. */
	if (adjacent && at + 1 < count && before->part == PART_LIBRARIES &&
	    places[at + 1].start == place->end && same_file(before, &places[at + 1]))
		return PART_LIBRARIES;
	if (is_arena(places, count, at))
		return PART_ARENAS;
	if (adjacent && is_reserve(before) && before->end - before->start <= GUARD_BYTES_MAX &&
	    begins(place->rights, "rw") && !place->inode && is_no_larger_than(place, 1, clues))
		return PART_STACKS;
	return PART_MAPPINGS;
}

void parts_classify(struct part_mapping *places, size_t count, const struct clues *clues)
{
	struct regions regions;

	find_objects(places, count);
	for (size_t i = 0; i < count; i++)
		places[i].part = (unsigned char)first_guess(places, count, i, clues);
	regions = find_regions(places, count, clues);
	for (size_t i = 0; i < count; i++)
		if (places[i].part == PART_COUNT)
			places[i].part =
				(unsigned char)second_guess(places, count, i, &regions, clues);
}
