/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --perf-map: names for perf of functions whose text no longer maps its file.
 *
 * perf reads /tmp/perf-PID.map for addresses in anonymous memory. Text on hugetlb pages, or in a
 * memfd, has a file's name, and perf reads that file, which is not a program: these functions are
 * listed for users who look them up themselves, and a line says so. The text belongs to the
 * program, as its entry point shows, or to the nearest object below or above, if it lies within
 * that object's segments.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/shown_text.h"
#include "tools/hugestat/objects.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/show.h"

static bool is_lost(const struct smaps_mapping *mapping)
{
	return mapping->rights[2] == 'x' && mapping->name[0] != '[' &&
	       (!mapping->inode || strstr(mapping->name, " (deleted)"));
}

static bool is_file(const struct smaps_mapping *mapping)
{
	return mapping->inode && mapping->name[0] == '/' && !strstr(mapping->name, " (deleted)");
}

/* The nearest mapping of a file from an index on, downwards or upwards. There may be holes between
 * the segments of an object that was linked for huge pages. */
static const struct smaps_mapping *find_file(const struct process *process, size_t at, int step)
{
	for (size_t i = at + (size_t)step; i < process->count; i += (size_t)step)
		if (is_file(&process->mappings[i].smaps))
			return &process->mappings[i].smaps;
	return NULL;
}

/* Returns the number of functions, or -errno; -ENOENT: the range is not part of an object there. */
static int write_as_neighbour(const struct process *process, const struct smaps_mapping *lost,
			      const struct smaps_mapping *neighbour, FILE *out)
{
	char path[SMAPS_NAME_BYTES + 64];

	if (!neighbour)
		return -ENOENT;
	/* The path through the process's root: it may be in another mount namespace. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)process->pid, neighbour->name);
	return object_write_functions(path, neighbour->start, neighbour->offset, lost->start,
				      lost->end, out);
}

/* Tries the program, then the nearest file. An error that says more than "not part of it" is
 * returned. */
static int write_mapping(const struct process *process, size_t at, FILE *out)
{
	const struct smaps_mapping *lost = &process->mappings[at].smaps;
	int written = program_write_functions(process->pid, lost->start, lost->end, out);
	int error = -ENOENT;

	for (int step = -1; written < 0 && step <= 1; step += 2) {
		if (written != -ENOENT)
			error = written;
		written = write_as_neighbour(process, lost, find_file(process, at, step), out);
	}
	return written == -ENOENT ? error : written;
}

/* Does a file's mapping begin where this one ends, or end where it begins? */
static bool touches_file(const struct process *process, size_t at)
{
	const struct smaps_mapping *lost = &process->mappings[at].smaps;
	const struct smaps_mapping *below = find_file(process, at, -1);
	const struct smaps_mapping *above = find_file(process, at, 1);

	return (below && below->end == lost->start) || (above && above->start == lost->end);
}

/* The directory is writable by everybody: an existing file or link is removed, never written
 * through. */
static FILE *create_map(const char *path)
{
	int fd;
	FILE *file;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "w");
	if (!file)
		close(fd);
	return file;
}

struct written {
	int functions, mappings;
	int nameless;     /* mappings of an object's text without names */
	const char *name; /* of the first file that perf will read instead; NULL: there is none */
};

/* Code that a program generates while it runs belongs to no object: the program itself can write
 * such a map. */
static struct written write_all(const struct process *process, FILE *out)
{
	struct written all = {0};

	for (size_t i = 0; i < process->count; i++) {
		const struct smaps_mapping *mapping = &process->mappings[i].smaps;
		int written;

		if (!is_lost(mapping))
			continue;
		written = write_mapping(process, i, out);
		if (written == -ENOENT && !mapping->inode && !touches_file(process, i))
			continue;
		all.mappings++;
		if (mapping->inode && !all.name)
			all.name = mapping->name;
		if (written <= 0) {
			all.nameless++;
			fprintf(stderr, "hugestat: no names for the text at %llx: %s\n",
				(unsigned long long)mapping->start,
				written ? strerror(-written) : "its file has no symbols there");
		} else {
			all.functions += written;
		}
	}
	return all;
}

int write_perf_map(pid_t pid)
{
	struct process process;
	char path[64];
	FILE *out;
	struct written written;
	int result = process_read(&process, pid);

	if (result) {
		fprintf(stderr, "hugestat: process %d: %s\n", (int)pid, strerror(-result));
		return EXIT_FAILURE;
	}
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)pid);
	out = create_map(path);
	if (!out) {
		fprintf(stderr, "hugestat: %s: %s\n", path, strerror(errno));
		process_free(&process);
		return EXIT_FAILURE;
	}
	written = write_all(&process, out);
	if (ferror(out) | fclose(out)) {
		fprintf(stderr, "hugestat: %s can't be written\n", path);
		process_free(&process);
		return EXIT_FAILURE;
	}
	printf("%s: %d functions in %d mappings of text without a file\n", path, written.functions,
	       written.mappings);
	if (written.name) {
		puts("perf does not use that file for text whose mapping has a file name, such as");
		text_show(written.name, stdout);
		puts(": start the program under perf, or set HUGETLB_ELFMAP_BACKING=thp or file");
	}
	process_free(&process);
	return written.nameless ? EXIT_FAILURE : EXIT_SUCCESS;
}
