/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files and System V segments on huge pages: see users_scan.h.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc/smaps.h"
#include "tools/common/map_files.h"
#include "tools/hugestat/users_scan.h"

#define DIRECTORIES_MAX 32 /* levels of directories */

struct scan_object *scan_object(struct scan *scan, const struct scan_device *device, uint64_t inode,
				const char *name)
{
	struct scan_object *object;
	unsigned int key;

	for (size_t i = 0; i < scan->object_count; i++)
		if (scan->objects[i].inode == inode && scan->objects[i].device == device->device)
			return &scan->objects[i];
	scan->objects = scan_grow(scan->objects, scan->object_count, &scan->object_room,
				  sizeof(*scan->objects));
	object = &scan->objects[scan->object_count++];
	*object = (struct scan_object){.device = device->device,
				       .inode = inode,
				       .pool = device->pool,
				       .kind = HOLDER_NAMELESS,
				       .name = scan_copy(name)};
	/* the inode of a segment's file is the segment's number */
	if (!device->root && sscanf(name, "/SYSV%8x", &key) == 1) {
		object->kind = HOLDER_SHM;
		object->id = (long)inode;
		object->key = (long)key;
	}
	return object;
}

void scan_object_used_by(struct scan_object *object, size_t process)
{
	size_t *grown;

	if (object->process_count && object->processes[object->process_count - 1] == process)
		return;
	grown = reallocarray(object->processes, object->process_count + 1, sizeof(*grown));
	if (!grown)
		abort();
	object->processes = grown;
	grown[object->process_count++] = process;
}

void scan_object_stat(struct scan_object *object, const struct scan *scan, uid_t uid,
		      uint64_t bytes, uint64_t blocks)
{
	object->uid = uid;
	object->bytes = bytes;
	object->pages = (unsigned long)(blocks * 512 / scan->users->pools[object->pool].page_bytes);
}

void scan_object_node(struct scan_object *object, uint64_t page, int node)
{
	if (page >= object->node_count) {
		const size_t count = (size_t)page + 64;
		int16_t *grown = reallocarray(object->nodes, count, sizeof(*grown));

		if (!grown)
			abort();
		memset(grown + object->node_count, 0xff,
		       (count - object->node_count) * sizeof(*grown));
		object->nodes = grown;
		object->node_count = count;
	}
	object->nodes[page] = (int16_t)node;
}

static void take_file(struct scan *scan, const struct scan_device *device,
		      const struct stat *status, const char *path)
{
	struct scan_object *object = scan_object(scan, device, status->st_ino, path);

	free(object->name);
	object->name = scan_copy(path);
	object->kind = HOLDER_FILE;
	scan_object_stat(object, scan, status->st_uid, (uint64_t)status->st_size,
			 (uint64_t)status->st_blocks);
}

static void walk(struct scan *scan, const struct scan_device *device, const char *path, int depth)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		struct stat status;
		char *below;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) ||
		    status.st_dev != device->device)
			continue;
		if (asprintf(&below, "%s/%s", path, entry->d_name) < 0)
			abort();
		if (S_ISREG(status.st_mode) && (status.st_size || status.st_blocks))
			take_file(scan, device, &status, below);
		else if (S_ISDIR(status.st_mode) && depth < DIRECTORIES_MAX)
			walk(scan, device, below, depth + 1);
		free(below);
	}
	if (directory)
		closedir(directory);
}

void scan_files(struct scan *scan)
{
	for (size_t i = 0; i < scan->device_count; i++)
		if (scan->devices[i].root)
			walk(scan, &scan->devices[i], scan->devices[i].root, 0);
}

/* One line of /proc/sysvipc/shm. */
struct segment {
	int key, id;
	unsigned long long bytes, resident; /* bytes */
	unsigned long attached;
	unsigned int uid;
};

static bool next_segment(FILE *file, struct segment *segment)
{
	char line[400];

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%d %d %*o %llu %*d %*d %lu %u %*u %*u %*u %*u %*u %*u %llu",
			   &segment->key, &segment->id, &segment->bytes, &segment->attached,
			   &segment->uid, &segment->resident) == 6)
			return true;
	return false;
}

/* Since Linux 6.7 resident counts the small pages of each huge page: the blocks do not. */
static void take_segment(struct scan *scan, struct scan_object *object,
			 const struct segment *segment)
{
	const size_t page_bytes = scan->users->pools[object->pool].page_bytes;

	object->uid = segment->uid;
	object->bytes = segment->bytes;
	object->reserved_begin = 0;
	object->reserved_end = (segment->bytes + page_bytes - 1) / page_bytes * page_bytes;
}

/* A segment of another IPC namespace may have the same number: then key or size differ. */
void scan_segments(struct scan *scan)
{
	FILE *file = fopen("/proc/sysvipc/shm", "re");
	struct segment segment;

	while (file && next_segment(file, &segment))
		for (size_t i = 0; i < scan->object_count; i++) {
			struct scan_object *object = &scan->objects[i];

			if (object->kind == HOLDER_SHM && object->id == segment.id &&
			    (int)object->key == segment.key)
				take_segment(scan, object, &segment);
		}
	if (file)
		fclose(file);
}

/* The segment attached at that address; NULL: it is not on huge pages. */
static struct scan_object *object_at(struct scan *scan, const void *address)
{
	struct scan_object *object = NULL;
	struct smaps_mapping mapping;
	struct smaps maps;

	if (smaps_open(&maps, "/proc/self/maps"))
		return NULL;
	while (!object && smaps_next(&maps, &mapping)) {
		const struct scan_device *device;
		char path[MAP_FILES_BYTES];
		struct stat status;

		if (mapping.start != (uintptr_t)address)
			continue;
		device =
			scan_find_device(scan, makedev(mapping.device_major, mapping.device_minor));
		if (!device)
			break;
		object = scan_object(scan, device, mapping.inode, mapping.name);
		map_files_path(getpid(), mapping.start, mapping.end, mapping.name, path);
		if (!stat(path, &status))
			scan_object_stat(object, scan, status.st_uid, (uint64_t)status.st_size,
					 (uint64_t)status.st_blocks);
	}
	smaps_close(&maps);
	return object;
}

/* May these pages be among those of a pool that have no known holder yet? */
static bool may_be_huge(const struct users *users, const struct segment *segment)
{
	for (int i = 0; i < users->pool_count; i++) {
		const struct users_pool *pool = &users->pools[i];

		if (segment->resident % pool->page_bytes)
			continue;
		if (segment->resident ? pool->in_use > pool->held_in_use
				      : pool->reserved > pool->held_reserved)
			return true;
	}
	return false;
}

/*
 * The page size of a segment is visible only where it is attached, so it is attached for a moment,
 * read-only: its time of last attachment changes, none of its pages is touched.
 */
void scan_idle_segments(struct scan *scan)
{
	FILE *file = fopen("/proc/sysvipc/shm", "re");
	struct segment segment;

	while (file && next_segment(file, &segment)) {
		struct scan_object *object;
		void *address;

		if (segment.attached || !may_be_huge(scan->users, &segment))
			continue;
		address = shmat(segment.id, NULL, SHM_RDONLY);
		if (address == (void *)-1)
			continue;
		object = object_at(scan, address);
		shmdt(address);
		if (object)
			take_segment(scan, object, &segment);
	}
	if (file)
		fclose(file);
}
