/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notes beside copies: see copy_note.h.
 */
#include <fcntl.h>
#include <string.h>

#include "base/directory.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "copies/copy_name.h"
#include "copies/copy_note.h"

#define NOTE_PREFIX "name-"

/* The part of a copy's name that says of which file it is: behind the prefix, up to the third minus
 * sign. */
static size_t file_bytes(const char *copy_name)
{
	const char *const device = copy_name + sizeof(COPY_PREFIX) - 1;
	const size_t bytes = word_bytes(device, '-') + 1;

	return bytes + word_bytes(device + bytes, '-');
}

static bool is_of(const char *name, const char *prefix, const char *copy_name)
{
	const size_t bytes = file_bytes(copy_name), prefix_bytes = strlen(prefix);

	return !strncmp(name, prefix, prefix_bytes) &&
	       !strncmp(name + prefix_bytes, copy_name + sizeof(COPY_PREFIX) - 1, bytes) &&
	       name[prefix_bytes + bytes] == '-';
}

bool copy_note_is(const char *name, const char *copy_name)
{
	return is_of(name, NOTE_PREFIX, copy_name);
}

bool copy_note_is_copy(const char *name, const char *copy_name)
{
	return is_of(name, COPY_PREFIX, copy_name);
}

static void replace(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

void copy_note_make(int directory, const char *copy_name, const char *path)
{
	char note[COPY_NOTE_BYTES];
	const size_t start = sizeof(NOTE_PREFIX) + file_bytes(copy_name);
	long fd;

	if (start + strlen(path) >= sizeof(note) || strchr(path, '\\'))
		return;
	text_format(note, sizeof(note), NOTE_PREFIX "%s", copy_name + sizeof(COPY_PREFIX) - 1);
	text_format(note + start, sizeof(note) - start, "%s", path);
	replace(note + start, '/', '\\');
	fd = sys_open_at(directory, note, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			 0400);
	if (!SYS_IS_ERROR(fd))
		sys_close((int)fd);
}

static bool find_in(struct directory *directory, const char *copy_name, char note[COPY_NOTE_BYTES])
{
	const char *name;

	do
		name = directory_next(directory);
	while (name && (!copy_note_is(name, copy_name) || strlen(name) >= COPY_NOTE_BYTES));
	if (name)
		text_format(note, COPY_NOTE_BYTES, "%s", name);
	directory_close(directory);
	return name;
}

bool copy_note_find(int directory, const char *copy_name, char note[COPY_NOTE_BYTES])
{
	struct directory names;

	return !directory_open(&names, directory, ".") && find_in(&names, copy_name, note);
}

void copy_note_path(const char *note, const char *copy_name, char path[COPY_NOTE_BYTES])
{
	text_format(path, COPY_NOTE_BYTES, "%s",
		    note + sizeof(NOTE_PREFIX) + file_bytes(copy_name));
	replace(path, '\\', '/');
}

bool copy_note_original(const char *path, const char *root, char original[COPY_NOTE_BYTES])
{
	const char *const name = strrchr(path, '/'), *directory = strstr(path, "/" COPY_DIRECTORY);
	char place[1024], note[COPY_NOTE_BYTES];
	struct directory names;

	if (!name || !directory || directory >= name ||
	    strncmp(name + 1, COPY_PREFIX, sizeof(COPY_PREFIX) - 1) ||
	    strlen(root) + (size_t)(name - path) >= sizeof(place))
		return false;
	text_format(place, sizeof(place), "%s%s", root, path);
	place[strlen(root) + (size_t)(name - path)] = '\0';
	if (directory_open(&names, AT_FDCWD, place) || !find_in(&names, name + 1, note))
		return false;
	copy_note_path(note, name + 1, original);
	return true;
}
