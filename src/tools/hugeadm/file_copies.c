/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --files, --drop-files, --pin and --unpin: the copies of mapped files.
 *
 * A pinned copy has the sticky bit, which means nothing else for a file and goes with the copy. A
 * copy that is out of date is dropped by the library when it copies the file again, pinned or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "copies/copy_name.h"
#include "shared_copies.h"
#include "tools/common/shown_text.h"

/* What became of the file since it was copied. */
enum state { STATE_UNKNOWN, STATE_CURRENT, STATE_CHANGED, STATE_MISSING };

static int read_status(const char *path, struct statx *status)
{
	return statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_BASIC_STATS, status) ? -errno : 0;
}

static enum state state_of(const struct shared_copy *copy, struct statx *status)
{
	char name[COPY_NAME_BYTES];

	if (!copy->object)
		return STATE_UNKNOWN;
	switch (read_status(copy->object, status)) {
	case 0:
		copy_name(status, name);
		return strcmp(name, copy->name) ? STATE_CHANGED : STATE_CURRENT;
	case -ENOENT:
	case -ENOTDIR:
		return STATE_MISSING;
	default:
		return STATE_UNKNOWN;
	}
}

static bool is_pinned(const struct shared_copy *copy)
{
	return copy->mode & S_ISVTX;
}

/* Has it less than all of the file's whole huge pages? */
static bool is_part(const struct shared_copy *copy, enum state state, const struct statx *status)
{
	return state == STATE_CURRENT && copy->bytes < copy_whole_bytes(status, copy->page_bytes);
}

static unsigned long long age_seconds(const struct shared_copy *copy)
{
	const time_t now = time(NULL);

	return now > copy->made ? (unsigned long long)(now - copy->made) : 0;
}

