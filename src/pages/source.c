/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder of page kinds that the heap grows on.
 *
 * Owns no memory: a mapping belongs to the caller as soon as it is returned. The only state is in
 * the caller's struct source.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/auxv.h>

#include "base/log.h"
#include "base/sys.h"
#include "pages/buddy.h"
#include "pages/first_touch.h"
#include "pages/left_names.h"
#include "pages/source.h"

#define BACK_OFF_MAX 32

#define THP_BYTES_MAX ((size_t)2 << 20)

/* How many names are tried to find one that no other process is using; see open_on_mount(). */
#define NAMES_TRIED_MAX 100

bool source_without_hugetlb;

static size_t allow_all(size_t page_bytes, size_t pages)
{
	(void)page_bytes;
	return pages;
}

static size_t (*allowed_pages)(size_t page_bytes, size_t pages) = allow_all;

bool source_can_populate_write(void)
{
	/* for 0 bytes: the kernel checks the advice and does nothing */
	return !sys_madvise(0, 0, MADV_POPULATE_WRITE);
}

static int size_flag(const struct source *source)
{
	return (int)((unsigned int)__builtin_ctzl(source->page_bytes) << MAP_HUGE_SHIFT);
}

/*
 * Creates a new file on the mount and unlinks it: its pages live as long as the mapping. The name,
 * visible for a moment only, is made from a counter and from the address of this process's stack;
 * if it is in use, the next one is tried.
 *
 * O_TMPFILE would need no name, but then the mapping has none either, by which people and hugestat
 * recognize it in /proc/PID/maps. What a kill leaves is empty, and left_names.h removes it.
 */
static int open_on_mount(const char *mount)
{
	static unsigned int counter;
	/* longer than the kernel accepts, so that a long path is refused rather than cut */
	char path[4096 + 64];

	for (int i = 0; i < NAMES_TRIED_MAX; i++) {
		unsigned int number = __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
		unsigned int suffix = (number + (unsigned int)((uintptr_t)path >> 4)) * 2654435761u;
		long fd, result;

		text_format(path, sizeof(path), "%s/" LEFT_NAMES_PREFIX "%06x", mount, suffix >> 8);
		fd = sys_open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
		if (fd == -EEXIST)
			continue;
		if (SYS_IS_ERROR(fd))
			return (int)fd;
		result = sys_unlink(path);
		/* another process may have taken it for one that was left */
		if (!result || result == -ENOENT)
			return (int)fd;
		sys_close((int)fd);
		return (int)result;
	}
	return -EEXIST;
}

int source_open(const struct source *source)
{
	if (source->mount) {
		static bool looked;
		int fd;

		if (!__atomic_exchange_n(&looked, true, __ATOMIC_RELAXED))
			left_names_remove(source->mount);
		fd = open_on_mount(source->mount);

		/* callers take -EEXIST to be about an address */
		return fd == -EEXIST ? -EBUSY : fd;
	}
	return (int)sys_memfd_create("libhugetlbfs",
				     MFD_CLOEXEC | MFD_HUGETLB | (unsigned int)size_flag(source));
}

/* Returns a descriptor, -ENODATA if the mapping shall be anonymous, or another -errno. */
static int open_backing(const struct source *source)
{
	if (sys_sandboxed || (!source->mount && !source->memfd))
		return -ENODATA;
	return source_open(source);
}

/*
 * Maps huge pages at address, or where the kernel chooses if address is 0; returns the address, or
 * -errno. Nothing is left open or mapped on failure. `populate`: by MAP_POPULATE, if the kernel has
 * nothing better.
 */
