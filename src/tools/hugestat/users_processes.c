/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The processes: which huge pages they map and have open, and which of these are present.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/sys.h"
#include "proc/pagemap.h"
#include "proc/smaps.h"
#include "tools/common/map_files.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/users_scan.h"

#define PAGES_AT_ONCE 512

struct mapping {
	uint64_t start, end, offset, inode;
	const struct scan_device *device;
	bool shared, reserves;
	char name[SMAPS_NAME_BYTES];
};

/* A process while it is being read. */
struct reader {
	struct scan *scan;
	pid_t pid;
	struct mapping *mappings;
	size_t count, room;
	size_t number; /* in scan->processes, once it holds something */
	bool is_listed;
	struct pagemap pagemap;
	size_t base_bytes;
};

static size_t list_process(struct reader *reader)
{
	struct scan *scan = reader->scan;
	struct scan_process *process;
	struct process_stat stat;

	if (reader->is_listed)
		return reader->number;
	process_stat(reader->pid, &stat);
	scan->processes = scan_grow(scan->processes, scan->process_count, &scan->process_room,
				    sizeof(*scan->processes));
	process = &scan->processes[scan->process_count];
	*process = (struct scan_process){.pid = reader->pid, .start = stat.start};
	for (int pool = 0; pool < PAGES_SIZES_MAX; pool++)
		process->holders[pool] = -1;
	reader->is_listed = true;
	reader->number = scan->process_count++;
	return reader->number;
}

/* Returns 0 or -errno. */
static int read_mappings(struct reader *reader)
{
	struct smaps_mapping found;
	struct smaps maps;
	char path[64];
	int result;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)reader->pid);
	result = smaps_open(&maps, path);
	if (result)
		return result;
	reader->count = 0;
	while (smaps_next(&maps, &found)) {
		const struct scan_device *device;
		struct mapping *mapping;

		/* the inode of a System V segment is its identifier, and the first one has 0 */
		if (!found.device_major && !found.device_minor)
			continue;
		device = scan_find_device(reader->scan,
					  makedev(found.device_major, found.device_minor));
		if (!device)
			continue;
		reader->mappings = scan_grow(reader->mappings, reader->count, &reader->room,
					     sizeof(*reader->mappings));
		mapping = &reader->mappings[reader->count++];
		*mapping = (struct mapping){.start = found.start,
					    .end = found.end,
					    .offset = found.offset,
					    .inode = found.inode,
					    .device = device,
					    .shared = found.rights[3] == 's'};
		memcpy(mapping->name, found.name, sizeof(mapping->name));
	}
	smaps_close(&maps);
	return 0;
}

/*
 * Only VmFlags show whether a mapping reserves its pages, and smaps is slow for a large process: it
 * is read only if a pool has reserved pages.
 */
static void read_reserving(struct reader *reader)
{
	struct smaps_mapping found;
	struct smaps smaps;
	char path[64];
	bool any = false;
	size_t at = 0;

	for (size_t i = 0; i < reader->count; i++)
		any |= reader->scan->users->pools[reader->mappings[i].device->pool].reserved != 0;
	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)reader->pid);
	if (!any || smaps_open(&smaps, path))
		return;
	while (at < reader->count && smaps_next(&smaps, &found)) {
		while (at < reader->count && reader->mappings[at].start < found.start)
			at++;
		if (at < reader->count && reader->mappings[at].start == found.start)
			reader->mappings[at].reserves = !strstr(found.flags, "nr");
	}
	smaps_close(&smaps);
}

/* Sets the node of each page; -1: unknown. */
static void nodes_of(const struct reader *reader, void **pages, int *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		nodes[i] = reader->scan->only_node;
	if (reader->scan->only_node >= 0 || !count)
		return;
	if (syscall(SYS_move_pages, reader->pid, count, pages, NULL, nodes, 0))
		for (size_t i = 0; i < count; i++)
			nodes[i] = -1;
}

static void take_private_page(struct reader *reader, const struct mapping *mapping, uint64_t entry,
			      int node)
{
	struct scan *scan = reader->scan;
	const uint64_t frame = entry & PAGEMAP_FRAME;

	scan->users->frames_seen &= frame != 0;
	scan->pages =
		scan_grow(scan->pages, scan->page_count, &scan->page_room, sizeof(*scan->pages));
	scan->pages[scan->page_count++] =
		(struct scan_page){frame, (uint32_t)list_process(reader),
				   (int16_t)mapping->device->pool, (int16_t)node};
}

/* The object that a mapping belongs to, which the kernel knows even after its name is gone. */
static struct scan_object *object_of(struct reader *reader, const struct mapping *mapping)
{
	struct scan *scan = reader->scan;
	struct scan_object *object =
		scan_object(scan, mapping->device, mapping->inode, mapping->name);
	char path[MAP_FILES_BYTES];
	struct stat status;

	scan_object_used_by(object, list_process(reader));
	map_files_path(reader->pid, mapping->start, mapping->end, mapping->name, path);
	if (!stat(path, &status) && status.st_ino == mapping->inode &&
	    status.st_dev == mapping->device->device)
		scan_object_stat(object, scan, status.st_uid, (uint64_t)status.st_size,
				 (uint64_t)status.st_blocks);
	return object;
}

struct counts {
	unsigned long private_pages, object_pages;
};

