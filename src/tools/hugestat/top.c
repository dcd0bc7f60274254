/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --top: the processes with the most memory on huge pages, shown repeatedly.
 *
 * For each process the kernel's totals are read (status, smaps_rollup); smaps_rollup only for
 * processes that have at least one huge page's worth of memory.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/common/json.h"
#include "tools/common/shown_text.h"
#include "tools/common/process_tree.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/show.h"
#include "tools/hugestat/top.h"

#define DEFAULT_SECONDS 2
#define KB_WORTH        2048
#define ROWS_SHOWN      20

struct row {
	pid_t pid;
	char name[64];
	unsigned long memory_kb, hugetlb_kb, thp_kb, file_thp_kb;
	unsigned long long faults, start;
	double fault_rate; /* per second, since the sample before; below 0: unknown */
};

struct picture {
	struct row *rows; /* most on huge pages first */
	size_t count, room;
	double at; /* seconds */
};

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned long huge_kb(const struct row *row)
{
	return row->hugetlb_kb + row->thp_kb + row->file_thp_kb;
}

/* False: it has no memory of its own, or too little for a line. */
static bool read_row(struct row *row, pid_t pid)
{
	struct process_stat stat;
	char path[64], text[4096], *end;

	*row = (struct row){.pid = pid, .fault_rate = -1};
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (sys_read_file(path, text, sizeof(text)) <= 0 || strncmp(text, "Name:\t", 6))
		return false;
	row->hugetlb_kb = process_status_kb(text, "\nHugetlbPages:");
	row->memory_kb = process_status_kb(text, "\nVmRSS:") + row->hugetlb_kb;
	if (row->memory_kb < KB_WORTH)
		return false;
	end = text + 6 + strcspn(text + 6, "\n");
	snprintf(row->name, sizeof(row->name), "%.*s", (int)(end - text - 6), text + 6);
	if (process_stat(pid, &stat)) {
		row->faults = stat.minor_faults;
		row->start = stat.start;
	}
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	if (sys_read_file(path, text, sizeof(text)) > 0) {
		row->thp_kb = process_status_kb(text, "\nAnonHugePages:");
		row->file_thp_kb = process_status_kb(text, "\nShmemPmdMapped:") +
				   process_status_kb(text, "\nFilePmdMapped:");
	}
	return true;
}

static int by_huge(const void *a, const void *b)
{
	const struct row *first = a, *second = b;

	if (huge_kb(first) != huge_kb(second))
		return huge_kb(first) > huge_kb(second) ? -1 : 1;
	if (first->memory_kb != second->memory_kb)
		return first->memory_kb > second->memory_kb ? -1 : 1;
	return first->pid < second->pid ? -1 : first->pid > second->pid;
}

static void add_rate(struct row *row, const struct picture *before, double now)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct row *old = &before->rows[i];

		if (old->pid == row->pid && old->start == row->start && now > before->at)
			row->fault_rate = (double)(row->faults - old->faults) / (now - before->at);
	}
}

static int take_picture(struct picture *picture, const struct picture *before)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	if (!directory)
		return -errno;
	if (access("/proc/self", F_OK)) {
		closedir(directory);
		return -ENOENT;
	}
	picture->count = 0;
	picture->at = seconds_now();
	while ((entry = readdir(directory))) {
		char *end;
		const long pid = strtol(entry->d_name, &end, 10);
		struct row row;

		if (*end || pid <= 0 || pid == getpid() || !read_row(&row, (pid_t)pid))
			continue;
		add_rate(&row, before, picture->at);
		if (picture->count == picture->room) {
			picture->room = picture->room ? 2 * picture->room : 256;
			picture->rows = reallocarray(picture->rows, picture->room, sizeof(row));
			if (!picture->rows)
				abort();
		}
		picture->rows[picture->count++] = row;
	}
	closedir(directory);
	if (picture->count)
		qsort(picture->rows, picture->count, sizeof(*picture->rows), by_huge);
	return 0;
}

static void print_picture(const struct picture *picture, size_t limit, FILE *out)
{
	fprintf(out, "%8s %10s %10s %10s %10s %6s %9s  %s\n", "pid", "MB", "hugetlb", "THP",
		"file THP", "huge", "faults/s", "name");
	for (size_t i = 0; i < picture->count && (!limit || i < limit); i++) {
		const struct row *row = &picture->rows[i];

		fprintf(out, "%8d %10lu %10lu %10lu %10lu %4lu %%", (int)row->pid,
			row->memory_kb >> 10, row->hugetlb_kb >> 10, row->thp_kb >> 10,
			row->file_thp_kb >> 10, 100 * huge_kb(row) / row->memory_kb);
		if (row->fault_rate < 0)
			fprintf(out, " %9s  ", "-");
		else
			fprintf(out, " %9.0f  ", row->fault_rate);
		text_show(row->name, out);
		fputc('\n', out);
	}
}

static void put_row(struct json *json, const void *of, size_t number)
{
	const struct row *row = &((const struct picture *)of)->rows[number];

	json_number(json, "pid", (unsigned long long)row->pid);
	json_text(json, "name", row->name);
	json_number(json, "memory_kb", row->memory_kb);
	json_number(json, "hugetlb_kb", row->hugetlb_kb);
	json_number(json, "thp_kb", row->thp_kb);
	json_number(json, "file_thp_kb", row->file_thp_kb);
	if (row->fault_rate < 0)
		json_text(json, "faults_per_second", NULL);
	else
		json_real(json, "faults_per_second", row->fault_rate);
}

static void show_top(const struct picture *picture, const struct hugestat_options *options,
		     FILE *out)
{
	struct json json = {.stream = out, .compact = true};

	if (!options->json) {
		print_picture(picture, options->verbose ? 0 : ROWS_SHOWN, out);
		return;
	}
	json_document(&json);
	json_objects(&json, "processes", picture->count, put_row, picture);
	json_close(&json, '}');
}

int top(const struct hugestat_options *options)
{
	struct picture pictures[2] = {0};
	const double seconds =
		options->interval_seconds ? options->interval_seconds : DEFAULT_SECONDS;

	for (unsigned long shown = 0;;) {
		struct picture *picture = &pictures[shown % 2];
		char *text = NULL;
		size_t bytes = 0;
		FILE *buffer;
		int failed = take_picture(picture, &pictures[!(shown % 2)]);

		if (failed) {
			fprintf(stderr, "hugestat: processes are unknown: /proc: %s\n",
				strerror(-failed));
			return EXIT_FAILURE;
		}
		buffer = open_memstream(&text, &bytes);
		if (!buffer)
			return EXIT_FAILURE;
		show_top(picture, options, buffer);
		fclose(buffer);
		failed = watch_put(text, bytes, options->json);
		free(text);
		if (failed || ++shown == options->count)
			return failed ? EXIT_FAILURE : EXIT_SUCCESS;
		usleep((useconds_t)(seconds * 1e6));
	}
}
