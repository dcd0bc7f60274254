/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All regions of the process: see registry.h.
 *
 * A sorted list of leaves, each with a sorted table of regions: adding or removing a region moves
 * the entries of one leaf, and sometimes the list. A reader without the lock reads a counter before
 * and after, which is odd during a change. However torn the data that it reads meanwhile, all of it
 * comes from leaves, because they are never unmapped.
 */
#include <errno.h>
#include <string.h>

#include "base/aside.h"
#include "base/sys.h"
#include "region/registry.h"

#define LEAF_ENTRIES 128
#define LEAVES_FEW   8
#define LEAVES_MAX   1024

/* How many leaves are mapped at once. */
#define LEAVES_MAPPED 16

/* How often a reader tries before it answers yes and leaves the rest to a query under the lock. */
#define READS_MAX 100

struct entry {
	uintptr_t start, limit;
	struct region *region;
};

struct leaf {
	size_t count; /* at least 1 if it is in the list */
	struct leaf *next_spare;
	struct entry entries[LEAF_ENTRIES]; /* ascending by address */
};

/* While there are few regions, the usual case, nothing has to be mapped, and all that is touched
 * lies together. */
static struct leaf first_leaf;
static struct leaf *spare_leaves = &first_leaf;
static struct leaf *few_leaves[LEAVES_FEW];

static struct leaf **leaves = few_leaves; /* ascending by address; longer if need be */
static size_t leaf_count;
static uintptr_t lowest = UINTPTR_MAX, highest;
static unsigned int changes; /* odd during a change */

/* Ranges that regions may grow to. There are few, and they are added while one thread runs. */
#define ROOMS_MAX 4

static struct room {
	uintptr_t start, states, behind;
} rooms[ROOMS_MAX];

/* The position of an entry. */
struct position {
	size_t leaf, place;
};

static size_t count_of(const struct leaf *leaf)
{
	size_t count = __atomic_load_n(&leaf->count, __ATOMIC_RELAXED);

	return count < LEAF_ENTRIES ? count : LEAF_ENTRIES;
}

static struct leaf *leaf_at(size_t leaf)
{
	struct leaf **list = __atomic_load_n(&leaves, __ATOMIC_RELAXED), *found = NULL;

	if (leaf < LEAVES_FEW || list != few_leaves)
		found = __atomic_load_n(&list[leaf], __ATOMIC_RELAXED);
	return found ? found : &first_leaf;
}

static uintptr_t leaf_limit(const struct leaf *leaf)
{
	size_t count = count_of(leaf);

	return count ? __atomic_load_n(&leaf->entries[count - 1].limit, __ATOMIC_RELAXED) : 0;
}

/* The first entry that ends above the address; leaf `count` if there is none. */
static struct position find_above(uintptr_t address, size_t count)
{
	struct position found = {0, 0};
	size_t high = count;
	const struct leaf *leaf;

	while (found.leaf < high) {
		size_t middle = found.leaf + (high - found.leaf) / 2;

		if (leaf_limit(leaf_at(middle)) <= address)
			found.leaf = middle + 1;
		else
			high = middle;
	}
	if (found.leaf == count)
		return found;
	leaf = leaf_at(found.leaf);
	high = count_of(leaf);
	while (found.place < high) {
		size_t middle = found.place + (high - found.place) / 2;

		if (__atomic_load_n(&leaf->entries[middle].limit, __ATOMIC_RELAXED) <= address)
			found.place = middle + 1;
		else
			high = middle;
	}
	return found;
}

/* The same under the lock. NULL: there is none. */
static const struct entry *entry_above(uintptr_t address)
{
	struct position found = find_above(address, leaf_count);

	return found.leaf < leaf_count ? &leaves[found.leaf]->entries[found.place] : NULL;
}

