/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the processes that map shared copies of text, and the files that these are copies of: see
 * shared_copies.h.
 *
 * A copy that is named by a build-id also contains the size and time of its original. It is
 * searched among the files that a process maps besides the copy, and its program. If it was
 * replaced or removed since, the kernel still has what this process has mapped of it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/sys.h"
#include "proc/smaps.h"
#include "shared_copies.h"
#include "tools/common/map_files.h"

#define DELETED " (deleted)"

static bool is_mapping_of(const struct smaps_mapping *mapping, const struct shared_copy *copy)
{
	return mapping->inode == copy->inode && mapping->device_major == major(copy->device) &&
	       mapping->device_minor == minor(copy->device);
}

static void add_user(struct shared_copy *copy, pid_t pid)
{
	pid_t *grown;

	if (copy->user_count && copy->users[copy->user_count - 1] == pid)
		return;
	grown = realloc(copy->users, sizeof(*grown) * (size_t)(copy->user_count + 1));
	if (!grown)
		abort();
	grown[copy->user_count++] = pid;
	copy->users = grown;
}

/* Is it the file that was copied, whatever happened to it since? Unlinking it changes its ctime. */
static bool is_file_of(const char *path, const struct shared_copy *copy)
{
	struct stat status;

	return !stat(path, &status) && (uint64_t)status.st_size == copy->file_bytes &&
	       (uint64_t)status.st_ino == copy->file_inode;
}

/* And unchanged: would a program that starts now use the copy? */
static bool is_what_was_copied(const char *path, const struct shared_copy *copy)
{
	struct stat status;

	return is_file_of(path, copy) && !stat(path, &status) &&
	       (uint64_t)status.st_ctim.tv_sec == copy->changed_seconds &&
	       (uint64_t)status.st_ctim.tv_nsec == copy->changed_nanoseconds;
}

/* name is the process's name for the file, with the kernel's remark if it was deleted. */
static void note_object(struct shared_copy *copy, pid_t pid, const char *name, bool *is_current)
{
	const size_t bytes = strlen(name), remark = strlen(DELETED);
	const bool is_deleted = bytes > remark && !strcmp(name + bytes - remark, DELETED);
	char path[SMAPS_NAME_BYTES + 32];

	if (!copy->object)
		copy->object = strndup(name, is_deleted ? bytes - remark : bytes);
	if (!copy->object)
		abort();
	*is_current = (size_t)snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, name) <
			      sizeof(path) &&
		      !is_deleted && is_what_was_copied(path, copy);
}

static bool maps_what_was_copied(const struct smaps_mapping *mapping, pid_t pid,
				 const struct shared_copy *copy)
{
	char path[MAP_FILES_BYTES];

	map_files_path(pid, mapping->start, mapping->end, mapping->name, path);
	return is_file_of(path, copy);
}

/* Returns whether the process has the object under a name; sets *is_current if it is unchanged. */
static bool find_object(struct shared_copy *copy, pid_t pid, bool *is_current)
{
	char path[64], name[SMAPS_NAME_BYTES];
	struct smaps_mapping mapping;
	struct smaps maps;
	bool found = false;
	ssize_t bytes;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	bytes = readlink(path, name, sizeof(name) - 1);
	if (bytes > 0 && is_file_of(path, copy)) {
		name[bytes] = '\0';
		note_object(copy, pid, name, is_current);
		return true;
	}
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	if (smaps_open(&maps, path))
		return false;
	while (!found && smaps_next(&maps, &mapping)) {
		found = mapping.inode && mapping.name[0] == '/' && !is_mapping_of(&mapping, copy) &&
			maps_what_was_copied(&mapping, pid, copy);
		if (found)
			note_object(copy, pid, mapping.name, is_current);
	}
	smaps_close(&maps);
	return found;
}

/* A copy counts as replaced only if it is for all users. A user whose object is not found may start
 * it again. */
static void find_objects(struct shared_copy *copy)
{
	bool any_current = !copy->user_count;

	for (int i = 0; i < copy->user_count; i++) {
		bool is_current = true;

		if (!copy->names_file || !find_object(copy, copy->users[i], &is_current))
			is_current = true;
		any_current |= is_current;
	}
	copy->is_current = any_current;
}

/* Some information is available even for processes that the caller may not inspect. */
static bool has_no_hugetlb_page(pid_t pid)
{
	static const char field[] = "\nHugetlbPages:";
	char path[64], text[8192];
	const char *found;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	found = sys_read_file(path, text, sizeof(text)) > 0 ? strstr(text, field) : NULL;
	return found && !strtoul(found + strlen(field), NULL, 10);
}

/* Returns 0, or -errno if the process may be a user and cannot be inspected. A process that has
 * ended is not a user. */
static int look_into(pid_t pid, struct shared_copy *copies, int count)
{
	struct smaps_mapping mapping;
	struct smaps maps;
	char path[64];
	int result;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	result = smaps_open(&maps, path);
	if (result)
		return result == -ENOENT || result == -ESRCH || has_no_hugetlb_page(pid) ? 0
											 : result;
	while (smaps_next(&maps, &mapping))
		for (int i = 0; i < count && mapping.inode; i++)
			if (is_mapping_of(&mapping, &copies[i]))
				add_user(&copies[i], pid);
	smaps_close(&maps);
	return 0;
}

int shared_users_find(struct shared_copy *copies, int count)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	int unknown = 0;

	if (!directory)
		return 1;
	while ((entry = readdir(directory)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    look_into((pid_t)atoi(entry->d_name), copies, count))
			unknown++;
	closedir(directory);
	for (int i = 0; i < count; i++)
		find_objects(&copies[i]);
	return unknown;
}
