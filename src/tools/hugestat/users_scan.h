/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data collected for struct users: file systems of huge pages, the processes that map or open
 * something there, these files, and the frames of private memory.
 */
#ifndef HUGESTAT_USERS_SCAN_H
#define HUGESTAT_USERS_SCAN_H

#include <sys/stat.h>

#include "tools/hugestat/users.h"

/* A file system of huge pages. Anonymous memory, memfds and System V segments are files of internal
 * mounts of the kernel, one for each page size. */
struct scan_device {
	dev_t device;
	int pool;
	char *root; /* a visible directory with its files; NULL: none */
};

struct scan_process {
	pid_t pid;
	uint64_t start;                /* clock ticks after boot */
	long holders[PAGES_SIZES_MAX]; /* its rows by pool; -1: none */
};

struct scan_object {
	dev_t device;
	uint64_t inode;
	int pool;
	enum holder_kind kind;
	char *name;
	uid_t uid;
	long id, key;
	uint64_t bytes;
	unsigned long pages;                   /* in use */
	uint64_t reserved_begin, reserved_end; /* bytes of it that mappings have reserved */
	int16_t *nodes;                        /* of each page; -1: no process maps it */
	size_t node_count;
	size_t *processes; /* indexes of scan_process, ascending */
	size_t process_count;
};

/* A page of private memory. */
struct scan_page {
	uint64_t frame;
	uint32_t process;
	int16_t pool, node;
};

/* A private mapping that reserves pages. */
struct scan_reservation {
	dev_t device;
	uint64_t inode;
	uint32_t process;
	int pool;
	unsigned long pages, present;
};

struct scan {
	struct users *users;
	struct scan_device *devices;
	size_t device_count, device_room;
	uint64_t *namespaces; /* mount namespaces that were read */
	size_t namespace_count, namespace_room;
	struct scan_process *processes;
	size_t process_count, process_room;
	struct scan_object *objects;
	size_t object_count, object_room;
	struct scan_page *pages;
	size_t page_count, page_room;
	struct scan_reservation *reservations;
	size_t reservation_count, reservation_room;
	size_t holder_room;
	int only_node; /* of the machine; -1: there are several */
};

/* Makes space for one more element. Returns the list; ends the tool if memory runs out. */
void *scan_grow(void *list, size_t count, size_t *room, size_t element_bytes);
char *scan_copy(const char *text);

void scan_own_devices(struct scan *scan);
/* Reads the mounts of a process, unless its mount namespace was already read. */
void scan_mounts_of(struct scan *scan, pid_t pid);
const struct scan_device *scan_find_device(const struct scan *scan, dev_t device);

/* Returns an object, which may be new; valid until the next call. */
struct scan_object *scan_object(struct scan *scan, const struct scan_device *device, uint64_t inode,
				const char *name);
void scan_object_used_by(struct scan_object *object, size_t process);
void scan_object_stat(struct scan_object *object, const struct scan *scan, uid_t uid,
		      uint64_t bytes, uint64_t blocks);
void scan_object_node(struct scan_object *object, uint64_t page, int node);

/* Reads all processes; then the files on mounts and the System V segments, whether the processes
 * have them or not. */
void scan_processes(struct scan *scan);
void scan_files(struct scan *scan);
void scan_segments(struct scan *scan);
/* Segments that no process is attached to: only if the pool has pages without a known holder. */
void scan_idle_segments(struct scan *scan);

/* Assigns each page to one holder: those of private memory; later those of objects. */
void owners_of_private_pages(struct scan *scan);
void owners_of_objects(struct scan *scan);
/* Adds up the counts of rows and objects, before all objects have rows: into the pools' held_...
 * members. */
void owners_account(struct scan *scan);

/* The row of a process for a pool, which may be new. */
struct holder *scan_holder(struct scan *scan, size_t process, int pool);
struct holder *scan_new_holder(struct scan *scan, enum holder_kind kind, int pool,
			       const char *name);

#endif
