/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Regions of the default huge page size: get_huge_pages(3), get_hugepage_region(3).
 */
#include <errno.h>

#include "api/api.h"
#include "api/regions.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"

/*
 * The step between colours: a multiple of every CPU's cache line, so that the line size does not
 * have to be queried (some systems report 0).
 */
#define COLOUR_BYTES 256

/* The offset of the next coloured region within its spare bytes, far from the offsets before it. */
static size_t next_colour(size_t spare_bytes)
{
	static uint32_t counter;
	const uint32_t mixed = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED) * 2654435761u;
	const size_t colours = spare_bytes / COLOUR_BYTES + 1;

	return (size_t)((uint64_t)mixed * colours >> 32) * COLOUR_BYTES;
}

/* Maps whole huge pages; returns 0 or -errno. */
static int map_huge(size_t bytes, uintptr_t *start)
{
	struct source source;

	api_source(&source, api_default_page_bytes());
	return mapping_map(MAPPING_HUGETLB, &source, bytes, MAPPING_ANY_NODE, start);
}

/* Base pages, advised to become transparent huge pages where one fits. */
static int map_fallback(size_t bytes, uintptr_t *start, size_t *mapped_bytes)
{
	struct page_sizes sizes;
	struct source source;
	int result;

	api_sizes(&sizes);
	result = mapping_round(bytes, sizes.base, mapped_bytes);
	if (result)
		return result;
	if (sizes.thp && bytes >= sizes.thp && !mapping_round(bytes, sizes.thp, mapped_bytes)) {
		api_source_small(&source, sizes.thp);
		/* transparent huge pages are allocated on first touch, as base pages are */
		source.populate = false;
		result = mapping_map(MAPPING_THP, &source, *mapped_bytes, MAPPING_ANY_NODE, start);
		if (!result)
			return 0;
		mapping_round(bytes, sizes.base, mapped_bytes);
	}
	api_source_small(&source, sizes.base);
	return mapping_map(MAPPING_SMALL, &source, *mapped_bytes, MAPPING_ANY_NODE, start);
}

static void *hand_out(uintptr_t start, size_t offset, size_t bytes)
{
	int result = regions_add(start + offset, start, bytes);

	if (!result)
		return (void *)(start + offset);
	sys_munmap(start, bytes);
	return api_no_pointer(result);
}

/* The only flag is the default; other flags are ignored, as the original library does. */
static void *get_pages(size_t len, ghp_t flags)
{
	size_t page_bytes = api_default_page_bytes();
	uintptr_t start;
	int result;

	if (!page_bytes)
		return api_no_pointer(api_no_sizes());
	(void)flags;
	if (!len || len % page_bytes)
		return api_no_pointer(-EINVAL);
	result = map_huge(len, &start);
	return result ? api_no_pointer(result) : hand_out(start, 0, len);
}

static void *get_region(size_t len, ghr_t flags)
{
	const bool strict = (flags & GHR_STRICT) || !(flags & GHR_FALLBACK);
	size_t page_bytes = api_default_page_bytes(), bytes, offset = 0;
	uintptr_t start;
	int result;

	if (!len)
		return api_no_pointer(-EINVAL);
	result = page_bytes ? mapping_round(len, page_bytes, &bytes) : api_no_sizes();
	if (!result)
		result = map_huge(bytes, &start);
	if (result && strict)
		return api_no_pointer(result);
	if (result) {
		log_info("get_hugepage_region: no huge pages for %zu bytes (%s): they are on "
			 "small pages",
			 len, error_name(result));
		result = map_fallback(len, &start, &bytes);
		if (result)
			return api_no_pointer(result);
	}
	if (flags & GHR_COLOR)
		offset = next_colour(bytes - len);
	return hand_out(start, offset, bytes);
}

static void give_back(const char *function, void *pointer)
{
	uintptr_t start;
	size_t bytes;
	int result;

	if (!pointer)
		return;
	if (regions_take((uintptr_t)pointer, &start, &bytes)) {
		log_warning("%s(0x%lx): not an allocation of this library, or already freed; "
			    "ignored",
			    function, (unsigned long)pointer);
		return;
	}
	result = mapping_unmap(start, bytes);
	if (result) {
		log_warning("%s(0x%lx): cannot be unmapped (%s)", function, (unsigned long)pointer,
			    error_name(result));
		regions_add((uintptr_t)pointer, start, bytes);
	}
}

void *get_huge_pages(size_t len, ghp_t flags)
{
	return get_pages(len, flags);
}

void *get_hugepage_region(size_t len, ghr_t flags)
{
	return get_region(len, flags);
}

void free_huge_pages(void *ptr)
{
	give_back("free_huge_pages", ptr);
}

void free_hugepage_region(void *ptr)
{
	give_back("free_hugepage_region", ptr);
}
