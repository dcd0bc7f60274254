/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of a file in the place of the program's mapping of it: see mapped_copy.h.
 *
 * Records are freed when another one is made, not when their last page goes: callers of the owner's
 * functions still look at the region then.
 */
#include <errno.h>

#include "base/aside.h"
#include "base/sys.h"
#include "files/mapped_copy.h"
#include "pages/move.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/registry.h"

struct mapped_copy {
	struct region region; /* first: the owner's functions get it */
	struct mapped_copy *next;
	size_t record_bytes;
	uintptr_t aside; /* where the program's mapping is kept */
	bool gone;       /* out of the registry */
	size_t kept_count;
	bool kept[]; /* for each page: is it still aside? */
};

/* Under the lock. */
static struct mapped_copy *copies;

static void forget_kept(struct mapped_copy *copy, size_t page)
{
	copy->kept[page] = false;
	copy->kept_count--;
}

/* Moves the program's mapping back over a page. */
static int owner_split(struct region *region, size_t page)
{
	struct mapped_copy *copy = (struct mapped_copy *)region;
	const size_t bytes = region->page_bytes;
	const uintptr_t from = copy->aside + page * bytes;
	int failed;

	if (!copy->kept[page])
		return -ENOENT;
	failed = sys_mprotect(from, bytes, PROT_READ);
	if (!failed)
		failed = move_over(from, bytes, region_page_address(region, page), PROT_READ, 0);
	if (failed < 0)
		return failed;
	if (failed)
		sys_munmap(from, bytes);
	forget_kept(copy, page);
	return 0;
}

/* Whole pages of [from, to) are replaced or gone: what is aside of them goes, too. */
static void owner_lost(struct region *region, uintptr_t from, uintptr_t to)
{
	struct mapped_copy *copy = (struct mapped_copy *)region;
	const size_t bytes = region->page_bytes, end = region_page(region, to - 1) + 1;
	size_t run;

	for (size_t page = region_page(region, from); page < end; page = run + !copy->kept[page]) {
		for (run = page; run < end && copy->kept[run]; run++)
			;
		if (run == page)
			continue;
		sys_munmap(copy->aside + page * bytes, (run - page) * bytes);
		for (size_t i = page; i < run; i++)
			forget_kept(copy, i);
	}
	if (!copy->kept_count && !copy->gone) {
		registry_remove(region);
		copy->gone = true;
	}
}

static const struct region_owner owner = {
	.split = owner_split,
	.mapped = owner_lost,
	.unmapped = owner_lost,
};

static void drop(struct mapped_copy *copy)
{
	const size_t bytes = copy->record_bytes;

	if (!copy->gone)
		registry_remove(&copy->region);
	region_drop(&copy->region);
	sys_munmap((uintptr_t)copy, bytes);
}

/* Frees the records of which nothing is left. */
static void sweep(void)
{
	struct mapped_copy **link = &copies;

	while (*link) {
		struct mapped_copy *copy = *link;

		if (copy->kept_count) {
			link = &copy->next;
			continue;
		}
		*link = copy->next;
		drop(copy);
	}
}

/* A record with the program's mapping once more, aside. */
static struct mapped_copy *make_record(uintptr_t start, size_t bytes, struct source *source)
{
	const size_t pages = bytes / source->page_bytes;
	const size_t record_bytes = sizeof(struct mapped_copy) + pages * sizeof(bool);
	long at = aside_map(record_bytes, 0);
	struct mapped_copy *copy = (struct mapped_copy *)at;

	if (SYS_IS_ERROR(at))
		return NULL;
	copy->record_bytes = record_bytes;
	if (region_make_aside(&copy->region, start, start + bytes, source)) {
		sys_munmap((uintptr_t)at, record_bytes);
		return NULL;
	}
	copy->region.owner = &owner;
	copy->region.name = "files";
	copy->region.by_program = true;
	/* a child shares them as it shares text, and needs none of its own */
	copy->region.running = true;
	copy->region.text = true;
	copy->region.of_file = true;
	copy->kept_count = pages;
	for (size_t i = 0; i < pages; i++)
		copy->kept[i] = true;
	return copy;
}

static int put_memory(uintptr_t at, size_t bytes, int fd, uint64_t offset, uintptr_t aside)
{
	long put;

	if (fd < 0)
		return move_over(aside, bytes, at, PROT_READ, 0) ? -ENOMEM : 0;
	put = sys_mmap(at, bytes, PROT_READ, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, fd, offset);
	return SYS_IS_ERROR(put) ? (int)put : 0;
}

/* The program's mapping back where it was; a failed call may have taken it away. */
static void put_back(const struct mapped_copy *copy, size_t bytes)
{
	sys_mprotect(copy->aside, bytes, PROT_READ);
	if (move_over(copy->aside, bytes, copy->region.start, PROT_READ, 0))
		sys_munmap(copy->aside, bytes);
}

/* Under the lock. */
static int put(struct mapped_copy *copy, size_t bytes, int fd, uint64_t offset, uintptr_t aside)
{
	struct region *region = &copy->region;
	int failed = registry_add(region);

	if (failed)
		return failed;
	failed = put_memory(region->start, bytes, fd, offset, aside);
	if (failed) {
		registry_remove(region);
		return failed;
	}
	/* a core file has no files in it, which hugetlb pages are not to the kernel */
	sys_madvise(region->start, bytes, MADV_DONTDUMP);
	region_adopt_huge(region, region->start, region->limit);
	page_state_protected(region, region->start, region->limit, PROT_READ, 0);
	copy->next = copies;
	copies = copy;
	return 0;
}

int mapped_copy_put(const struct placed_file *placed, const struct calls_file *call, size_t bytes,
		    int fd, uintptr_t aside, struct source *source)
{
	struct mapped_copy *copy;
	/* flags as the program's, so that pieces which are moved back become one mapping again */
	long kept = sys_mmap(0, bytes, PROT_NONE, call->flags & ~MAP_POPULATE, call->fd,
			     placed->offset);
	int failed = -EBUSY;

	if (SYS_IS_ERROR(kept))
		return (int)kept;
	copy = make_record(placed->first, bytes, source);
	if (!copy) {
		sys_munmap((uintptr_t)kept, bytes);
		return -ENOMEM;
	}
	copy->aside = (uintptr_t)kept;
	if (lock_take()) {
		sweep();
		failed = put(copy, bytes, fd, placed->offset, aside);
		lock_release();
	}
	if (!failed)
		return 0;
	put_back(copy, bytes);
	copy->gone = true;
	drop(copy);
	return failed;
}