/* "42s", "5m", "3h" or "12d" */
static const char *age_text(unsigned long long seconds, char text[24])
{
	static const struct {
		unsigned int seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (units[i].seconds > 1 && seconds < units[i].seconds)
		i++;
	snprintf(text, 24, "%llu%c", seconds / units[i].seconds, units[i].unit);
	return text;
}

static void put_copy(struct json *json, const void *copies, size_t number)
{
	static const char *const states[] = {[STATE_UNKNOWN] = NULL,
					     [STATE_CURRENT] = "current",
					     [STATE_CHANGED] = "changed",
					     [STATE_MISSING] = "missing"};
	const struct shared_copy *copy = (const struct shared_copy *)copies + number;
	struct statx status;
	const enum state state = state_of(copy, &status);

	json_text(json, "file", copy->object);
	json_text(json, "state", states[state]);
	json_text(json, "path", copy->path);
	json_number(json, "bytes", copy->bytes);
	json_number(json, "page_size_bytes", copy->page_bytes);
	json_number(json, "age_seconds", age_seconds(copy));
	json_boolean(json, "pinned", is_pinned(copy));
	json_boolean(json, "part", is_part(copy, state, &status));
	json_open(json, "users", '[');
	for (int i = 0; i < copy->user_count; i++)
		json_number(json, NULL, (unsigned long long)copy->users[i]);
	json_close(json, ']');
}

static void print_copy(const struct shared_copy *copy)
{
	struct statx status;
	const enum state state = state_of(copy, &status);
	char age[24];

	printf("%12llu %10zu %6d %5s ", (unsigned long long)copy->bytes, copy->page_bytes,
	       copy->user_count, age_text(age_seconds(copy), age));
	text_show(copy->object ? copy->object : copy->path, stdout);
	printf("%s%s%s%s\n", is_pinned(copy) ? " (pinned)" : "",
	       is_part(copy, state, &status) ? " (part)" : "",
	       state == STATE_CHANGED ? " (changed)" : "",
	       state == STATE_MISSING ? " (missing)" : "");
}

int list_files(const struct request *request, struct json *json)
{
	struct shared_copy *copies;
	int count, unknown,
		result = shared_copies_find_used(SHARED_FILES, &copies, &count, &unknown);

	(void)request;
	if (json) {
		json_objects(json, "files", (size_t)count, put_copy, copies);
		return result;
	}
	if (count)
		printf("%12s %10s %6s %5s %s\n", "Size", "Page", "Users", "Age", "File");
	else if (!result)
		puts("No copies of files found.");
	for (int i = 0; i < count; i++)
		print_copy(&copies[i]);
	return result;
}

/* Is it a copy of that file as it is or was, or the copy itself? */
static bool is_of(const struct shared_copy *copy, const char *file)
{
	char resolved[PATH_MAX], name[COPY_NAME_BYTES];
	struct statx status;

	if (!strcmp(copy->path, file))
		return true;
	if (!read_status(file, &status)) {
		copy_name(&status, name);
		if (!strcmp(copy->name, name))
			return true;
	}
	return copy->object && (!strcmp(copy->object, file) ||
				(realpath(file, resolved) && !strcmp(copy->object, resolved)));
}

static int drop_named(const struct request *request, const struct file_change *drop,
		      const struct shared_copy *copy)
{
	if (copy->user_count)
		return complain(-EBUSY, "--%s: %s: processes that map its copy: %d", drop->option,
				drop->file, copy->user_count);
	if (is_pinned(copy))
		return complain(-EBUSY, "--%s: %s: its copy is pinned (see --unpin)", drop->option,
				drop->file);
	return shared_copy_drop(request, copy);
}

static int no_copy(const struct file_change *change)
{
	return complain(-ENOENT, "--%s: %s: there is no copy of it (hugeadm --files lists all)",
			change->option, change->file);
}

int drop_files(const struct request *request, const struct file_change *drop)
{
	struct shared_copy *copies;
	bool found = false;
	int count, unknown,
		result = shared_copies_find_used(SHARED_FILES, &copies, &count, &unknown);

	/* if not all users are visible, there may be one */
	for (int i = 0; i < count && !unknown && !interrupt_signal(); i++) {
		const struct shared_copy *copy = &copies[i];

		if (!drop->file) {
			if (!copy->user_count && !is_pinned(copy))
				result = shared_copy_drop(request, copy) ?: result;
		} else if (is_of(copy, drop->file)) {
			found = true;
			result = drop_named(request, drop, copy) ?: result;
		}
	}
	return drop->file && !found && !unknown ? no_copy(drop) : result;
}

/* Sets or clears the bit of the file that was found, and of no other. */
static int change_mode(const struct shared_copy *copy, mode_t mode)
{
	const int directory = shared_copy_open_directory(copy);
	const int fd = directory < 0 ? -1
				     : openat(directory, copy->name,
					      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	int result = 0;

	if (fd < 0 || fstat(fd, &status))
		result = -errno;
	else if (status.st_ino != copy->inode || status.st_dev != copy->device)
		result = -ENOENT;
	else if (fchmod(fd, mode))
		result = -errno;
	if (fd >= 0)
		close(fd);
	if (directory >= 0)
		close(directory);
	return result;
}

static int pin_copy(const struct request *request, const struct shared_copy *copy, bool pinned)
{
	const char *const command[] = {"chmod", pinned ? "+t" : "-t", copy->path, NULL};
	int result;

	if (is_pinned(copy) == pinned)
		return 0;
	if (request->dry_run)
		return change_run(request, command);
	tell(request, "%s %s", pinned ? "pinning" : "unpinning", copy->path);
	result = change_mode(copy, (copy->mode & 07777 & ~S_ISVTX) | (pinned ? S_ISVTX : 0));
	return result ? complain(result, "can't change the mode of %s: %s%s", copy->path,
				 strerror(-result), change_hint(-result))
		      : 0;
}

int pin_file(const struct request *request, const struct file_change *pin, bool pinned)
{
	struct shared_copy *copies;
	bool found = false;
	int count, result = shared_copies_find(SHARED_FILES, &copies, &count);

	for (int i = 0; i < count; i++)
		if (is_of(&copies[i], pin->file)) {
			found = true;
			result = pin_copy(request, &copies[i], pinned) ?: result;
		}
	return found || result ? result : no_copy(pin);
}
