/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much of each pool this process may take: see pool_share.h.
 */
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "pages/pool.h"
#include "pages/source.h"
#include "region/lock.h"
#include "region/pool_share.h"
#include "region/process.h"
#include "region/registry.h"

/* A process that runs alone leaves 1/LEFT_SHARE of what it might have. */
#define LEFT_SHARE 32

/* A smaller number of peers is not remembered: it may be a shell that is about to wait for this
 * process. */
#define PEERS_MANY 4

/* 64 processes that begin together on two processors take as long to need 20M and their share. */
#define PEERS_KNOWN_MS 1000

/* The maximum number of page sizes of a machine. */
#define POOLS_MAX 8

static size_t share_bytes;
static unsigned int share_percent;

/* How many pages of each size the process may have until its share is computed again. */
static struct {
	size_t page_bytes;
	unsigned long granted;
} pools[POOLS_MAX];

unsigned long pool_share_choose(const struct pool_share *known)
{
	const unsigned long peers = known->peers ? known->peers : 1;
	const unsigned long as_much = (peers - 1) * known->held;
	const unsigned long all = known->obtainable + known->held +
				  (known->others < as_much ? known->others : as_much);

	if (peers == 1)
		return all - all / LEFT_SHARE;
	return (all + peers - 1) / peers;
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

/* Its own threads are no reason to take less. */
static unsigned long other_tasks(void)
{
	const unsigned long running = running_tasks(),
			    own = running == 1 || process_single_threaded() ? 1 : sys_count_tasks();

	return running > own ? running - own : 0;
}

static unsigned long now_ms(void)
{
	struct timespec now = {0};

	sys_call(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, &now);
	return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}

unsigned long pool_share_count_peers(void)
{
	static unsigned long most, most_at;
	/* One of eight is taken for something that needs no pages: what is left to it would be
	 * nobody's. */
	const unsigned long tasks = other_tasks() + 1, peers = tasks - tasks / 8;
	const unsigned long now = now_ms();

	if (peers >= most || now - most_at > PEERS_KNOWN_MS) {
		most = peers;
		most_at = now;
	}
	return most >= PEERS_MANY ? most : peers;
}

/* An administrator may allow any number of pages; this is more than any machine has. */
static unsigned long pages_of(unsigned long count)
{
	const unsigned long most = ~0ul / 1024;

	return count < most ? count : most;
}

static unsigned long computed_share(const struct pool *pool, unsigned long held)
{
	struct pool_share known = {
		.obtainable = pages_of(pool_obtainable(pool)),
		.held = held,
		.peers = pool_share_count_peers(),
	};
	const unsigned long total = pages_of(pool_pages(pool));

	if (total > known.obtainable + held)
		known.others = total - known.obtainable - held;
	return pool_share_choose(&known);
}

static unsigned long share_of(size_t page_bytes, unsigned long held)
{
	struct pool pool;

	if (share_bytes)
		return share_bytes / page_bytes;
	if (sys_sandboxed || pool_read(page_bytes, &pool))
		return 0;
	if (share_percent)
		return pages_of(pool_pages(&pool)) * share_percent / 100;
	return computed_share(&pool, held);
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
		share = share_of(page_bytes, held);
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
