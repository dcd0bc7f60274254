/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves the program's heap to huge pages: the order of steps, each of which may decline.
 *
 * Runs in the constructor. Until calls_start() nothing of the program has changed; after it, a
 * trial shows whether the hooks work, and everything is undone if not.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/program.h"
#include "base/sys.h"
#include "calls/brk.h"
#include "calls/start.h"
#include "heap/adaptive.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "heap/owner.h"
#include "heap/start.h"

/* The consequence of declining. */
static const char small_pages[] = "the heap stays on small pages";

/* If the user set malloc's own tunable for this, it is left alone. */
static bool user_tuned(const char *variable, const char *tunable)
{
	const char *tunables = program_variable("GLIBC_TUNABLES");

	return program_variable(variable) || (tunables && strstr(tunables, tunable));
}

/*
 * Blocks below 32 MiB (malloc's maximum) come from the arenas, where they share huge pages, and the
 * top of an arena is not released and fetched again each time.
 */
static void tune_malloc(const struct libc *libc, const struct heap *tuned)
{
	int (*set)(int, int) = (int (*)(int, int))libc_symbol(libc, "mallopt", NULL);
	const size_t page_bytes = tuned->source.page_bytes;
	const int threshold = sizeof(void *) == 8 ? 32 << 20 : 512 << 10;

	if (!set)
		return;
	if (!user_tuned("MALLOC_MMAP_THRESHOLD_", "glibc.malloc.mmap_threshold") &&
	    !user_tuned("MALLOC_MMAP_MAX_", "glibc.malloc.mmap_max")) {
		set(M_MMAP_THRESHOLD, threshold);
		/* A block smaller than a huge page with a mapping of its own could never be
		 * huge. */
		if ((size_t)threshold < page_bytes && sizeof(void *) == 4)
			set(M_MMAP_MAX, 0);
	}
	if (user_tuned("MALLOC_TRIM_THRESHOLD_", "glibc.malloc.trim_threshold"))
		return;
	/*
	 * Higher than any block that comes from the break, twice as high as libc's own rule sets
	 * it: if growth does not continue at the end of malloc's top, malloc frees that top before
	 * it takes the block from the new one, and a trim then would release what it has just got.
	 */
	set(M_TRIM_THRESHOLD, !tuned->shrink ? -1 : sizeof(void *) == 8 ? 2 * threshold : 1 << 30);
}

/*
 * Before glibc 2.34 libc's malloc calls this if it is set. An allocator that wants all of libc's
 * blocks, too, defines it (jemalloc).
 */
extern void *const malloc_hook __asm__("__malloc_hook") __attribute__((weak));

static bool malloc_is_replaced(const struct libc *libc)
{
	const uintptr_t hook = &malloc_hook ? (uintptr_t)malloc_hook : 0;

	return hook && (hook < libc->text || hook >= libc->text_end);
}

/* Does libc's malloc call the hooked functions? Makes one request that no free memory can serve,
 * and that fails. */
static bool trial_passes(const struct libc *libc)
{
	void *(*allocate)(size_t) = (void *(*)(size_t))libc_symbol(libc, "__libc_malloc", NULL);
	void (*release)(void *) = (void (*)(void *))libc_symbol(libc, "__libc_free", NULL);
	const size_t bytes = sizeof(void *) == 8 ? (size_t)24 << 20 : (size_t)500 << 10;
	void *got;

	if (!allocate)
		allocate = (void *(*)(size_t))libc_symbol(libc, "malloc", NULL);
	if (!release)
		release = (void (*)(void *))libc_symbol(libc, "free", NULL);
	if (!allocate || !release)
		return false;
	brk_trial_begin();
	got = allocate(bytes);
	if (got)
		release(got);
	return brk_trial_end();
}

/* From here on libc's malloc uses the library's memory; or, on failure, nothing has changed. */
static int take_over(const struct options *options)
{
	/* under auto this is not logged: the user requested only what is possible */
	int failed = calls_start(options, true, "heap", heap.adaptive ? NULL : small_pages);

	if (failed)
		return failed;
	/* under auto malloc itself has called this, and keeps its own limits */
	if (!heap.adaptive && !malloc_is_replaced(&libc_calls.libc) &&
	    !trial_passes(&libc_calls.libc)) {
		calls_stop();
		log_declined(small_pages, "heap: malloc does not call the hooked sbrk");
		return -ENOTSUP;
	}
	if (!heap.adaptive)
		tune_malloc(&libc_calls.libc, &heap);
	failed = heap_owner_begin();
	if (failed) {
		calls_stop();
		log_declined(small_pages, "heap: its address range is already in use (%s)",
			     error_name(failed));
	}
	return failed;
}

/* Did the user turn on malloc's own huge pages (glibc 2.35)? Zero is the default: none. */
static bool malloc_has_huge_pages(void)
{
	static const char name[] = "glibc.malloc.hugetlb=";
	const char *tunables = program_variable("GLIBC_TUNABLES");
	const char *value = tunables ? strstr(tunables, name) : NULL;

	return value &&
	       strspn(value + sizeof(name) - 1, "0x") != strcspn(value + sizeof(name) - 1, ":");
}

/* Chooses the pages for the heap. Returns 0, or -errno after logging a line. */
static int choose_pages(const struct options *options)
{
	struct wanted_pages wanted = {
		.pages = options->heap,
		.page_bytes = options->heap_page_bytes,
		.quiet = options->heap == HEAP_AUTO,
		.lazy = options->heap != HEAP_AUTO,
		.feature = "heap",
		.variable = "HUGETLB_MORECORE",
		.otherwise = small_pages,
	};

	int failed = calls_select_pages(options, &wanted, &heap.source);

	/* what is mapped before malloc uses it must not cost a huge page at its first touch */
	heap.source.thp_unasked =
		heap.adaptive && sizes_thp_mode(heap.source.page_bytes) == THP_ALWAYS;
	return failed;
}

/* Begins the heap: returns 0, or -errno after logging a line, with nothing changed. */
static int begin_heap(const struct options *options)
{
	int failed = choose_pages(options);

	if (failed)
		return failed;
	failed = layout_choose(options);
	if (failed)
		log_declined(small_pages, "heap: no free address space (%s)", error_name(failed));
	else
		failed = take_over(options);
	if (failed)
		layout_drop();
	return failed;
}

int heap_start(const struct options *options)
{
	int error = errno, failed;

	if (malloc_has_huge_pages()) {
		log_declined(
			"HUGETLB_MORECORE has no effect",
			"heap: GLIBC_TUNABLES has glibc.malloc.hugetlb, malloc's own huge pages");
		return -EBUSY;
	}
	heap.shrink = options->heap_shrink;
	if (options->heap == HEAP_AUTO || adaptive_is_required())
		failed = adaptive_start(options, begin_heap);
	else
		failed = begin_heap(options);
	errno = error;
	return failed;
}
