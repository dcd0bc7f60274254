/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides which holder each page counts for: a page of private memory that a fork left shared
 * counts for the oldest process that has it; a page of a file counts for the file or, for a file
 * without a name, for the process if only one has it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/common/shell_word.h"
#include "tools/hugestat/users_scan.h"

/* By frame, then by the age of the process. */
static int by_frame(const void *a, const void *b, void *of)
{
	const struct scan_page *first = a, *second = b;
	const struct scan_process *processes = of;

	if (first->frame != second->frame)
		return first->frame < second->frame ? -1 : 1;
	if (processes[first->process].start != processes[second->process].start)
		return processes[first->process].start < processes[second->process].start ? -1 : 1;
	return first->process < second->process ? -1 : first->process > second->process;
}

/* A frame number of 0 means that the caller may not see it: each such page counts. */
static void give_private_pages(struct scan *scan)
{
	if (scan->page_count)
		qsort_r(scan->pages, scan->page_count, sizeof(*scan->pages), by_frame,
			scan->processes);
	for (size_t i = 0; i < scan->page_count; i++) {
		const struct scan_page *page = &scan->pages[i];
		struct holder *holder = scan_holder(scan, page->process, page->pool);

		if (i && page->frame && page->frame == page[-1].frame) {
			holder->shared++;
			continue;
		}
		holder->in_use++;
		if (page->node >= 0 && page->node < SYSTEM_NODES_MAX)
			holder->nodes[page->node]++;
	}
}

/* By the mapping that a fork copied, then by the age of the process: the oldest one has the
 * reservation. */
static int by_mapping(const void *a, const void *b, void *of)
{
	const struct scan_reservation *first = a, *second = b;
	const struct scan_process *processes = of;
	const uint64_t starts[2] = {processes[first->process].start,
				    processes[second->process].start};

	if (first->device != second->device)
		return first->device < second->device ? -1 : 1;
	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	if (starts[0] != starts[1])
		return starts[0] < starts[1] ? -1 : 1;
	return first->process < second->process ? -1 : first->process > second->process;
}

static void give_private_reservations(struct scan *scan)
{
	const struct scan_reservation *owner = NULL;

	if (scan->reservation_count)
		qsort_r(scan->reservations, scan->reservation_count, sizeof(*scan->reservations),
			by_mapping, scan->processes);
	for (size_t i = 0; i < scan->reservation_count; i++) {
		const struct scan_reservation *mapping = &scan->reservations[i];

		if (!owner || owner->device != mapping->device || owner->inode != mapping->inode)
			owner = mapping;
		if (owner->process == mapping->process && mapping->pages > mapping->present)
			scan_holder(scan, mapping->process, mapping->pool)->reserved +=
				mapping->pages - mapping->present;
	}
}

static void command_of(struct holder *holder)
{
	char word[512];

	if (holder->kind == HOLDER_SHM)
		snprintf(holder->command, sizeof(holder->command), "ipcrm -m %ld", holder->id);
	else if (holder->kind == HOLDER_FILE && *shell_word(holder->name, word, sizeof(word)))
		snprintf(holder->command, sizeof(holder->command), "rm %s", word);
}

static unsigned long reserved_of(const struct scan *scan, const struct scan_object *object)
{
	const size_t page_bytes = scan->users->pools[object->pool].page_bytes;
	const unsigned long pages =
		(unsigned long)((object->reserved_end - object->reserved_begin) / page_bytes);

	return pages > object->pages ? pages - object->pages : 0;
}

/* Adds the pages of an object to a row, if the nodes are known. */
static unsigned long add_nodes(struct holder *holder, const struct scan_object *object)
{
	unsigned long mapped = 0;

	for (size_t page = 0; page < object->node_count; page++) {
		const int node = object->nodes[page];

		if (node < 0 || node >= SYSTEM_NODES_MAX)
			continue;
		holder->nodes[node]++;
		mapped++;
	}
	return mapped;
}

/* The process has these pages mapped, or only the file open. */
static void give_to_process(struct scan *scan, const struct scan_object *object)
{
	struct holder *holder = scan_holder(scan, object->processes[0], object->pool);
	unsigned long mapped = add_nodes(holder, object);

	holder->in_use += object->pages;
	holder->reserved += reserved_of(scan, object);
	holder->shared -= mapped < holder->shared ? mapped : holder->shared;
}

static void give_object(struct scan *scan, const struct scan_object *object)
{
	struct holder *holder;

	if (!object->pages && !reserved_of(scan, object))
		return;
	if (object->kind == HOLDER_NAMELESS && object->process_count == 1) {
		give_to_process(scan, object);
		return;
	}
	holder = scan_new_holder(scan, object->kind, object->pool, object->name);
	holder->in_use = object->pages;
	holder->reserved = reserved_of(scan, object);
	holder->uid = object->uid;
	holder->id = object->id;
	holder->key = object->key;
	add_nodes(holder, object);
	holder->process_count = object->process_count;
	holder->processes = calloc(object->process_count + 1, sizeof(*holder->processes));
	if (!holder->processes)
		abort();
	for (size_t i = 0; i < object->process_count; i++)
		holder->processes[i] = scan->processes[object->processes[i]].pid;
	/* a process that cannot be read may have it */
	holder->left_over = !object->process_count && !scan->users->hidden_processes;
	if (holder->left_over)
		command_of(holder);
}

static void sum_up(struct users *users)
{
	for (int pool = 0; pool < users->pool_count; pool++)
		users->pools[pool].held_in_use = users->pools[pool].held_reserved = 0;
	for (size_t i = 0; i < users->count; i++)
		for (int pool = 0; pool < users->pool_count; pool++) {
			if (users->pools[pool].page_bytes != users->holders[i].page_bytes)
				continue;
			users->pools[pool].held_in_use += users->holders[i].in_use;
			users->pools[pool].held_reserved += users->holders[i].reserved;
		}
}

/* Adds up the counts of rows and ranges of objects, before the objects have rows. */
void owners_account(struct scan *scan)
{
	sum_up(scan->users);
	for (size_t i = 0; i < scan->object_count; i++) {
		const struct scan_object *object = &scan->objects[i];

		scan->users->pools[object->pool].held_in_use += object->pages;
		scan->users->pools[object->pool].held_reserved += reserved_of(scan, object);
	}
}

/*
 * A file keeps the reservations of its mappings after they are gone, which is not visible anywhere.
 * If no process maps the file, and at least that much is missing, the file has it.
 */
static void give_reservations_of_files(struct scan *scan)
{
	for (size_t i = 0; i < scan->object_count; i++) {
		struct scan_object *object = &scan->objects[i];
		struct users_pool *pool = &scan->users->pools[object->pool];
		const unsigned long pages = (unsigned long)(object->bytes / pool->page_bytes);

		if (object->reserved_end || pages <= object->pages ||
		    pages - object->pages > pool->reserved - pool->held_reserved)
			continue;
		object->reserved_end = (uint64_t)pages * pool->page_bytes;
		pool->held_reserved += pages - object->pages;
	}
}

void owners_of_private_pages(struct scan *scan)
{
	give_private_pages(scan);
	give_private_reservations(scan);
}

void owners_of_objects(struct scan *scan)
{
	give_reservations_of_files(scan);
	for (size_t i = 0; i < scan->object_count; i++)
		give_object(scan, &scan->objects[i]);
	sum_up(scan->users);
}