static void begin_change(void)
{
	__atomic_store_n(&changes, changes + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void end_change(void)
{
	lowest = leaf_count ? leaves[0]->entries[0].start : UINTPTR_MAX;
	highest = leaf_count ? leaf_limit(leaves[leaf_count - 1]) : 0;
	__atomic_store_n(&changes, changes + 1, __ATOMIC_RELEASE);
}

/* Makes sure that there is a spare leaf. Returns 0 or -ENOMEM. */
static int need_spare_leaf(void)
{
	struct leaf *leaf;
	long mapped;

	if (spare_leaves)
		return 0;
	mapped = aside_map(LEAVES_MAPPED * sizeof(*leaf), 0);
	if (SYS_IS_ERROR(mapped))
		return -ENOMEM;
	leaf = (struct leaf *)mapped;
	for (int i = 0; i < LEAVES_MAPPED; i++, leaf++) {
		leaf->next_spare = spare_leaves;
		spare_leaves = leaf;
	}
	return 0;
}

/* Inserts an empty spare leaf into the list. */
static void add_leaf(size_t at)
{
	struct leaf *leaf = spare_leaves;

	spare_leaves = leaf->next_spare;
	leaf->count = 0;
	memmove(&leaves[at + 1], &leaves[at], (leaf_count - at) * sizeof(leaves[0]));
	leaves[at] = leaf;
	leaf_count++;
}

static void remove_leaf(size_t at)
{
	leaves[at]->next_spare = spare_leaves;
	spare_leaves = leaves[at];
	leaf_count--;
	memmove(&leaves[at], &leaves[at + 1], (leaf_count - at) * sizeof(leaves[0]));
}

/* Moves the upper half of a full leaf into a new one after it. */
static void split_leaf(size_t at)
{
	struct leaf *leaf = leaves[at], *behind;

	add_leaf(at + 1);
	behind = leaves[at + 1];
	behind->count = LEAF_ENTRIES / 2;
	leaf->count -= behind->count;
	memcpy(behind->entries, &leaf->entries[leaf->count],
	       behind->count * sizeof(leaf->entries[0]));
}

/* Joins two neighbours that together fill no more than half of a leaf. */
static void join_leaves(size_t at)
{
	struct leaf *leaf, *behind;

	if (at + 1 >= leaf_count)
		return;
	leaf = leaves[at];
	behind = leaves[at + 1];
	if (leaf->count + behind->count > LEAF_ENTRIES / 2)
		return;
	memcpy(&leaf->entries[leaf->count], behind->entries,
	       behind->count * sizeof(leaf->entries[0]));
	leaf->count += behind->count;
	remove_leaf(at + 1);
}

/* The position for a new region: before the first one above it, or at the very end. */
static struct position place_for(uintptr_t start)
{
	struct position place = find_above(start, leaf_count);

	if (place.leaf == leaf_count && leaf_count) {
		place.leaf--;
		place.place = leaves[place.leaf]->count;
	}
	return place;
}

static void insert(struct position at, struct region *region)
{
	struct leaf *leaf;

	if (!leaf_count)
		add_leaf(0);
	if (leaves[at.leaf]->count == LEAF_ENTRIES) {
		split_leaf(at.leaf);
		if (at.place > leaves[at.leaf]->count) {
			at.place -= leaves[at.leaf]->count;
			at.leaf++;
		}
	}
	leaf = leaves[at.leaf];
	memmove(&leaf->entries[at.place + 1], &leaf->entries[at.place],
		(leaf->count - at.place) * sizeof(leaf->entries[0]));
	leaf->entries[at.place] = (struct entry){region->start, region->limit, region};
	leaf->count++;
}

/* Makes sure that another leaf has a place in the list. */
static int need_longer_list(void)
{
	long mapped;

	if (leaf_count == LEAVES_MAX)
		return -ENOSPC;
	if (leaf_count < LEAVES_FEW || leaves != few_leaves)
		return 0;
	mapped = aside_map(LEAVES_MAX * sizeof(*leaves), 0);
	if (SYS_IS_ERROR(mapped))
		return -ENOMEM;
	memcpy((void *)mapped, few_leaves, sizeof(few_leaves));
	__atomic_store_n(&leaves, (struct leaf **)mapped, __ATOMIC_RELEASE);
	return 0;
}

/* Makes sure that insert() finds space there. */
static int need_room(struct position at)
{
	int failed;

	if (leaf_count && leaves[at.leaf]->count < LEAF_ENTRIES)
		return 0;
	failed = need_longer_list();
	return failed ? failed : need_spare_leaf();
}

static void keep_room(const struct region *region, uintptr_t behind)
{
	for (struct room *room = rooms; region->grows && room < rooms + ROOMS_MAX; room++)
		if (!room->behind || room->start == region->start) {
			*room = (struct room){region->start, region->room, behind};
			return;
		}
}

bool registry_in_states(uintptr_t address)
{
	for (const struct room *room = rooms; room < rooms + ROOMS_MAX; room++)
		if (address - room->states < room->behind - room->states)
			return true;
	return false;
}

bool registry_room_touch(uintptr_t from, uintptr_t to)
{
	for (const struct room *room = rooms; room < rooms + ROOMS_MAX; room++)
		if (from < room->behind && to > room->start)
			return true;
	return registry_touch(from, to);
}

int registry_add(struct region *region)
{
	const struct entry *above = entry_above(region->start);
	const struct position at = place_for(region->start);
	int failed;

	if (above && above->start < region->limit)
		return -EEXIST;
	failed = need_room(at);
	if (failed)
		return failed;
	begin_change();
	insert(at, region);
	end_change();
	keep_room(region, region->behind);
	return 0;
}

/* Raises the limit in its entry: readers without the lock see nothing else. */
static void raise_limit(const struct region *region, uintptr_t limit)
{
	const struct position at = find_above(region->start, leaf_count);

	begin_change();
	leaves[at.leaf]->entries[at.place].limit = limit;
	end_change();
}

int registry_grow(struct region *region, uintptr_t limit)
{
	const bool registered = registry_at(region->start) == region;
	const struct entry *above = registered ? entry_above(region->limit) : NULL;
	int failed;

	if (above && above->start < limit)
		return -ENOMEM;
	failed = region_grow(region, limit);
	if (!failed && registered)
		raise_limit(region, limit);
	return failed;
}

int registry_widen(struct region *region, uintptr_t limit)
{
	const struct entry *above = entry_above(region->limit);
	struct region wide;

	if ((above && above->start < limit) ||
	    region_make_growing(&wide, region->start, limit, region->source))
		return -ENOMEM;
	region_take_states(region, &wide);
	raise_limit(region, region->limit);
	keep_room(region, region->behind);
	return 0;
}

int registry_shrink(struct region *region, uintptr_t start, uintptr_t limit, struct region *second)
{
	const struct position at = find_above(region->start, leaf_count);
	struct entry *entry = &leaves[at.leaf]->entries[at.place];
	int failed = second ? need_room(at) : 0;

	if (failed)
		return failed;
	begin_change();
	entry->start = start;
	entry->limit = limit;
	if (second)
		insert((struct position){at.leaf, at.place + (second->start > start)}, second);
	end_change();
	return 0;
}

void registry_remove(struct region *region)
{
	struct position at = find_above(region->start, leaf_count);
	struct leaf *leaf;

	if (at.leaf == leaf_count)
		return;
	leaf = leaves[at.leaf];
	if (leaf->entries[at.place].region != region)
		return;
	keep_room(region, region->start);
	begin_change();
	leaf->count--;
	memmove(&leaf->entries[at.place], &leaf->entries[at.place + 1],
		(leaf->count - at.place) * sizeof(leaf->entries[0]));
	if (!leaf->count) {
		remove_leaf(at.leaf);
	} else {
		join_leaves(at.leaf);
		if (at.leaf)
			join_leaves(at.leaf - 1);
	}
	end_change();
}

/*
 * Finds the first entry that ends above the address, without the lock. False: the table keeps
 * changing, or this is a signal handler in the middle of a change. An entry without a region: none.
 */
static bool look(uintptr_t address, struct entry *found)
{
	for (int i = 0; i < READS_MAX; i++) {
		unsigned int before = __atomic_load_n(&changes, __ATOMIC_ACQUIRE);
		size_t count = __atomic_load_n(&leaf_count, __ATOMIC_RELAXED);
		struct position at;

		if (before & 1)
			continue;
		*found = (struct entry){0};
		at = find_above(address, count);
		if (at.leaf < count && at.place < LEAF_ENTRIES) {
			const struct entry *entry = &leaf_at(at.leaf)->entries[at.place];

			*found = (struct entry){__atomic_load_n(&entry->start, __ATOMIC_RELAXED),
						__atomic_load_n(&entry->limit, __ATOMIC_RELAXED),
						__atomic_load_n(&entry->region, __ATOMIC_RELAXED)};
		}
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

struct region *registry_first(void)
{
	return leaf_count ? leaves[0]->entries[0].region : NULL;
}

struct region *registry_next(const struct region *region)
{
	const struct entry *entry = entry_above(region->limit);

	return entry ? entry->region : NULL;
}

bool registry_part(uintptr_t *from, uintptr_t to, struct region_part *part)
{
	const struct entry *entry = entry_above(*from);

	if (*from >= to || !entry || entry->start >= to)
		return false;
	part->region = entry->region;
	part->from = *from > entry->start ? *from : entry->start;
	part->to = to < entry->limit ? to : entry->limit;
	*from = part->to;
	return true;
}

/* The end of the run of pages of the same kind in a region. */
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
		const struct entry *entry = entry_above(from);

		if (!entry || entry->start >= to)
			return to;
		if (entry->start > from)
			from = entry->start;
		from = run_in_region(entry->region, from, to, false);
		if (from < entry->limit && from < to)
			return from;
	}
	return to;
}
