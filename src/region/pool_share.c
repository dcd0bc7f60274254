/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much of each pool this process may take: see pool_share.h.
 */
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "pages/pool.h"
#include "pages/source.h"
#include "proc/status.h"
#include "region/lock.h"
#include "region/pool_share.h"
#include "region/process.h"
#include "region/registry.h"

/* An automatic share leaves 1/LEFT_SHARE of the pool to others. */
#define LEFT_SHARE 32

/* The maximum number of page sizes of a machine. */
#define POOLS_MAX 8

static size_t share_bytes;
static unsigned int share_percent;

/* How many pages of each size the process may have until its share is computed again. */
static struct {
	size_t page_bytes;
	unsigned long granted;
} pools[POOLS_MAX];

/* Rounded down to a power of two, because the number of running tasks changes all the time. */
static unsigned long peers_of(unsigned long running, unsigned long own_running)
{
	unsigned long peers = running > own_running ? running - own_running + 1 : 1;

	while (peers & (peers - 1))
		peers &= peers - 1;
	return peers;
}

unsigned long pool_share_choose(unsigned long pool_pages, unsigned long running,
				unsigned long own_running)
{
	const unsigned long peers = peers_of(running, own_running);
	const unsigned long left = pool_pages / LEFT_SHARE;

	if (peers == 1)
		return pool_pages - left;
	return pool_pages / peers ? pool_pages / peers : 1;
}

/* The number of running tasks, from "0.20 0.18 0.12 1/80 11206": before the slash. 1 without
 * /proc. */
static unsigned long running_tasks(void)
{
	unsigned long running;
	const char *at;
	char text[64];

	if (sys_read_file("/proc/loadavg", text, sizeof(text)) <= 0)
		return 1;
	at = strchr(text, '/');
	while (at && at > text && at[-1] != ' ')
		at--;
	running = at ? (unsigned long)word_number(&at, 10) : 0;
	return running ? running : 1;
}

/* The number of threads of this process: its own threads are no reason to take less. */
static unsigned long own_threads(void)
{
	uint64_t threads;

	if (process_single_threaded() ||
	    !status_number("/proc/self/status", "Threads:", 10, &threads))
		return 1;
	return (unsigned long)threads;
}

static unsigned long share_of(size_t page_bytes)
{
	struct pool pool;

	if (share_bytes)
		return share_bytes / page_bytes;
	if (sys_sandboxed || pool_read(page_bytes, &pool))
		return 0;
	pool.total += pool.overcommit;
	if (share_percent)
		return pool.total * share_percent / 100;
	return pool_share_choose(pool.total, running_tasks(), own_threads());
}

/* Pages of that size in all regions. Usually the caller has the lock already, and it is refused. */
static unsigned long pages_held(size_t page_bytes)
{
	const bool locked = lock_take();
	const struct region *region;
	unsigned long held = 0;

	for (region = registry_first(); region; region = registry_next(region))
		for (size_t page = 0, end = region_page(region, region->high);
		     region->page_bytes == page_bytes && page < end; page++)
			held += region->pages[page] & PAGE_HUGE;
	if (locked)
		lock_release();
	return held;
}

static unsigned long *granted_of(size_t page_bytes)
{
	for (int i = 0; i < POOLS_MAX; i++)
		if (!pools[i].page_bytes || pools[i].page_bytes == page_bytes) {
			pools[i].page_bytes = page_bytes;
			return &pools[i].granted;
		}
	return NULL;
}

/* How many of these pages the process may take now; called by the source (source_set_limit). */
static size_t allow(size_t page_bytes, size_t pages)
{
	const unsigned long held = pages_held(page_bytes);
	unsigned long *granted = granted_of(page_bytes), share, wanted;

	if (!granted)
		return pages;
	if (held + pages > *granted) {
		share = share_of(page_bytes);
		wanted = held + (pages > held ? pages : held);
		*granted = wanted < share ? wanted : share;
		if (held + pages > share)
			log_info("HUGETLB_LIMIT: this process has %lu huge pages of %zu kB; its "
				 "share of the pool is %lu",
				 held, page_bytes >> 10, share);
	}
	if (*granted <= held)
		return 0;
	return *granted - held < pages ? *granted - held : pages;
}

void pool_share_start(size_t bytes, unsigned int percent)
{
	share_bytes = bytes;
	share_percent = percent;
	source_set_limit(allow);
}