/* A batch of present pages, with their entries of pagemap. */
static void take_batch(struct reader *reader, const struct mapping *mapping,
		       struct scan_object *object, void **pages, const uint64_t *entries,
		       size_t count, struct counts *counts)
{
	const size_t page_bytes = reader->scan->users->pools[mapping->device->pool].page_bytes;
	int nodes[PAGES_AT_ONCE];

	nodes_of(reader, pages, nodes, count);
	for (size_t i = 0; i < count; i++) {
		const uint64_t offset = mapping->offset + ((uintptr_t)pages[i] - mapping->start);

		if (!mapping->shared && !(entries[i] & PAGEMAP_FILE)) {
			take_private_page(reader, mapping, entries[i], nodes[i]);
			counts->private_pages++;
			continue;
		}
		counts->object_pages++;
		if (object)
			scan_object_node(object, offset / page_bytes, nodes[i]);
	}
}

static void note_reservation(struct reader *reader, const struct mapping *mapping,
			     struct scan_object *object, const struct counts *counts)
{
	struct scan *scan = reader->scan;
	const size_t page_bytes = scan->users->pools[mapping->device->pool].page_bytes;

	if (!mapping->reserves)
		return;
	if (mapping->shared) {
		const uint64_t end = mapping->offset + (mapping->end - mapping->start);

		if (object->reserved_begin == object->reserved_end ||
		    mapping->offset < object->reserved_begin)
			object->reserved_begin = mapping->offset;
		if (end > object->reserved_end)
			object->reserved_end = end;
		return;
	}
	scan->reservations = scan_grow(scan->reservations, scan->reservation_count,
				       &scan->reservation_room, sizeof(*scan->reservations));
	scan->reservations[scan->reservation_count++] = (struct scan_reservation){
		mapping->device->device,
		mapping->inode,
		(uint32_t)list_process(reader),
		mapping->device->pool,
		(unsigned long)((mapping->end - mapping->start) / page_bytes),
		counts->private_pages,
	};
}

/* Anonymous private memory has a file that never holds a page itself. */
static bool is_anonymous(const struct mapping *mapping)
{
	return !mapping->shared && !strncmp(mapping->name, "/anon_hugepage", 14);
}

static void read_pages(struct reader *reader, const struct mapping *mapping)
{
	const size_t page_bytes = reader->scan->users->pools[mapping->device->pool].page_bytes;
	struct scan_object *object = is_anonymous(mapping) ? NULL : object_of(reader, mapping);
	uint64_t entries[PAGES_AT_ONCE], at = mapping->start;
	struct counts counts = {0};
	void *pages[PAGES_AT_ONCE];

	while (at < mapping->end) {
		size_t count = 0;

		for (; at < mapping->end && count < PAGES_AT_ONCE; at += page_bytes) {
			if (pagemap_read(&reader->pagemap, at / reader->base_bytes, &entries[count],
					 1) != 1 ||
			    !(entries[count] & PAGEMAP_PRESENT))
				continue;
			pages[count++] = (void *)(uintptr_t)at;
		}
		take_batch(reader, mapping, object, pages, entries, count, &counts);
	}
	if (counts.object_pages)
		scan_holder(reader->scan, list_process(reader), mapping->device->pool)->shared +=
			counts.object_pages;
	note_reservation(reader, mapping, object, &counts);
}

/* An open file, mapped or not. Other file systems are not queried: some may never answer. */
static void take_descriptor(struct reader *reader, int directory, const char *name)
{
	struct scan *scan = reader->scan;
	const struct scan_device *device;
	char target[SMAPS_NAME_BYTES];
	struct scan_object *object;
	struct statx file;
	ssize_t bytes;

	if (statx(directory, name, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &file) ||
	    !S_ISREG(file.stx_mode))
		return;
	device = scan_find_device(scan, makedev(file.stx_dev_major, file.stx_dev_minor));
	bytes = device ? readlinkat(directory, name, target, sizeof(target) - 1) : 0;
	if (bytes <= 0)
		return;
	target[bytes] = '\0';
	object = scan_object(scan, device, file.stx_ino, target);
	scan_object_used_by(object, list_process(reader));
	scan_object_stat(object, scan, file.stx_uid, file.stx_size, file.stx_blocks);
}

static void read_descriptors(struct reader *reader)
{
	char path[64];
	DIR *directory;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)reader->pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			take_descriptor(reader, dirfd(directory), entry->d_name);
	if (directory)
		closedir(directory);
}

/* If a process cannot be read, the amount of its huge pages may still be visible. */
static void note_unreadable(struct reader *reader)
{
	char path[64], text[4096], *line;
	unsigned long kb = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)reader->pid);
	if (sys_read_file(path, text, sizeof(text)) > 0 && (line = strstr(text, "\nHugetlbPages:")))
		kb = strtoul(line + strlen("\nHugetlbPages:"), NULL, 10);
	reader->scan->users->hidden_processes += kb != 0;
	reader->scan->users->hidden_kb += kb;
}

static void read_process(struct reader *reader)
{
	int result;

	reader->is_listed = false;
	scan_mounts_of(reader->scan, reader->pid);
	result = read_mappings(reader);
	reader->scan->users->processes++;
	if (result == -EACCES || result == -EPERM) {
		note_unreadable(reader);
		return;
	}
	read_descriptors(reader);
	if (result || !reader->count)
		return;
	read_reserving(reader);
	process_pagemap(&reader->pagemap, reader->pid);
	if (SYS_IS_ERROR(reader->pagemap.fd)) {
		note_unreadable(reader);
		return;
	}
	for (size_t i = 0; i < reader->count; i++)
		read_pages(reader, &reader->mappings[i]);
	pagemap_close(&reader->pagemap);
}

void scan_processes(struct scan *scan)
{
	struct reader reader = {.scan = scan, .base_bytes = (size_t)sysconf(_SC_PAGESIZE)};
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char *end;
		const long pid = strtol(entry->d_name, &end, 10);

		if (*end || pid <= 0 || pid == getpid())
			continue;
		reader.pid = (pid_t)pid;
		read_process(&reader);
	}
	if (directory)
		closedir(directory);
	free(reader.mappings);
}
