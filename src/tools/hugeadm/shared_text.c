/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --list-shared-text and --drop-shared-text.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hugeadm.h"
#include "shared_text.h"

/* Returns 0, or the first error, which was reported: there may be more copies, or more users. */
static int find_all(struct shared_copy **copies, int *count, int *unknown)
{
	int result = shared_copies_find(copies, count);

	*unknown = *count ? shared_users_find(*copies, *count) : 0;
	if (*unknown)
		result = complain(-EACCES,
				  "%d processes cannot be inspected: they may use shared text",
				  *unknown);
	return result;
}

static void copy_as_json(const struct shared_copy *copy, struct json *json)
{
	json_open(json, NULL, '{');
	json_text(json, "path", copy->path);
	json_number(json, "bytes", copy->bytes);
	json_number(json, "page_size_bytes", copy->page_bytes);
	json_text(json, "object", copy->object);
	json_boolean(json, "replaced", !copy->is_current);
	json_open(json, "users", '[');
	for (int i = 0; i < copy->user_count; i++)
		json_number(json, NULL, (unsigned long long)copy->users[i]);
	json_close(json, ']');
	json_close(json, '}');
}

int list_shared_text(const struct request *request, struct json *json)
{
	struct shared_copy *copies;
	int count, unknown, shown = 0, result = find_all(&copies, &count, &unknown);

	(void)request;
	if (json)
		json_open(json, "shared_text", '[');
	for (int i = 0; i < count; i++) {
		const struct shared_copy *copy = &copies[i];

		if (shared_copy_is_second_name(copy))
			continue;
		if (json) {
			copy_as_json(copy, json);
			continue;
		}
		if (!shown++)
			printf("%12s %10s %6s %s\n", "Size", "Page", "Users", "File and object");
		printf("%12llu %10zu %6d %s %s%s\n", (unsigned long long)copy->bytes,
		       copy->page_bytes, copy->user_count, copy->path,
		       copy->object ? copy->object : "-", copy->is_current ? "" : " (replaced)");
	}
	if (json)
		json_close(json, ']');
	else if (!shown && !result)
		puts("No shared text found.");
	return result;
}

/* Returns 0 or -errno. A different file of that name stays. */
static int drop_from(int directory, const struct shared_copy *copy)
{
	struct stat status;

	if (fstatat(directory, copy->name, &status, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (status.st_ino != copy->inode || status.st_dev != copy->device)
		return 0; /* another process has deleted it, and yet another has created it again */
	return unlinkat(directory, copy->name, 0) ? -errno : 0;
}

/* Deletes through a descriptor: a path through a directory that a user may change could lead
 * elsewhere. */
static int drop(const struct request *request, const struct shared_copy *copy)
{
	const char *const command[] = {"rm", copy->path, NULL};
	int directory, result;

	if (request->dry_run)
		return change_run(request, command);
	tell(request, "deleting %s", copy->path);
	directory = shared_copy_open_directory(copy);
	result = directory < 0 ? -errno : drop_from(directory, copy);
	if (directory >= 0)
		close(directory);
	if (!result || result == -ENOENT)
		return 0;
	return complain(result, "can't delete %s: %s", copy->path, strerror(-result));
}

int drop_shared_text(const struct request *request)
{
	struct shared_copy *copies;
	int count, unknown, result = find_all(&copies, &count, &unknown);

	/* if not all users are visible, there may be one */
	for (int i = 0; i < count && !unknown && !interrupt_signal(); i++)
		if (!copies[i].user_count || !copies[i].is_current)
			result = drop(request, &copies[i]) ?: result;
	return result;
}
