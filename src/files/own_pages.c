/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file's own page cache on huge pages: see own_pages.h.
 */
#include "base/sys.h"
#include "files/own_pages.h"
#include "proc/pagemap.h"

#define SAMPLES 16

/* If a larger share of the samples is in small pages, the cache is dropped as a whole. */
#define FEW_SHARE 8

struct pages {
	const struct placed_file *placed;
	const struct wanted_file *wanted;
	struct pagemap page_tables;
	size_t count;
};

static uintptr_t address_of(const struct pages *pages, size_t page)
{
	return pages->placed->first + page * pages->placed->page_bytes;
}

/* Has it in memory, and says whether that is a huge page. */
static bool is_huge(const struct pages *pages, size_t page)
{
	const uintptr_t at = address_of(pages, page);
	const size_t bytes = pages->placed->page_bytes;

	sys_madvise(at, bytes, MADV_POPULATE_READ);
	return pagemap_huge_bytes(&pages->page_tables, at, at + bytes) == bytes;
}

/* Lets the cache forget pages, which are read again as huge ones. */
static void drop(const struct pages *pages, size_t page, size_t count)
{
	const size_t bytes = pages->placed->page_bytes;

	sys_madvise(address_of(pages, page), count * bytes, MADV_DONTNEED);
	sys_forget_cache(pages->wanted->call->fd, pages->placed->offset + page * bytes,
			 count * bytes);
}

/* One base page in each of these pieces of a page is checked. */
#define PIECES 16

/* Is half of a page of a file in memory there? What is not would be allocated when it is read. */
static bool is_half_there(const struct pages *pages, size_t page)
{
	const size_t piece_bytes = pages->placed->page_bytes / PIECES;
	unsigned char resident;
	int there = 0;

	for (int i = 0; i < PIECES; i++)
		if (!sys_mincore(address_of(pages, page) + i * piece_bytes, 1, &resident))
			there += resident & 1;
	return there >= PIECES / 2;
}

static bool put_together(const struct pages *pages, size_t page)
{
	return !sys_madvise(address_of(pages, page), pages->placed->page_bytes, MADV_COLLAPSE) &&
	       is_huge(pages, page);
}

/* Holes stay holes, and what cannot be put together stays small. */
static enum own_pages ask_memory(const struct pages *pages)
{
	enum own_pages answer = OWN_PAGES_EMPTY;

	for (size_t page = 0; page < pages->count; page++) {
		if (!is_half_there(pages, page))
			continue;
		if (is_huge(pages, page) || put_together(pages, page))
			answer = OWN_PAGES_HUGE;
		else if (answer == OWN_PAGES_EMPTY)
			return OWN_PAGES_NO;
	}
	return answer;
}

static bool put_all_together(const struct pages *pages)
{
	for (size_t page = 0; page < pages->count; page++)
		if (!is_huge(pages, page) && !put_together(pages, page))
			return false;
	return true;
}

/* Small pages from a sample on, up to the first huge one; some remain that somebody else maps. */
static void drop_run(const struct pages *pages, size_t page)
{
	for (; page < pages->count && !is_huge(pages, page); page++)
		drop(pages, page, 1);
}

static size_t sample(const struct pages *pages, size_t i)
{
	return pages->count <= SAMPLES ? i : i * (pages->count - 1) / (SAMPLES - 1);
}

static enum own_pages ask(const struct pages *pages, bool may_drop)
{
	const size_t samples = pages->count < SAMPLES ? pages->count : SAMPLES;
	bool small[SAMPLES];
	size_t small_count = 0, first_small = 0;

	for (size_t i = 0; i < samples; i++) {
		small[i] = !is_huge(pages, sample(pages, i));
		if (small[i] && !small_count++)
			first_small = sample(pages, i);
	}
	if (!small_count)
		return OWN_PAGES_HUGE;
	if (put_together(pages, first_small))
		return put_all_together(pages) ? OWN_PAGES_HUGE : OWN_PAGES_CACHED;
	/* one page shows whether reading it again helps */
	drop(pages, first_small, 1);
	if (!is_huge(pages, first_small))
		return OWN_PAGES_NO;
	if (small_count > 1 && small_count > samples / FEW_SHARE) {
		if (!may_drop)
			return OWN_PAGES_CACHED;
		drop(pages, 0, pages->count);
		return OWN_PAGES_HUGE;
	}
	for (size_t i = 0; i < samples; i++)
		if (small[i])
			drop_run(pages, sample(pages, i));
	return OWN_PAGES_HUGE;
}

enum own_pages own_pages_ask(const struct placed_file *placed, const struct wanted_file *wanted,
			     bool may_drop)
{
	struct pages pages = {
		.placed = placed,
		.wanted = wanted,
		.count = (placed->last - placed->first) / placed->page_bytes,
	};
	enum own_pages answer = OWN_PAGES_NO;

	/* of all of it: it stays one mapping, which the program may move as one */
	if (!pages.count || sys_madvise(placed->start, placed->end - placed->start, MADV_HUGEPAGE))
		return OWN_PAGES_NO;
	pagemap_open(&pages.page_tables);
	if (!SYS_IS_ERROR(pages.page_tables.fd))
		answer = original_is_in_memory(&wanted->original) ? ask_memory(&pages)
								  : ask(&pages, may_drop);
	pagemap_close(&pages.page_tables);
	return answer;
}
