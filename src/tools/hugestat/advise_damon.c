/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses DAMON through its files in sysfs (Documentation/admin-guide/mm/damon/usage.rst): see
 * advise_touch.h.
 *
 * A kernel thread monitors one process. A scheme without an action (stat) for regions with at least
 * one access lists these regions on request. DAMON is left alone if it is already in use, and its
 * configuration is removed at the end.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/hugestat/advise_touch.h"
#include "tools/hugestat/system.h"

#define KDAMONDS "/sys/kernel/mm/damon/admin/kdamonds/"
#define CONTEXT  KDAMONDS "0/contexts/0/"
#define SCHEME   CONTEXT "schemes/0/"

struct range {
	uint64_t start, end;
};

static struct range *ranges;
static size_t count, room;

static bool set(const char *file, const char *value)
{
	const int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return written;
}

bool damon_begin(pid_t pid)
{
	static const char *const settings[][2] = {
		{KDAMONDS "0/contexts/nr_contexts", "1"},
		{CONTEXT "operations", "vaddr"},
		{CONTEXT "targets/nr_targets", "1"},
		{CONTEXT "monitoring_attrs/intervals/sample_us", "5000"},
		{CONTEXT "monitoring_attrs/intervals/aggr_us", "100000"},
		{CONTEXT "monitoring_attrs/intervals/update_us", "1000000"},
		{CONTEXT "monitoring_attrs/nr_regions/min", "100"},
		{CONTEXT "monitoring_attrs/nr_regions/max", "2000"},
		{CONTEXT "schemes/nr_schemes", "1"},
		{SCHEME "action", "stat"},
		{SCHEME "access_pattern/sz/max", "18446744073709551615"},
		{SCHEME "access_pattern/nr_accesses/min", "1"},
		{SCHEME "access_pattern/nr_accesses/max", "4294967295"},
		{SCHEME "access_pattern/age/max", "4294967295"},
	};
	char number[24];
	bool done = true;

	free(ranges);
	ranges = NULL;
	count = room = 0;
	if (system_number(KDAMONDS "nr_kdamonds", 1) || !set(KDAMONDS "nr_kdamonds", "1"))
		return false;
	for (size_t i = 0; done && i < sizeof(settings) / sizeof(settings[0]); i++)
		done = set(settings[i][0], settings[i][1]);
	snprintf(number, sizeof(number), "%d", (int)pid);
	if (done && set(CONTEXT "targets/0/pid_target", number) && set(KDAMONDS "0/state", "on"))
		return true;
	set(KDAMONDS "nr_kdamonds", "0");
	return false;
}

static void add(uint64_t start, uint64_t end)
{
	if (count == room) {
		room = room ? 2 * room : 1024;
		ranges = reallocarray(ranges, room, sizeof(*ranges));
		if (!ranges)
			abort();
	}
	ranges[count++] = (struct range){start, end};
}

void damon_look(void)
{
	DIR *directory;
	struct dirent *entry;

	if (!set(KDAMONDS "0/state", "update_schemes_tried_regions"))
		return;
	directory = opendir(SCHEME "tried_regions");
	while (directory && (entry = readdir(directory))) {
		char path[512];
		uint64_t start;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), SCHEME "tried_regions/%s/start", entry->d_name);
		start = system_number(path, 0);
		snprintf(path, sizeof(path), SCHEME "tried_regions/%s/end", entry->d_name);
		add(start, system_number(path, 0));
	}
	if (directory)
		closedir(directory);
	set(KDAMONDS "0/state", "clear_schemes_tried_regions");
}

static int by_start(const void *a, const void *b)
{
	const struct range *first = a, *second = b;

	return first->start < second->start ? -1 : first->start > second->start;
}

/* Merges overlapping ranges. */
static void merge(void)
{
	size_t last = 0;

	if (!count)
		return;
	qsort(ranges, count, sizeof(*ranges), by_start);
	for (size_t i = 1; i < count; i++) {
		if (ranges[i].start > ranges[last].end)
			ranges[++last] = ranges[i];
		else if (ranges[i].end > ranges[last].end)
			ranges[last].end = ranges[i].end;
	}
	count = last + 1;
}

static unsigned long kb_within(const struct smaps_mapping *mapping)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < count && ranges[i].start < mapping->end; i++) {
		const uint64_t start =
			ranges[i].start > mapping->start ? ranges[i].start : mapping->start;
		const uint64_t end = ranges[i].end < mapping->end ? ranges[i].end : mapping->end;

		if (start < end)
			bytes += end - start;
	}
	return (unsigned long)(bytes >> 10);
}

void damon_end(const struct process *process, unsigned long *kb)
{
	set(KDAMONDS "0/state", "off");
	set(KDAMONDS "nr_kdamonds", "0");
	merge();
	for (size_t i = 0; process && i < process->count; i++) {
		const struct smaps_mapping *mapping = &process->mappings[i].smaps;
		const unsigned long touched = kb_within(mapping);

		/* a region may hold parts of a mapping that are not in memory */
		kb[process->mappings[i].part] +=
			touched < mapping->value[SMAPS_RSS] ? touched : mapping->value[SMAPS_RSS];
	}
	free(ranges);
	ranges = NULL;
	count = room = 0;
}
