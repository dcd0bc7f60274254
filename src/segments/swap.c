/*
 * Swapping: see swap.h.
 *
 * In a static program the library's own text and data are among what is swapped: between two system
 * calls here nothing but the stack is written, and the new text is the old one, byte for byte.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>

#include "segments/swap.h"
#include "sys.h"

static bool is_mapped(uintptr_t address)
{
	unsigned char resident;

	return sys_mincore(address, getauxval(AT_PAGESZ), &resident) != -ENOMEM;
}

/*
 * The kernel takes the old memory away before it moves the new one there, and may then find that it
 * has no memory for its own tables: the place is empty. The copy is still where it was, and its
 * contents go back on small pages.
 */
static void fill_hole(const struct plan_range *range, const struct prepared *prepared)
{
	long at = sys_mmap(range->start, prepared->bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (SYS_IS_ERROR(at))
		return;
	memcpy((void *)range->start, (const void *)prepared->address, prepared->bytes);
	sys_mprotect(range->start, prepared->bytes, range->protection);
}

/* Before 5.16 mremap refuses huge pages. Text's file has all its pages, and can be mapped over. */
static long map_over(const struct plan_range *range, const struct prepared *prepared)
{
	long at = sys_mmap(range->start, prepared->bytes, range->protection,
			   MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, prepared->fd, 0);

	if (SYS_IS_ERROR(at))
		return at;
	sys_munmap(prepared->address, prepared->bytes);
	return 0;
}

int swap_in(const struct plan_range *range, struct prepared *prepared)
{
	long result = sys_mremap(prepared->address, prepared->bytes, prepared->bytes,
				 MREMAP_MAYMOVE | MREMAP_FIXED, range->start);

	if (SYS_IS_ERROR(result) && prepared->fd >= 0)
		result = map_over(range, prepared);
	if (SYS_IS_ERROR(result) && !is_mapped(range->start))
		fill_hole(range, prepared);
	if (!SYS_IS_ERROR(result))
		prepared->bytes = 0;
	backing_drop(prepared);
	return SYS_IS_ERROR(result) ? (int)result : 0;
}

/* The kernel never refuses it, so one more try is for a test that does. */
static void restore_signals(const uint64_t *before)
{
	if (sys_block_signals(before, NULL))
		sys_block_signals(before, NULL);
}

static int copy_and_swap(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared)
{
	long failed = backing_copy(backing, range, range->start, range->start + prepared->bytes,
				   prepared->address);

	if (!failed && range->protection != (PROT_READ | PROT_WRITE))
		failed = sys_mprotect(prepared->address, prepared->bytes, range->protection);
	if (!failed)
		return swap_in(range, prepared);
	backing_drop(prepared);
	return (int)failed;
}

int swap_in_data(const struct backing *backing, const struct plan_range *range,
		 struct prepared *prepared)
{
	uint64_t all = UINT64_MAX, before;
	int failed = (int)sys_block_signals(&all, &before);

	if (failed) {
		backing_drop(prepared);
		return failed;
	}
	failed = copy_and_swap(backing, range, prepared);
	restore_signals(&before);
	return failed;
}
