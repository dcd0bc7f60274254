/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --collapse: see collapse.h. Uses process_madvise(MADV_COLLAPSE), one huge page at a time, because
 * the process cannot change its mappings while the kernel copies one; and no faster than the given
 * rate. A part of a mapping that is less than half in use is skipped: it would only grow.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "pages/sizes.h"
#include "tools/common/json.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/collapse.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/show.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* Linux 5.3, on every CPU */
#endif

#define MEMORY_SHORT      64 /* failures because no memory was free, after which it stops */
#define PROGRESS_INTERVAL 0.2

/* The result for a huge page's range. */
enum outcome {
	OUTCOME_DONE,  /* it is huge now, or was before */
	OUTCOME_EMPTY, /* less than half in use */
	OUTCOME_REFUSED,
	OUTCOME_BUSY,
	OUTCOME_NO_MEMORY,
	OUTCOMES,
};

static const struct {
	const char *json_name, *text;
} outcomes[OUTCOMES] = {
	[OUTCOME_DONE] = {"huge", "are huge now"},
	[OUTCOME_EMPTY] = {"sparse", "left alone: less than half of it is in use"},
	[OUTCOME_REFUSED] = {"refused", "refused by the kernel for this kind of memory"},
	[OUTCOME_BUSY] = {"busy", "are busy (pinned, locked, changing): try again"},
	[OUTCOME_NO_MEMORY] = {"no_memory", "no free huge page, also after compaction"},
};

struct collapse {
	pid_t pid;
	int process; /* a descriptor */
	struct pagemap pagemap;
	size_t huge_bytes, base_bytes;
	const struct collapse_wish *wish;
	unsigned long ranges, tried, counts[OUTCOMES];
	unsigned long refused_text, refused_shared; /* of OUTCOME_REFUSED */
	double start, shown;
	bool progress;
	int error; /* the error that stopped it */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool is_wanted(const struct process_mapping *mapping, enum collapse_part part)
{
	const bool text = mapping->smaps.rights[2] == 'x' && mapping->smaps.inode;

	if (smaps_is_hugetlb(&mapping->smaps) || mapping->part == PART_KERNEL ||
	    mapping->part == PART_STACKS || mapping->smaps.start > INT64_MAX)
		return false;
	switch (part) {
	case COLLAPSE_TEXT:
		return text;
	case COLLAPSE_HEAP:
		return mapping->part == PART_BREAK || mapping->part == PART_ARENAS ||
		       mapping->part == PART_MAPPINGS;
	default:
		return text || smaps_is_anonymous(&mapping->smaps) || mapping->part == PART_BREAK ||
		       mapping->part == PART_SHARED;
	}
}

/*
 * Is half of that huge page present? Also true if that is not visible. In shared memory, pages that
 * other processes use are not visible: there one page is enough.
 */
static bool is_dense(const struct collapse *collapse, uint64_t start, bool shared)
{
	const size_t count = collapse->huge_bytes / collapse->base_bytes;
	size_t present;

	return !process_count_present(&collapse->pagemap, start / collapse->base_bytes, count,
				      &present) ||
	       present >= (shared ? 1 : count / 2);
}

static enum outcome collapse_range(struct collapse *collapse, uint64_t start, bool shared)
{
	const struct iovec range = {(void *)(uintptr_t)start, collapse->huge_bytes};

	if (!is_dense(collapse, start, shared))
		return OUTCOME_EMPTY;
	if (syscall(SYS_process_madvise, collapse->process, &range, 1, MADV_COLLAPSE, 0) >= 0)
		return OUTCOME_DONE;
	switch (errno) {
	case EINVAL:
		return OUTCOME_REFUSED;
	case ENOMEM:
		return OUTCOME_NO_MEMORY;
	case EAGAIN:
	case EBUSY:
		return OUTCOME_BUSY;
	default:
		collapse->error = errno;
		return OUTCOME_REFUSED;
	}
}

static void show_progress(struct collapse *collapse)
{
	if (!collapse->progress || now() - collapse->shown < PROGRESS_INTERVAL)
		return;
	collapse->shown = now();
	fprintf(stderr, "\r\033[Khugestat: process %d: %lu of %lu MB", (int)collapse->pid,
		collapse->tried * (collapse->huge_bytes >> 20),
		collapse->ranges * (collapse->huge_bytes >> 20));
}

/* Sleeps until the rate allows what was done so far. */
static void keep_rate(const struct collapse *collapse)
{
	const double bytes = (double)(collapse->tried - collapse->counts[OUTCOME_EMPTY]) *
			     (double)collapse->huge_bytes;
	const double until = collapse->start + bytes / (double)collapse->wish->bytes_per_second;
	const double wait = until - now();
	struct timespec pause;

	if (wait <= 0)
		return;
	pause.tv_sec = (time_t)wait;
	pause.tv_nsec = (long)((wait - (double)pause.tv_sec) * 1e9);
	nanosleep(&pause, NULL);
}

struct range {
	uint64_t start, end;
};

static struct range whole_pages(const struct smaps_mapping *mapping, size_t huge_bytes)
{
	const uint64_t mask = huge_bytes - 1;
	const uint64_t start = (mapping->start + mask) & ~mask, end = mapping->end & ~mask;