static long map_pages(const struct source *source, uintptr_t address, size_t pages, bool populate)
{
	size_t bytes = pages * source->page_bytes;
	int flags = MAP_PRIVATE, fd = open_backing(source);
	long at;

	if (fd == -ENODATA)
		flags |= MAP_ANONYMOUS | MAP_HUGETLB | size_flag(source);
	else if (fd < 0)
		return fd;
	if (!source->reserve)
		flags |= MAP_NORESERVE;
	if (populate && !source->populate_write)
		flags |= MAP_POPULATE;
	if (!address) {
		at = sys_mmap(0, bytes, PROT_READ | PROT_WRITE, flags, fd >= 0 ? fd : -1, 0);
	} else {
		at = sys_mmap_at(address, bytes, PROT_READ | PROT_WRITE, flags, fd >= 0 ? fd : -1,
				 0);
		if (!at)
			at = (long)address;
	}
	if (fd >= 0)
		sys_close(fd);
	return at;
}

long source_map_anywhere(const struct source *source, size_t pages)
{
	return map_pages(source, 0, pages, false);
}

/* Before 5.14, MAP_POPULATE populates what it can and reports no error: is the page present? */
static long populate_check(uintptr_t address)
{
	unsigned char resident;
	long result = sys_mincore(address, 1, &resident);

	if (result)
		return result;
	return resident & 1 ? 0 : -ENOMEM;
}

/* For when all pages cannot be populated at once. A separate function, so that the usual path needs
 * less stack. */
static size_t __attribute__((noinline))
populate_each(const struct source *source, uintptr_t address, size_t pages, int *error)
{
	size_t page_bytes = source->page_bytes;

	for (size_t i = 0; i < pages; i++) {
		long result = source->populate_write
				      ? sys_populate(address + i * page_bytes, page_bytes)
				      : populate_check(address + i * page_bytes);

		if (result) {
			*error = (int)result;
			return i;
		}
	}
	return pages;
}

/*
 * Makes sure that every page of a new mapping is present. Returns the number of pages, from its
 * start, that are; if not all, stores the reason in *error.
 */
static inline size_t populate(const struct source *source, uintptr_t address, size_t pages,
			      int *error)
{
	if (source->populate_write && !sys_populate(address, pages * source->page_bytes))
		return pages;
	return populate_each(source, address, pages, error);
}

/*
 * Unmaps the pages from `kept` on, and returns how many are kept. Splitting a mapping may fail if
 * the process has reached its limit of mappings; then none of it is kept.
 */
static size_t __attribute__((noinline))
unmap_rest(const struct source *source, uintptr_t address, size_t pages, size_t kept)
{
	size_t kept_bytes = kept * source->page_bytes;

	if (!sys_munmap(address + kept_bytes, pages * source->page_bytes - kept_bytes))
		return kept;
	if (kept)
		sys_munmap(address, pages * source->page_bytes);
	return 0;
}

/*
 * Maps as many pages as are available. `limit` is how many more there may be: after a piece failed,
 * less than that piece; half of it is tried next. So there are at most as many pieces as halvings.
 */
static size_t map_ladder(const struct source *source, uintptr_t address, size_t pages,
			 bool populate_all, int *error)
{
	size_t given = 0, limit = pages, piece = pages;

	while (limit) {
		uintptr_t at = address + given * source->page_bytes;
		long result = map_pages(source, at, piece, populate_all);
		size_t there;

		if (result == -ENOMEM) {
			*error = -ENOMEM;
			limit = piece - 1;
			piece = (limit + 1) / 2;
			continue;
		}
		if (SYS_IS_ERROR(result)) {
			*error = (int)result;
			break;
		}
		there = populate_all ? populate(source, at, piece, error) : piece;
		if (there < piece)
			return given + unmap_rest(source, at, piece, there);
		given += piece;
		limit -= piece;
		piece = (limit + 1) / 2;
	}
	return given;
}

/* A security policy does not change while the process runs, and each refusal is a line in the
 * machine's audit log: such pages are requested once. */
static bool is_denied(int error)
{
	return error == -EACCES;
}

