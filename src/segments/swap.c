/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Swaps in copies: see swap.h.
 *
 * In a static program the library's own text and data are part of what is swapped: between two
 * system calls here nothing but the stack is written, and the new text is a byte-for-byte copy of
 * the old one.
 */
#include <errno.h>
#include <signal.h>

#include "base/sys.h"
#include "pages/move.h"
#include "segments/swap.h"

/* Before 5.16 mremap refuses huge pages. The file of a text has all its pages, and can be mapped
 * over it. */
static long map_over(const struct plan_range *range, const struct prepared *prepared)
{
	long at = sys_mmap(range->start, prepared->bytes, range->protection,
			   MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, prepared->fd, 0);

	if (SYS_IS_ERROR(at))
		return at;
	sys_munmap(prepared->address, prepared->bytes);
	return 0;
}

/* The next hole in the prepared copy, from *at on; sets *at to its start. False: there is none. */
static bool next_hole(const struct backing *backing, const struct plan_range *range,
		      const struct prepared *prepared, uintptr_t *at, uintptr_t *hole_end)
{
	const uintptr_t end = range->start + prepared->bytes;

	for (size_t i = range->first_piece; i < backing->piece_count && *at < end; i++) {
		const struct plan_piece *piece = &backing->pieces[i];

		if (piece->start > *at) {
			*hole_end = piece->start < end ? piece->start : end;
			return true;
		}
		if (piece->end > *at)
			*at = piece->end;
	}
	*hole_end = end;
	return *at < end;
}

static void free_hole(const struct backing *backing, uintptr_t from, uintptr_t to)
{
	if (backing->break_start < to && backing->break_end > from)
		to = backing->break_start;
	if (from < to)
		sys_munmap(from, to - from);
}

static int occupy_hole(const struct backing *backing, uintptr_t from, uintptr_t to)
{
	if (backing->break_start < to && backing->break_end > from)
		to = backing->break_start;
	if (from >= to)
		return 0;
	return sys_mmap_at(from, to - from, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			   -1, 0);
}

/* Unmaps the holes before `end`. */
static void free_holes(const struct backing *backing, const struct plan_range *range,
		       const struct prepared *prepared, uintptr_t end)
{
	uintptr_t at = range->start, hole_end;

	for (; next_hole(backing, range, prepared, &at, &hole_end) && at < end; at = hole_end)
		free_hole(backing, at, hole_end);
}

/*
 * The move replaces whatever is there. A hole of the plan may be in use by now: it is mapped first,
 * by a call that fails if something else is mapped there.
 */
static int occupy_holes(const struct backing *backing, const struct plan_range *range,
			const struct prepared *prepared)
{
	uintptr_t at = range->start, hole_end;
	int failed = 0;

	for (; next_hole(backing, range, prepared, &at, &hole_end); at = hole_end) {
		failed = occupy_hole(backing, at, hole_end);
		if (failed)
			break;
	}
	if (failed)
		free_holes(backing, range, prepared, at);
	return failed;
}

static long move_in(const struct plan_range *range, struct prepared *prepared)
{
	long result = sys_mremap(prepared->address, prepared->bytes, prepared->bytes,
				 MREMAP_MAYMOVE | MREMAP_FIXED, range->start);

	if (SYS_IS_ERROR(result) && prepared->fd >= 0)
		result = map_over(range, prepared);
	if (SYS_IS_ERROR(result))
		move_fill_hole(prepared->address, prepared->bytes, range->start, range->protection,
			       0);
	return result;
}

int swap_in(const struct backing *backing, const struct plan_range *range,
	    struct prepared *prepared)
{
	long result = occupy_holes(backing, range, prepared);

	if (!result) {
		result = move_in(range, prepared);
		if (SYS_IS_ERROR(result))
			free_holes(backing, range, prepared, range->end);
		else
			prepared->bytes = 0;
	}
	backing_drop(prepared);
	return SYS_IS_ERROR(result) ? (int)result : 0;
}

static int copy_and_swap(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared)
{
	long failed = backing_copy(backing, range, range->start, range->start + prepared->bytes,
				   prepared->address);

	if (!failed && range->protection != (PROT_READ | PROT_WRITE))
		failed = sys_mprotect(prepared->address, prepared->bytes, range->protection);
	if (!failed)
		return swap_in(backing, range, prepared);
	backing_drop(prepared);
	return (int)failed;
}

int swap_in_data(const struct backing *backing, const struct plan_range *range,
		 struct prepared *prepared)
{
	uint64_t all = UINT64_MAX, before;
	int failed = sys_block_signals(&all, &before);

	if (failed) {
		backing_drop(prepared);
		return failed;
	}
	failed = copy_and_swap(backing, range, prepared);
	sys_restore_signals(&before);
	return failed;
}
