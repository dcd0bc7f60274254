/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool of huge pages, played on small ones.
 *
 * Nothing is ever touched: a page of the pool is an address in a table, reserved or not, populated
 * or not, over a plain mapping that keeps others away.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "gate.h"
#include "gate_pool.h"
#include "proc/maps.h"

#define PAGES_MAX 4096
#define SIZE_BITS (0x3fu << MAP_HUGE_SHIFT)

static struct gate_pool pool;

static struct page {
	uintptr_t address;    /* 0: unused */
	unsigned int mapping; /* which call mapped it: hugetlb mappings never merge */
	bool reserved, populated;
} pages[PAGES_MAX];
static unsigned int mapping_count;

/* Calls that treat a part of a huge page as if it were small pages; the kernel refuses them. */
static unsigned int violations;

/* Descriptors of huge files that are open. */
static int huge_files[8];
static size_t huge_file_count;

void gate_pool(const struct gate_pool *new_pool)
{
	memset(&pool, 0, sizeof(pool));
	memset(pages, 0, sizeof(pages));
	huge_file_count = 0;
	violations = 0;
	if (new_pool)
		pool = *new_pool;
}

static size_t count_pages(uintptr_t address, size_t bytes, bool populated)
{
	size_t count = 0;

	for (size_t i = 0; i < PAGES_MAX; i++)
		count += pages[i].address && pages[i].address - address < bytes &&
			 (pages[i].populated || !populated);
	return count;
}

size_t gate_pool_mapped(uintptr_t address, size_t bytes)
{
	return count_pages(address, bytes, false);
}

size_t gate_pool_populated(uintptr_t address, size_t bytes)
{
	return count_pages(address, bytes, true);
}

unsigned int gate_pool_violations(void)
{
	return violations;
}

/* Does an edge of the range lie within a page of the pool? */
static bool cuts_page(uintptr_t address, size_t bytes)
{
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (pages[i].address &&
		    (address - pages[i].address - 1 < pool.page_bytes - 1 ||
		     address + bytes - pages[i].address - 1 < pool.page_bytes - 1))
			return true;
	return false;
}

static long refuse(void)
{
	violations++;
	return -EINVAL;
}

void gate_pool_forget(uintptr_t address, size_t bytes)
{
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (pages[i].address && pages[i].address - address < bytes)
			memset(&pages[i], 0, sizeof(pages[i]));
}

/* Pages of the pool that are neither promised nor in use. */
static size_t pool_left(void)
{
	size_t used = 0;

	for (size_t i = 0; i < PAGES_MAX; i++)
		used += pages[i].address && (pages[i].reserved || pages[i].populated);
	return used < pool.pages ? pool.pages - used : 0;
}

static struct page *find_page(uintptr_t address)
{
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (pages[i].address == address)
			return &pages[i];
	return NULL;
}

/* The page of the pool that holds the address, or NULL. */
static const struct page *page_around(uintptr_t address)
{
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (pages[i].address && address - pages[i].address < pool.page_bytes)
			return &pages[i];
	return NULL;
}

static long populate_page(uintptr_t address)
{
	struct page *page = find_page(address);

	if (!page)
		return -ENOMEM;
	if (page->populated)
		return 0;
	if (gate_pool_populated(0, SIZE_MAX) >= pool.populate_limit)
		return -pool.populate_error;
	if (!page->reserved && !pool_left())
		return -EFAULT;
	page->populated = true;
	return 0;
}

static long populate_range(uintptr_t address, size_t bytes)
{
	long result = 0;

	for (size_t at = 0; at < bytes && !result; at += pool.page_bytes)
		result = populate_page(address + at);
	return result;
}