	return (struct range){start, end > start ? end : start};
}

static bool goes_on(const struct collapse *collapse)
{
	return !collapse->error && collapse->counts[OUTCOME_NO_MEMORY] < MEMORY_SHORT;
}

static void collapse_mapping(struct collapse *collapse, const struct smaps_mapping *mapping)
{
	const struct range range = whole_pages(mapping, collapse->huge_bytes);

	for (uint64_t at = range.start; at < range.end && goes_on(collapse);
	     at += collapse->huge_bytes) {
		const enum outcome outcome =
			collapse_range(collapse, at, mapping->rights[3] == 's');

		collapse->tried++;
		collapse->counts[outcome]++;
		collapse->refused_text += outcome == OUTCOME_REFUSED && mapping->rights[2] == 'x';
		collapse->refused_shared += outcome == OUTCOME_REFUSED && mapping->rights[3] == 's';
		show_progress(collapse);
		keep_rate(collapse);
	}
}

/* The reason why nothing works at all. */
static const char *failure(int error)
{
	if (error == EPERM)
		return "needs CAP_SYS_NICE and the right to trace the process (root has both)";
	if (error == ENOSYS)
		return "needs Linux 6.1: this kernel has no process_madvise";
	return strerror(error);
}

static void print_result(const struct collapse *collapse, const struct process *before,
			 const struct process *after)
{
	text_show(before->name, stdout);
	printf(", process %d, in %.1f s\n", (int)collapse->pid, now() - collapse->start);
	printf("  %9lu kB on huge pages before\n", usage_huge_kb(&before->table.total));
	printf("  %9lu kB on huge pages now, of %lu kB in memory\n",
	       usage_huge_kb(&after->table.total), after->table.total.memory);
	for (int i = 0; i < OUTCOMES; i++)
		if (collapse->counts[i])
			printf("  %9lu pages of %zu kB %s\n", collapse->counts[i],
			       collapse->huge_bytes >> 10, outcomes[i].text);
	if (collapse->refused_shared)
		puts("  shared memory needs advise or more in /sys/kernel/mm/transparent_hugepage/"
		     "\n  shmem_enabled when the program maps it: the kernel aligns it only then");
	if (collapse->refused_text)
		puts("  text and files need a file system and a kernel that can: "
		     "CONFIG_READ_ONLY_THP_FOR_FS,\n  or large folios in the page cache");
	if (!collapse->ranges)
		puts("  nothing of it is long enough for a huge page");
	if (collapse->counts[OUTCOME_DONE])
		puts("  There is no undo: they stay huge until the process frees or changes them.");
}

static void put_result(const struct collapse *collapse, const struct process *before,
		       const struct process *after, struct json *json)
{
	json_document(json);
	json_number(json, "pid", (unsigned long long)collapse->pid);
	json_text(json, "name", before->name);
	json_number(json, "memory_kb", after->table.total.memory);
	json_number(json, "huge_before_kb", usage_huge_kb(&before->table.total));
	json_number(json, "huge_kb", usage_huge_kb(&after->table.total));
	json_real(json, "seconds", now() - collapse->start);
	json_number(json, "page_kb", collapse->huge_bytes >> 10);
	json_open(json, "pages", '{');
	for (int i = 0; i < OUTCOMES; i++)
		json_number(json, outcomes[i].json_name, collapse->counts[i]);
	json_close(json, '}');
	json_close(json, '}');
}

static int collapse_all(struct collapse *collapse, const struct process *before, struct json *json)
{
	struct process after;
	int result;

	for (size_t i = 0; i < before->count; i++)
		if (is_wanted(&before->mappings[i], collapse->wish->part)) {
			const struct range range =
				whole_pages(&before->mappings[i].smaps, collapse->huge_bytes);

			collapse->ranges +=
				(unsigned long)((range.end - range.start) / collapse->huge_bytes);
		}
	collapse->start = now();
	for (size_t i = 0; i < before->count && goes_on(collapse); i++)
		if (is_wanted(&before->mappings[i], collapse->wish->part))
			collapse_mapping(collapse, &before->mappings[i].smaps);
	if (collapse->progress)
		fputs("\r\033[K", stderr);
	if (collapse->error) {
		fprintf(stderr, "hugestat: process %d: --collapse %s\n", (int)collapse->pid,
			failure(collapse->error));
		return EXIT_FAILURE;
	}
	result = process_read(&after, collapse->pid);
	if (result) {
		show_failure(collapse->pid, result);
		return EXIT_FAILURE;
	}
	if (json)
		put_result(collapse, before, &after, json);
	else
		print_result(collapse, before, &after);
	process_free(&after);
	return collapse->ranges && !collapse->counts[OUTCOME_DONE] ? EXIT_FAILURE : EXIT_SUCCESS;
}

int collapse_process(pid_t pid, const struct collapse_wish *wish, struct json *json)
{
	struct collapse collapse = {
		.pid = pid,
		.process = (int)syscall(SYS_pidfd_open, pid, 0),
		.huge_bytes = sizes_thp(),
		.base_bytes = (size_t)sysconf(_SC_PAGESIZE),
		.wish = wish,
		.progress = isatty(STDERR_FILENO) && !json,
	};
	struct process before;
	int result = process_read(&before, pid);

	if (result) {
		show_failure(pid, result);
		return EXIT_FAILURE;
	}
	process_pagemap(&collapse.pagemap, pid);
	if (!collapse.huge_bytes) {
		fputs("hugestat: --collapse: this kernel has no transparent huge pages\n", stderr);
		result = EXIT_FAILURE;
	} else if (collapse.process < 0) {
		fprintf(stderr, "hugestat: process %d: --collapse %s\n", (int)pid, failure(errno));
		result = EXIT_FAILURE;
	} else {
		result = collapse_all(&collapse, &before, json);
	}
	process_free(&before);
	if (collapse.process >= 0)
		close(collapse.process);
	pagemap_close(&collapse.pagemap);
	return result;
}
