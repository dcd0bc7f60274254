/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page frames: see frames.h.
 *
 * pagemap has one word for each small page of the address space, including parts of huge pages;
 * kpageflags and kpagecount have one for each frame. Consecutive frames, as those of a huge page,
 * are read together.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "proc/pagemap.h"
#include "tools/hugestat/frames.h"

#define WORDS_AT_ONCE 4096

/* The kernel's names (Documentation/admin-guide/mm/pagemap.rst), by bit. */
static const char *const flag_names[64] = {
	[0] = "locked",         [1] = "error",         [2] = "referenced",   [3] = "uptodate",
	[4] = "dirty",          [5] = "lru",           [6] = "active",       [7] = "slab",
	[8] = "writeback",      [9] = "reclaim",       [10] = "buddy",       [11] = "mmap",
	[12] = "anonymous",     [13] = "swapcache",    [14] = "swapbacked",  [15] = "compound_head",
	[16] = "compound_tail", [17] = "huge",         [18] = "unevictable", [19] = "hwpoison",
	[20] = "nopage",        [21] = "ksm",          [22] = "thp",         [23] = "offline",
	[24] = "zero_page",     [25] = "idle_page",    [26] = "pgtable",     [32] = "reserved",
	[33] = "mlocked",       [34] = "mappedtodisk", [35] = "private",     [36] = "private_2",
	[37] = "owner_private", [38] = "arch",         [39] = "uncached",    [40] = "softdirty",
	[41] = "arch_2",        [42] = "arch_3",
};

#define FLAG_COMPOUND_HEAD (1ull << 15)
#define FLAG_COMPOUND_TAIL (1ull << 16)
#define FLAG_HUGE          (1ull << 17)
#define FLAG_THP           (1ull << 22)

struct reader {
	struct pagemap pagemap;
	int flags, counts; /* descriptors */
	size_t page_bytes;
	size_t room;                     /* of frames->rows */
	size_t last;                     /* the row that was counted last: neighbours are often
					  * alike */
	unsigned long *orders;           /* of the mapping that is being read */
	uint64_t folio_start, folio_end; /* frames of the last folio found */
};

/* No transparent huge page is larger, or crosses a multiple of this. */
#define FOLIO_PAGES_MAX 512

void frames_flag_names(uint64_t flags, char *text, size_t bytes)
{
	size_t used = 0;

	*text = '\0';
	for (unsigned int bit = 0; bit < 64 && used < bytes; bit++) {
		const char *comma = used ? "," : "";

		if (!(flags >> bit & 1))
			continue;
		if (flag_names[bit])
			used += (size_t)snprintf(text + used, bytes - used, "%s%s", comma,
						 flag_names[bit]);
		else
			used += (size_t)snprintf(text + used, bytes - used, "%sbit%u", comma, bit);
	}
}

static int count_row(struct frames *frames, struct reader *reader, uint64_t flags)
{
	size_t row = reader->last;

	if (row >= frames->count || frames->rows[row].flags != flags)
		for (row = 0; row < frames->count && frames->rows[row].flags != flags; row++)
			;
	if (row == reader->room) {
		size_t room = reader->room ? 2 * reader->room : 64;
		struct frames_row *grown = reallocarray(frames->rows, room, sizeof(*frames->rows));

		if (!grown)
			return -ENOMEM;
		frames->rows = grown;
		reader->room = room;
	}
	if (row == frames->count)
		frames->rows[frames->count++] = (struct frames_row){flags, 0};
	frames->rows[row].pages++;
	reader->last = row;
	return 0;
}

static int count_frame(struct frames *frames, struct reader *reader, uint64_t flags, uint64_t count)
{
	frames->heads += !!(flags & FLAG_COMPOUND_HEAD);
	frames->tails += !!(flags & FLAG_COMPOUND_TAIL);
	if (flags & FLAG_HUGE)
		frames->hugetlb++;
	else if (flags & FLAG_THP)
		frames->thp++;
	else
		frames->small++;
	frames->by_mappings[count < FRAMES_SHARERS_MAX ? count : FRAMES_SHARERS_MAX - 1]++;
	return count_row(frames, reader, flags);
}

/* Reads the words of `count` frames from `frame` on. */
static int read_words(int fd, uint64_t *words, uint64_t frame, size_t count)
{
	ssize_t got = pread(fd, words, count * sizeof(*words), (off_t)(frame * sizeof(*words)));

	if (got < 0)
		return -errno;
	return (size_t)got == count * sizeof(*words) ? 0 : -EIO;
}

