/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugetlbfs_map(3): memory by size, page size, NUMA node and acceptable fallbacks.
 */
#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "api/regions.h"
#include "base/log.h"
#include "base/sys.h"
#include "pages/select.h"

/* The request, and the page sizes of the machine. */
struct map_request {
	size_t bytes, page_bytes;
	int node;
	unsigned int fallback;
	struct page_sizes sizes;
};

/* One step down the ladder, and its result. */
struct step {
	enum mapping_kind kind;
	size_t page_bytes, bytes;
	int node;
	uintptr_t start;
};

static void set_up_source(struct source *source, const struct step *step)
{
	if (step->kind == MAPPING_HUGETLB)
		api_source(source, step->page_bytes);
	else
		api_source_small(source, step->page_bytes);
}

/* How many bytes of the step's memory are on huge pages now. */
static size_t huge_bytes(const struct step *step, bool populated)
{
	struct hugetlbfs_backing backing;

	/* every page of it is known to be present */
	if (step->kind == MAPPING_HUGETLB)
		return populated ? step->bytes : 0;
	if (step->kind == MAPPING_SMALL || api_backing(step->start, step->bytes, &backing))
		return 0;
	return backing.transparent_bytes;
}

/* Returns 0 and sets *step and *huge, or returns -errno with nothing mapped. */
static int try_on_node(const struct map_request *request, struct step *step, size_t *huge)
{
	struct source source;
	int result = mapping_round(request->bytes, step->page_bytes, &step->bytes);

	if (result)
		return result;
	set_up_source(&source, step);
	result = mapping_map(step->kind, &source, step->bytes, step->node, &step->start);
	if (result)
		return result;
	*huge = huge_bytes(step, source.populate);
	if (step->kind == MAPPING_THP && source.populate && *huge < step->bytes &&
	    !(request->fallback & HUGETLBFS_OR_SMALL)) {
		sys_munmap(step->start, step->bytes);
		return -ENOMEM;
	}
	return 0;
}

/* Tries the given node first, then any node. *error keeps the result of the very first try. */
static bool try_step(const struct map_request *request, enum mapping_kind kind, size_t page_bytes,
		     struct step *step, size_t *huge, int *error)
{
	int result;

	*step = (struct step){.kind = kind, .page_bytes = page_bytes, .node = request->node};
	result = try_on_node(request, step, huge);
	if (result && step->node != HUGETLBFS_ANY_NODE &&
	    (request->fallback & HUGETLBFS_OR_OTHER_NODE)) {
		step->node = HUGETLBFS_ANY_NODE;
		result = try_on_node(request, step, huge);
	}
	if (result && !*error)
		*error = result;
	return !result;
}

static bool try_hugetlb(const struct map_request *request, struct step *step, size_t *huge,
			int *error)
{
	const struct page_sizes *sizes = &request->sizes;

	for (int i = sizes->huge_count - 1; i >= 0; i--) {
		bool asked = sizes->huge[i] == request->page_bytes;
		bool smaller = sizes->huge[i] < request->page_bytes &&
			       (request->fallback & HUGETLBFS_OR_SMALLER_HUGE);

		if ((asked || smaller) &&
		    try_step(request, MAPPING_HUGETLB, sizes->huge[i], step, huge, error))
			return true;
	}
	return false;
}

/* Walks down the ladder; returns 0 or -errno. */
static int map_by_ladder(const struct map_request *request, struct step *step, size_t *huge)
{
	const struct page_sizes *sizes = &request->sizes;
	size_t thp_bytes;
	int error = 0;

	if (try_hugetlb(request, step, huge, &error))
		return 0;
	if ((request->fallback & HUGETLBFS_OR_TRANSPARENT) &&
	    (thp_bytes = select_thp_bytes(sizes)) &&
	    try_step(request, MAPPING_THP, thp_bytes, step, huge, &error))
		return 0;
	if ((request->page_bytes == sizes->base || (request->fallback & HUGETLBFS_OR_SMALL)) &&
	    try_step(request, MAPPING_SMALL, sizes->base, step, huge, &error))
		return 0;
	return error ? error : -ENOMEM;
}

/* Checks the arguments and completes them; returns 0 or -errno. */
static int check_request(struct map_request *request)
{
	const unsigned int steps =
		HUGETLBFS_OR_SMALLER_HUGE | HUGETLBFS_OR_TRANSPARENT | HUGETLBFS_OR_SMALL;
	int result;

	if (!request->bytes || (request->fallback & ~HUGETLBFS_OR_ANY) ||
	    request->node < HUGETLBFS_ANY_NODE || request->node >= MAPPING_NODES)
		return -EINVAL;
	api_sizes(&request->sizes);
	if (!request->page_bytes) {
		request->page_bytes = api_default_page_bytes();
		if (!request->page_bytes && !(request->fallback & steps))
			return api_no_sizes();
		return 0;
	}
	if (request->page_bytes == request->sizes.base ||
	    sizes_have(&request->sizes, request->page_bytes) || (request->fallback & steps))
		return 0;
	if (request->sizes.huge_count)
		return -EINVAL;
	result = api_no_sizes();
	return result == -ENOSYS ? -EINVAL : result;
}

static int kind_of(const struct step *step)
{
	switch (step->kind) {
	case MAPPING_HUGETLB:
		return HUGETLBFS_HUGETLB;
	case MAPPING_THP:
		return HUGETLBFS_TRANSPARENT;
	default:
		return HUGETLBFS_SMALL;
	}
}

void *hugetlbfs_map(size_t bytes, size_t page_bytes, int node, unsigned int fallback,
		    struct hugetlbfs_given *given)
{
	struct map_request request = {
		.bytes = bytes, .page_bytes = page_bytes, .node = node, .fallback = fallback};
	size_t huge = 0;
	struct step step;
	int result;

	if (given)
		memset(given, 0, sizeof(*given));
	result = check_request(&request);
	if (!result)
		result = map_by_ladder(&request, &step, &huge);
	if (result)
		return api_no_pointer(result);
	result = regions_add(step.start, step.start, step.bytes);
	if (result) {
		sys_munmap(step.start, step.bytes);
		return api_no_pointer(result);
	}
	if (given)
		*given = (struct hugetlbfs_given){
			.bytes = step.bytes,
			.page_bytes = step.page_bytes,
			.huge_bytes = huge,
			.kind = kind_of(&step),
			.node = step.node,
		};
	return (void *)step.start;
}

int hugetlbfs_unmap(void *address)
{
	uintptr_t start;
	size_t bytes;
	int result = regions_take((uintptr_t)address, &start, &bytes);

	if (result)
		return api_no_result(result);
	result = mapping_unmap(start, bytes);
	if (!result)
		return 0;
	regions_add((uintptr_t)address, start, bytes);
	return api_no_result(result);
}
