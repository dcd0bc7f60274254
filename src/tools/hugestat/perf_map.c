/*
 * --perf-map: names for perf of functions whose text lost its file's name.
 *
 * perf asks /tmp/perf-PID.map about addresses in anonymous memory. Text on hugetlb pages, or in a
 * memfd, is a file's by its name, and perf asks that file, which is no program: these functions are
 * listed for who looks them up himself, and the user is told. Which object a text is from is seen
 * by its neighbours: the rest of the object is still mapped around it, from its file.
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

/*
 * The nearest mapping of a file below, or above where the one below is not an object. Within an
 * object there are no holes, so it is enough to go by what touches.
 */
static const struct smaps_mapping *find_neighbour(const struct process *process, size_t at)
{
	for (size_t i = at; i > 0; i--) {
		const struct smaps_mapping *below = &process->mappings[i - 1].smaps;

		if (below->end != process->mappings[i].smaps.start)
			break;
		if (is_file(below))
			return below;
	}
	for (size_t i = at + 1; i < process->count; i++) {
		const struct smaps_mapping *above = &process->mappings[i].smaps;

		if (above->start != process->mappings[i - 1].smaps.end)
			break;
		if (is_file(above))
			return above;
	}
	return NULL;
}

/* Returns the number of functions, or -errno. */
static int write_mapping(const struct process *process, size_t at, FILE *out)
{
	const struct smaps_mapping *lost = &process->mappings[at].smaps;
	const struct smaps_mapping *neighbour = find_neighbour(process, at);
	char path[SMAPS_NAME_BYTES + 64];

	if (!neighbour)
		return -ENOENT;
	/* As the process sees the file: it may live in a namespace of its own. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)process->pid, neighbour->name);
	return object_write_functions(path, neighbour->start, neighbour->offset, lost->start,
				      lost->end, out);
}

/* The directory is everybody's: a file or link that is there is removed, never written through. */
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
	const char *name; /* of the first file that perf will ask instead; NULL: there is none */
};

static struct written write_all(const struct process *process, FILE *out)
{
	struct written all = {0};

	for (size_t i = 0; i < process->count; i++) {
		const struct smaps_mapping *mapping = &process->mappings[i].smaps;
		int written;

		if (!is_lost(mapping))
			continue;
		all.mappings++;
		if (mapping->inode && !all.name)
			all.name = mapping->name;
		written = write_mapping(process, i, out);
		if (written < 0)
			fprintf(stderr, "hugestat: no names for the text at %llx: %s\n",
				(unsigned long long)mapping->start, strerror(-written));
		else
			all.functions += written;
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
		puts("perf does not look there for text that is a file's by its name, such as");
		text_show(written.name, stdout);
		puts(": start the program under perf, or have its text on thp or file");
	}
	process_free(&process);
	return written.functions || !written.mappings ? EXIT_SUCCESS : EXIT_FAILURE;
}