/* Finds the pages that the kernel manages together with this one: a head and the tails after it. */
static void find_folio(struct reader *reader, uint64_t frame)
{
	static uint64_t flags[FOLIO_PAGES_MAX];
	const uint64_t block = frame & ~(uint64_t)(FOLIO_PAGES_MAX - 1);
	size_t first = (size_t)(frame - block), end = first + 1;

	reader->folio_start = frame;
	reader->folio_end = frame + 1;
	if (read_words(reader->flags, flags, block, FOLIO_PAGES_MAX))
		return;
	while (first && !(flags[first] & FLAG_COMPOUND_HEAD))
		first--;
	while (end < FOLIO_PAGES_MAX && flags[end] & FLAG_COMPOUND_TAIL)
		end++;
	reader->folio_start = block + first;
	reader->folio_end = block + end;
}

static void count_order(struct reader *reader, uint64_t frame)
{
	size_t pages;
	int order = 0;

	if (frame < reader->folio_start || frame >= reader->folio_end)
		find_folio(reader, frame);
	pages = (size_t)(reader->folio_end - reader->folio_start);
	while (order + 1 < FRAMES_ORDERS && (size_t)2 << order <= pages)
		order++;
	reader->orders[order]++;
}

static int count_run(struct frames *frames, struct reader *reader, uint64_t frame, size_t count)
{
	static uint64_t flags[WORDS_AT_ONCE], counts[WORDS_AT_ONCE];
	int result = read_words(reader->flags, flags, frame, count);

	if (!result)
		result = read_words(reader->counts, counts, frame, count);
	for (size_t i = 0; i < count && !result; i++) {
		result = count_frame(frames, reader, flags[i], counts[i]);
		if (flags[i] & FLAG_THP)
			count_order(reader, frame + i);
	}
	return result;
}

static int count_entries(struct frames *frames, struct reader *reader, const uint64_t *entries,
			 size_t count)
{
	int result = 0;

	for (size_t i = 0, run; i < count && !result; i += run) {
		uint64_t frame = entries[i] & PAGEMAP_FRAME;

		run = 1;
		if (!(entries[i] & PAGEMAP_PRESENT)) {
			frames->swapped += !!(entries[i] & PAGEMAP_SWAPPED);
			continue;
		}
		/* Without permission to see frame numbers all of them are 0. */
		if (!frame)
			return -EPERM;
		while (i + run < count && entries[i + run] & PAGEMAP_PRESENT &&
		       (entries[i + run] & PAGEMAP_FRAME) == frame + run)
			run++;
		frames->present += run;
		result = count_run(frames, reader, frame, run);
	}
	return result;
}

static int count_mapping(struct frames *frames, struct reader *reader,
			 const struct smaps_mapping *mapping)
{
	static uint64_t entries[WORDS_AT_ONCE];
	uint64_t page = mapping->start / reader->page_bytes;
	uint64_t end = mapping->end / reader->page_bytes;

	/* The kernel's own page at the top of the 64-bit address space is beyond pagemap. */
	if (mapping->start > INT64_MAX)
		return 0;
	while (page < end) {
		size_t count = end - page < WORDS_AT_ONCE ? (size_t)(end - page) : WORDS_AT_ONCE;
		long got = pagemap_read(&reader->pagemap, page, entries, count);
		int result;

		if (got <= 0)
			return (int)got; /* 0: the mapping no longer exists */
		result = count_entries(frames, reader, entries, (size_t)got);
		if (result)
			return result;
		page += (uint64_t)got;
	}
	return 0;
}

static int by_pages(const void *a, const void *b)
{
	const struct frames_row *first = a, *second = b;

	if (first->pages != second->pages)
		return first->pages > second->pages ? -1 : 1;
	return first->flags < second->flags ? -1 : first->flags > second->flags;
}

static void close_files(struct reader *reader)
{
	pagemap_close(&reader->pagemap);
	if (reader->flags >= 0)
		close(reader->flags);
	if (reader->counts >= 0)
		close(reader->counts);
}

int frames_read(const struct process *process, struct frames *frames)
{
	struct reader reader = {.page_bytes = (size_t)sysconf(_SC_PAGESIZE)};
	int result = 0;

	memset(frames, 0, sizeof(*frames));
	frames->orders = calloc(process->count, sizeof(*frames->orders));
	if (!frames->orders)
		return -ENOMEM;
	process_pagemap(&reader.pagemap, process->pid);
	reader.flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	reader.counts = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	if (reader.flags < 0 || reader.counts < 0)
		result = -errno;
	if (SYS_IS_ERROR(reader.pagemap.fd))
		result = (int)reader.pagemap.fd;
	if (result == -EACCES)
		result = -EPERM;
	for (size_t i = 0; i < process->count && !result; i++) {
		reader.orders = frames->orders[i];
		result = count_mapping(frames, &reader, &process->mappings[i].smaps);
	}
	close_files(&reader);
	if (result) {
		frames_free(frames);
		return result;
	}
	if (frames->count)
		qsort(frames->rows, frames->count, sizeof(*frames->rows), by_pages);
	return 0;
}

void frames_free(struct frames *frames)
{
	free(frames->rows);
	free(frames->orders);
	frames->rows = NULL;
	frames->orders = NULL;
	frames->count = 0;
}
