/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads can write to a huge page while another thread protects small pages of it: no write is
 * lost, and none faults. The argument is main or arena, as in partial-page-calls.c.
 */
#include <sys/mman.h>
#include "heap_share.h"

#define BLOCKS  1024
#define BYTES   65536
#define WRITERS 2

static char *block[BLOCKS];
static volatile int stop;
static size_t page;

/* Counts in its own word of every block's last page, round and round, and knows the counts. */
static void *write_counters(void *argument)
{
	uintptr_t self = (uintptr_t)argument;
	static uint32_t counts[WRITERS][BLOCKS];

	while (!stop)
		for (int i = 0; i < BLOCKS; i++) {
			volatile uint32_t *counter = (uint32_t *)(block[i] + BYTES - page) + self;

			CHECK(*counter == counts[self][i], "block %d counts %u, not %u", i,
			      *counter, counts[self][i]);
			*counter = ++counts[self][i];
		}
	for (int i = 0; i < BLOCKS; i++)
		CHECK(((uint32_t *)(block[i] + BYTES - page))[self] == counts[self][i],
		      "block %d lost a count", i);
	return NULL;
}

static void partial_one(int i, char *at)
{
	switch (i % 4) {
	case 0:
		CHECK(mprotect(at, page, PROT_NONE) == 0, "%m");
		CHECK(mprotect(at, page, PROT_READ | PROT_WRITE) == 0, "%m");
		break;
	case 1:
		CHECK(madvise(at, page, MADV_DONTNEED) == 0, "%m");
		break;
	case 2:
		CHECK(mmap(at, page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at,
		      "%m");
		break;
	default:
		CHECK(mprotect(at, page, PROT_READ) == 0, "%m");
		CHECK(mprotect(at, page, PROT_READ | PROT_WRITE) == 0, "%m");
	}
}

static void *run(void *unused)
{
	pthread_t writer[WRITERS];

	(void)unused;
	page = (size_t)sysconf(_SC_PAGESIZE);
	for (int i = 0; i < BLOCKS; i++) {
		block[i] = need(aligned_alloc(page, BYTES));
		memset(block[i], 0, BYTES);
		fill_pattern(block[i], BYTES - page, 1);
	}
	heap_share_check();
	for (uintptr_t i = 0; i < WRITERS; i++)
		writer[i] = start_thread(write_counters, (void *)i);
	/* from the far end, so that a huge page is met while nobody has split it */
	for (int i = BLOCKS - 1; i >= 0; i--)
		partial_one(i / 32, block[i] + page);
	stop = 1;
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writer[i], NULL);
	for (int i = 0; i < BLOCKS; i++) {
		check_pattern(block[i], page, 1);
		check_pattern(block[i] + 2 * page, BYTES - 3 * page, 1);
		free(block[i]);
	}
	return NULL;
}

int main(int count, char **arguments)
{
	if (count > 1 && !strcmp(arguments[1], "arena"))
		pthread_join(start_thread(run, NULL), NULL);
	else
		run(NULL);
	return 0;
}