/* A separate function, so that the usual path needs less stack. */
static void __attribute__((noinline))
back_off(struct source *source, size_t pages, size_t given, int error)
{
	source->last_error = error;
	/* a mapping in the way says nothing about the pool */
	if (error != -EEXIST) {
		__atomic_add_fetch(&source->short_falls, 1, __ATOMIC_RELAXED);
		if (1u << source->failures < BACK_OFF_MAX)
			source->failures++;
		source->skip = is_denied(error) ? UINT_MAX : 1u << source->failures;
	}
	log_debug("%zu of %zu huge pages of %zu kB (error %d); not asking for the next %u times",
		  given, pages, source->page_bytes >> 10, -error, source->skip);
}

/* Read once, so that of two threads running this at the same time neither counts below zero. */
static bool is_backing_off(struct source *source)
{
	unsigned int skip = __atomic_load_n(&source->skip, __ATOMIC_RELAXED);

	if (skip)
		__atomic_store_n(&source->skip, skip - 1, __ATOMIC_RELAXED);
	return skip;
}

void source_set_limit(size_t (*allow)(size_t page_bytes, size_t pages))
{
	allowed_pages = allow ? allow : allow_all;
}

size_t source_allowed(const struct source *source, size_t pages)
{
	return allowed_pages(source->page_bytes, pages);
}

/* The next growths do not try huge pages, because the limit does not change soon. */
static void wait_at_limit(struct source *source)
{
	if (1u << source->failures < BACK_OFF_MAX)
		source->failures++;
	source->skip = 1u << source->failures;
}

/* Much memory, on a machine where it matters which thread touches it first. */
static bool is_left_to_touch(const struct source *source, size_t pages)
{
	return pages >= FIRST_TOUCH_PAGES_MIN && source->populate && source->reserve &&
	       first_touch_places(source->page_bytes);
}

size_t source_map_huge(struct source *source, uintptr_t address, size_t pages)
{
	size_t given, allowed;
	bool later;
	int error = 0;

	if (!source->hugetlb || source_without_hugetlb || !pages)
		return 0;
	/* neither mincore nor the kernel could show the result of populating */
	if (sys_sandboxed && source->populate && !source->populate_write)
		return 0;
	if (is_backing_off(source))
		return 0;
	allowed = source_allowed(source, pages);
	later = is_left_to_touch(source, allowed);
	if (later)
		first_touch_used = true;
	/* called at one place, where the compiler puts it: less stack */
	given = map_ladder(source, address, allowed, source->populate && !later, &error);
	if (given < allowed)
		back_off(source, allowed, given, error);
	else if (allowed < pages)
		wait_at_limit(source);
	else
		source->failures = 0;
	return given;
}

/* THP is the size of a hugetlb page or smaller. */
static bool has_free_huge(const struct source *source, size_t bytes)
{
	const size_t block_bytes =
		source->page_bytes < THP_BYTES_MAX ? source->page_bytes : THP_BYTES_MAX;

	return buddy_has(bytes, block_bytes, getauxval(AT_PAGESZ));
}

int source_map_small(const struct source *source, uintptr_t address, size_t bytes)
{
	int failed = sys_mmap_at(address, bytes, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (failed)
		return failed;
	if (source->thp && (!source->thp_if_free || has_free_huge(source, bytes)))
		sys_madvise(address, bytes, MADV_HUGEPAGE);
	else if (!source->thp && source->thp_unasked)
		sys_madvise(address, bytes, MADV_NOHUGEPAGE);
	return 0;
}

int source_try(const struct source *source)
{
	int error = 0;
	long at;

	if (sys_sandboxed && source->populate && !source->populate_write)
		return -EPERM;
	at = map_pages(source, 0, 1, source->populate);
	if (SYS_IS_ERROR(at))
		return (int)at;
	if (source->populate)
		populate(source, (uintptr_t)at, 1, &error);
	sys_munmap((uintptr_t)at, source->page_bytes);
	return error;
}
