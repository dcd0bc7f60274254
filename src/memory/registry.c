/*
 * All regions of the process: see registry.h.
 *
 * A sorted table. Who looks without the lock reads a counter before and after: it is odd while the
 * table changes. No entry outside of the table is ever read, however torn a count may be.
 */
#include <errno.h>
#include <string.h>

#include "memory/registry.h"

/* More than MEMORY_RANGES_MAX: the heap and mappings have theirs. */
#define REGIONS_MAX 768

/* Tries of a reader before it says «yes», and leaves the rest to who asks under the lock. */
#define READS_MAX 100

struct entry {
	uintptr_t start, limit;
	struct region *region;
};

static struct entry entries[REGIONS_MAX]; /* by rising address */
static size_t entry_count;
static uintptr_t lowest = UINTPTR_MAX, highest;
static unsigned int changes; /* odd: in the middle of one */

/* The first entry that ends above the address, or `count`. */
static size_t find_above(uintptr_t address, size_t count)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (__atomic_load_n(&entries[middle].limit, __ATOMIC_RELAXED) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void begin_change(void)
{
	__atomic_store_n(&changes, changes + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void end_change(void)
{
	lowest = entry_count ? entries[0].start : UINTPTR_MAX;
	highest = entry_count ? entries[entry_count - 1].limit : 0;
	__atomic_store_n(&changes, changes + 1, __ATOMIC_RELEASE);
}

int registry_add(struct region *region)
{
	size_t place = find_above(region->start, entry_count);

	if (place < entry_count && entries[place].start < region->limit)
		return -EEXIST;
	if (entry_count == REGIONS_MAX)
		return -ENOSPC;
	begin_change();
	memmove(&entries[place + 1], &entries[place], (entry_count - place) * sizeof(entries[0]));
	entries[place] = (struct entry){region->start, region->limit, region};
	entry_count++;
	end_change();
	return 0;
}

void registry_remove(struct region *region)
{
	size_t place = 0;

	while (place < entry_count && entries[place].region != region)
		place++;
	if (place == entry_count)
		return;
	begin_change();
	entry_count--;
	memmove(&entries[place], &entries[place + 1], (entry_count - place) * sizeof(entries[0]));
	end_change();
}

/*
 * Finds the first entry that ends above the address, without the lock. False: the table changes all
 * the time, or this is a signal handler in the middle of a change. An entry with no region: none.
 */
static bool look(uintptr_t address, struct entry *found)
{
	for (int i = 0; i < READS_MAX; i++) {
		unsigned int before = __atomic_load_n(&changes, __ATOMIC_ACQUIRE);
		size_t count = __atomic_load_n(&entry_count, __ATOMIC_RELAXED), place;

		if (before & 1)
			continue;
		*found = (struct entry){0};
		place = find_above(address, count);
		if (place < count)
			*found = (struct entry){
				__atomic_load_n(&entries[place].start, __ATOMIC_RELAXED),
				__atomic_load_n(&entries[place].limit, __ATOMIC_RELAXED),
				__atomic_load_n(&entries[place].region, __ATOMIC_RELAXED)};
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&changes, __ATOMIC_RELAXED) == before)
			return true;
	}
	return false;
}

bool registry_touch(uintptr_t from, uintptr_t to)
{
	struct entry entry;

	if (from >= __atomic_load_n(&highest, __ATOMIC_RELAXED) ||
	    to <= __atomic_load_n(&lowest, __ATOMIC_RELAXED))
		return false;
	return !look(from, &entry) || (entry.region && entry.start < to);
}

struct region *registry_at(uintptr_t address)
{
	struct entry entry;

	return look(address, &entry) && entry.start <= address ? entry.region : NULL;
}

struct region *registry_nth(size_t n)
{
	return n < entry_count ? entries[n].region : NULL;
}

bool registry_part(uintptr_t *from, uintptr_t to, struct region_part *part)
{
	size_t place = find_above(*from, entry_count);
	const struct entry *entry = &entries[place];

	if (*from >= to || place == entry_count || entry->start >= to)
		return false;
	part->region = entry->region;
	part->from = *from > entry->start ? *from : entry->start;
	part->to = to < entry->limit ? to : entry->limit;
	*from = part->to;
	return true;
}

/* The end of the run of pages of one kind in a region. */
static uintptr_t run_in_region(const struct region *region, uintptr_t from, uintptr_t to, bool huge)
{
	uintptr_t last = to < region->limit ? to : region->limit;
	uintptr_t end =
		region_page_address(region, region_run(region, region_page(region, from),
						       region_page(region, last - 1) + 1, huge));

	return end < last ? end : last;
}

uintptr_t registry_run(uintptr_t from, uintptr_t to, struct region **region)
{
	*region = registry_at(from);
	if (*region && region_huge_at(*region, from))
		return run_in_region(*region, from, to, true);
	*region = NULL;
	while (from < to) {
		size_t place = find_above(from, entry_count);
		const struct entry *entry = &entries[place];

		if (place == entry_count || entry->start >= to)
			return to;
		if (entry->start > from)
			from = entry->start;
		from = run_in_region(entry->region, from, to, false);
		if (from < entry->limit && from < to)
			return from;
	}
	return to;
}
