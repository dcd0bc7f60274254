/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One range of memory, mapped and unmapped as a whole.
 */
#include <errno.h>
#include <sys/auxv.h>

#include "base/align.h"
#include "base/sys.h"
#include "pages/mapping.h"
#include "proc/smaps.h"

#define BITS_PER_LONG (8 * (int)sizeof(unsigned long))

int mapping_round(size_t bytes, size_t page_bytes, size_t *rounded)
{
	if (__builtin_add_overflow(bytes, page_bytes - 1, &bytes))
		return -ENOMEM;
	*rounded = align_down(bytes, page_bytes);
	return 0;
}

/* A kernel without NUMA has one node, 0, and no mbind. */
static int bind_to_node(uintptr_t address, size_t bytes, int node)
{
	unsigned long nodes[MAPPING_NODES / BITS_PER_LONG] = {0};
	long result;

	if (node == MAPPING_ANY_NODE)
		return 0;
	if (node < 0 || node >= MAPPING_NODES)
		return -EINVAL;
	nodes[node / BITS_PER_LONG] = 1UL << node % BITS_PER_LONG;
	result = sys_mbind(address, bytes, nodes, MAPPING_NODES);
	if (result == -ENOSYS)
		return node ? -EINVAL : 0;
	return (int)result;
}

/*
 * Has the kernel write a word into each page. If the page is not available the call returns an
 * error; a write by the process itself would raise SIGBUS.
 */
static int touch_each_page(uintptr_t address, size_t bytes, size_t page_bytes)
{
	for (uintptr_t at = address; at - address < bytes; at += page_bytes) {
		if (sys_call(SYS_getcpu, at))
			return -ENOMEM;
		*(unsigned int *)at = 0;
	}
	return 0;
}

static int populate(uintptr_t address, size_t bytes, size_t page_bytes)
{
	return sys_populate(address, bytes) ? touch_each_page(address, bytes, page_bytes) : 0;
}

static long map_kind(enum mapping_kind kind, const struct source *source, size_t bytes)
{
	const size_t base = getauxval(AT_PAGESZ);
	long at;

	switch (kind) {
	case MAPPING_HUGETLB:
		return source_map_anywhere(source, bytes / source->page_bytes);
	case MAPPING_THP:
		at = sys_mmap_aligned(bytes, source->page_bytes, PROT_READ | PROT_WRITE);
		if (!SYS_IS_ERROR(at))
			sys_madvise((uintptr_t)at, bytes, MADV_HUGEPAGE);
		return at;
	default:
		return sys_mmap_aligned(bytes, base, PROT_READ | PROT_WRITE);
	}
}

int mapping_map(enum mapping_kind kind, const struct source *source, size_t bytes, int node,
		uintptr_t *address)
{
	long at = map_kind(kind, source, bytes);
	int result;

	if (SYS_IS_ERROR(at))
		return (int)at;
	result = bind_to_node((uintptr_t)at, bytes, node);
	if (!result && kind != MAPPING_SMALL && source->populate)
		result = populate((uintptr_t)at, bytes,
				  kind == MAPPING_HUGETLB ? source->page_bytes
							  : getauxval(AT_PAGESZ));
	if (result) {
		sys_munmap((uintptr_t)at, bytes);
		return result;
	}
	*address = (uintptr_t)at;
	return 0;
}

/* The contents of a range, mapping by mapping. */
struct pieces {
	struct smaps maps;
	uintptr_t address, end;
	struct smaps_mapping found, first; /* first: the mapping at address; its end is 0 if
					    * there is none */
	/* the piece that next_piece() found */
	uintptr_t piece, piece_end;
	bool piece_is_own;
};

static int open_pieces(struct pieces *pieces, uintptr_t address, size_t bytes)
{
	pieces->address = address;
	pieces->end = address + bytes;
	pieces->first.end = 0;
	return smaps_open(&pieces->maps, "/proc/self/maps");
}

static bool next_piece(struct pieces *pieces)
{
	struct smaps_mapping *found = &pieces->found;

	do {
		if (!smaps_next(&pieces->maps, found))
			return false;
	} while (found->end <= pieces->address);
	if (found->start >= pieces->end)
		return false;
	if (found->start <= pieces->address)
		pieces->first = *found;
	pieces->piece = found->start < pieces->address ? pieces->address : (uintptr_t)found->start;
	pieces->piece_end = found->end > pieces->end ? pieces->end : (uintptr_t)found->end;
	pieces->piece_is_own = pieces->first.end && SMAPS_SAME_FILE(&pieces->first, found);
	return true;
}

/* Does the range contain mappings that do not belong to it? */
static bool range_is_shared(uintptr_t address, size_t bytes)
{
	struct pieces pieces;
	bool shared = false;

	if (open_pieces(&pieces, address, bytes))
		return false;
	while (!shared && next_piece(&pieces))
		shared = !pieces.piece_is_own;
	smaps_close(&pieces.maps);
	return shared;
}

/* Usually unmaps the range by one call; piece by piece only if it contains a foreign mapping. */
int mapping_unmap(uintptr_t address, size_t bytes)
{
	struct pieces pieces;
	int result = 0;

	if (!range_is_shared(address, bytes) || open_pieces(&pieces, address, bytes))
		return sys_munmap(address, bytes);
	while (!result && next_piece(&pieces))
		if (pieces.piece_is_own)
			result = sys_munmap(pieces.piece, pieces.piece_end - pieces.piece);
	smaps_close(&pieces.maps);
	return result;
}
