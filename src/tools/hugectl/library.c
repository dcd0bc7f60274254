/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the library: next to this tool, in /usr/local or in /usr, in the directories that
 * distributions use for each kind of CPU.
 */
#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/hugectl/hugectl.h"

/* Below a prefix, the most likely ones first. */
static const struct place {
	int machine, class_bits;
	const char *directory;
} places[] = {
	{EM_X86_64, 64, "lib/x86_64-linux-gnu"},
	{EM_X86_64, 64, "lib64"},
	{EM_X86_64, 64, "lib"},
	{EM_386, 32, "lib/i386-linux-gnu"},
	{EM_386, 32, "lib32"},
	{EM_386, 32, "lib"},
	{EM_AARCH64, 64, "lib/aarch64-linux-gnu"},
	{EM_AARCH64, 64, "lib64"},
	{EM_AARCH64, 64, "lib"},
};

#define PLACES (sizeof(places) / sizeof(places[0]))

static char *join(const char *directory, const char *below, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s%s%s", directory, below, *below ? "/" : "", name) < 0)
		abort();
	return path;
}

static bool is_of_kind(const char *path, int machine, int class_bits)
{
	const struct elf_kind kind = elf_kind_of(path);

	return kind.machine == machine && kind.class_bits == class_bits;
}

/* Does the prefix have the library in that place? */
static bool is_there(const char *prefix, const struct place *place)
{
	char *path = join(prefix, place->directory, LIBRARY_NAME);
	const bool found = is_of_kind(path, place->machine, place->class_bits);

	free(path);
	return found;
}

/* Does the dynamic linker for that kind of program use this place for $LIB? Then libc is in it. */
static bool is_place_of_libc(const struct place *place)
{
	char *path = join("", place->directory, "libc.so.6");
	const bool found = is_of_kind(path, place->machine, place->class_bits);

	free(path);
	return found;
}

/* Does $LIB lead to the library both for programs of that kind and for those of the other class? */
static bool has_both_classes(const char *prefix, const struct place *place)
{
	if (!is_place_of_libc(place))
		return false;
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].class_bits != place->class_bits && is_there(prefix, &places[i]) &&
		    is_place_of_libc(&places[i]))
			return true;
	return false;
}

static const char *find_below(const char *prefix, const struct elf_kind *kind)
{
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *place = &places[i];

		if (place->machine != kind->machine || place->class_bits != kind->class_bits ||
		    !is_there(prefix, place))
			continue;
		return join(prefix, has_both_classes(prefix, place) ? "$LIB" : place->directory,
			    LIBRARY_NAME);
	}
	return NULL;
}

/* The parent of this tool's directory; NULL if /proc does not show it. */
static const char *own_prefix(char *path, size_t path_bytes)
{
	const ssize_t bytes = readlink("/proc/self/exe", path, path_bytes - 1);

	if (bytes < 0)
		return NULL;
	path[bytes] = '\0';
	for (int levels = 0; levels < 2; levels++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return NULL;
		*slash = '\0';
	}
	return path;
}

const char *library_find(const char *within, const struct elf_kind *kind)
{
	char own[PATH_MAX];
	const char *prefixes[] = {own_prefix(own, sizeof(own)), "/usr/local", "/usr"};
	const char *path;

	if (within) {
		path = join(within, "", LIBRARY_NAME);
		if (is_of_kind(path, kind->machine, kind->class_bits))
			return path;
		return find_below(within, kind);
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		path = prefixes[i] ? find_below(prefixes[i], kind) : NULL;
		if (path)
			return path;
	}
	return NULL;
}