static long map_pool(uintptr_t address, size_t bytes, long protection, long flags)
{
	size_t count = bytes / pool.page_bytes;
	bool reserve = !(flags & MAP_NORESERVE), populate = flags & MAP_POPULATE;
	long at;

	if (bytes % pool.page_bytes || address % pool.page_bytes)
		return -EINVAL;
	if (reserve && count > pool_left())
		return -ENOMEM;
	flags &= ~(long)(MAP_HUGETLB | MAP_POPULATE | SIZE_BITS);
	if (pool.no_noreplace)
		flags &= ~(long)MAP_FIXED_NOREPLACE;
	at = sys_pass(CPU_MMAP_NUMBER, (long)address, (long)bytes, protection,
		      flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (SYS_IS_ERROR(at))
		return at;
	mapping_count++;
	for (size_t i = 0; i < count; i++) {
		struct page *page = find_page(0);

		if (!page)
			abort();
		page->address = (uintptr_t)at + i * pool.page_bytes;
		page->mapping = mapping_count;
		page->reserved = reserve;
		page->populated = false;
	}
	if (populate)
		populate_range((uintptr_t)at, bytes);
	return at;
}

/* What is not refused goes on to the kernel, for the plain mapping behind it. */
static long unmap_pool(uintptr_t address, size_t bytes)
{
	if (cuts_page(address, bytes))
		return refuse();
	gate_pool_forget(address, bytes);
	return 0;
}

/*
 * Moves huge pages, or small ones over huge ones. The kernel takes one mapping a call (until 6.17),
 * and hugetlb ones since 5.16.
 */
static long remap_pool(uintptr_t from, size_t bytes, size_t new_bytes, long flags, uintptr_t to)
{
	const struct page *first = find_page(from);
	long at;

	/* the question whether a page is huge */
	if (!flags && bytes == new_bytes && pool.no_move)
		return (long)from; /* whatever is there */
	if (!flags && bytes == new_bytes && page_around(from))
		return -EINVAL;
	if (cuts_page(from, bytes) || (flags & MREMAP_FIXED && cuts_page(to, new_bytes)))
		return refuse();
	if (count_pages(from, bytes, false) && pool.no_move)
		return -EINVAL;
	if (first && (bytes != new_bytes || !(flags & MREMAP_FIXED)))
		abort();
	for (uintptr_t page = from; page < from + bytes; page += pool.page_bytes) {
		const struct page *here = find_page(page);

		if ((here ? here->mapping : 0) != (first ? first->mapping : 0))
			return -EFAULT;
	}
	at = sys_pass(SYS_mremap, (long)from, (long)bytes, (long)new_bytes, flags, (long)to, 0);
	if (SYS_IS_ERROR(at))
		return at;
	gate_pool_forget((uintptr_t)at, new_bytes);
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (pages[i].address && pages[i].address - from < bytes)
			pages[i].address += (uintptr_t)at - from;
	return at;
}

static bool is_huge_file(long fd)
{
	for (size_t i = 0; i < huge_file_count; i++)
		if (huge_files[i] == fd)
			return true;
	return false;
}

static long open_huge_file(void)
{
	long fd = sys_pass(SYS_memfd_create, (long)"pool", MFD_CLOEXEC, 0, 0, 0, 0);

	if (SYS_IS_ERROR(fd) || huge_file_count == sizeof(huge_files) / sizeof(huge_files[0]))
		abort();
	huge_files[huge_file_count++] = (int)fd;
	return fd;
}

static void close_huge_file(long fd)
{
	for (size_t i = 0; i < huge_file_count; i++)
		if (huge_files[i] == fd)
			huge_files[i] = huge_files[--huge_file_count];
}

/* The pool's mount is "/gate-huge". */
static bool is_on_mount(const char *path)
{
	return !strncmp(path, "/gate-huge/", 11);
}

/* PROCMAP_QUERY: pages of the pool are huge, and their mappings do not merge with others. */
static long query_maps(int fd, struct maps_query *query)
{
	const struct page *page;
	long result = sys_pass(SYS_ioctl, fd, MAPS_QUERY, (long)query, 0, 0, 0);

	if (result)
		return result;
	page = page_around((uintptr_t)query->address);
	if (page) {
		query->start = page->address;
		query->end = page->address + pool.page_bytes;
		query->page_bytes = pool.page_bytes;
		return 0;
	}
	for (size_t i = 0; i < PAGES_MAX; i++)
		if (pages[i].address > query->address && pages[i].address < query->end)
			query->end = pages[i].address;
	return 0;
}

static bool call_madvise(long *result, uintptr_t address, size_t bytes, long advice)
{
	if (advice == MADV_POPULATE_WRITE) {
		if (!pool.no_populate_write && !count_pages(address, bytes, false))
			return false;
		/* what the program protected is so for the kernel's page, too */
		if (!pool.no_populate_write &&
		    sys_pass(SYS_madvise, (long)address, 4096, advice, 0, 0, 0) == -EINVAL) {
			*result = -EINVAL;
			return true;
		}
		*result = pool.no_populate_write ? -EINVAL : populate_range(address, bytes);
		return true;
	}
	if (advice == MADV_COLD) {
		*result = -EINVAL;
		return page_around(address);
	}
	if (!cuts_page(address, bytes) &&
	    !(advice == MADV_HUGEPAGE && count_pages(address, bytes, false)))
		return false;
	*result = refuse();
	return true;
}

static long call_mmap(long a, long b, long c, long d, long e)
{
	long at;

	if (d & MAP_FIXED && cuts_page((uintptr_t)a, (size_t)b))
		return refuse();
	if (d & MAP_HUGETLB || is_huge_file(e))
		return map_pool((uintptr_t)a, (size_t)b, c, d);
	if (pool.no_noreplace)
		d &= ~(long)MAP_FIXED_NOREPLACE;
	at = sys_pass(CPU_MMAP_NUMBER, a, b, c, d, e, 0);
	if (!SYS_IS_ERROR(at))
		gate_pool_forget((uintptr_t)at, (size_t)b);
	return at;
}

bool gate_pool_call(long *result, long number, long a, long b, long c, long d, long e)
{
	struct page *page;

	if (!pool.page_bytes)
		return false;
	switch (number) {
	case CPU_MMAP_NUMBER:
		*result = call_mmap(a, b, c, d, e);
		return true;
	case SYS_munmap:
		*result = unmap_pool((uintptr_t)a, (size_t)b);
		return *result;
	case SYS_mremap:
		*result = remap_pool((uintptr_t)a, (size_t)b, (size_t)c, d, (uintptr_t)e);
		return true;
	case SYS_mprotect:
		if (!cuts_page((uintptr_t)a, (size_t)b))
			return false;
		*result = refuse();
		return true;
	case SYS_ioctl:
		if ((unsigned long)b != MAPS_QUERY)
			return false;
		*result = query_maps((int)a, (struct maps_query *)c);
		return true;
	case SYS_madvise:
		return call_madvise(result, (uintptr_t)a, (size_t)b, c);
	case SYS_mincore:
		page = find_page((uintptr_t)a);
		if (!page)
			return false;
		*(unsigned char *)c = page->populated;
		*result = 0;
		return true;
	case SYS_memfd_create:
		if (!(b & MFD_HUGETLB))
			return false;
		*result = open_huge_file();
		return true;
	case SYS_openat:
		if (!is_on_mount((const char *)b))
			return false;
		*result = open_huge_file();
		return true;
	case SYS_unlinkat:
		*result = 0;
		return is_on_mount((const char *)b);
	case SYS_close:
		close_huge_file(a);
		return false;
	}
	return false;
}
