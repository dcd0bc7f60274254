/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder for files that the program maps: see files.h.
 */
#include <errno.h>
#include <sys/auxv.h>

#include "base/error.h"
#include "base/log.h"
#include "calls/start.h"
#include "copies/copy.h"
#include "copies/fill.h"
#include "copies/unchanged.h"
#include "files/files.h"
#include "files/mapped_copy.h"
#include "files/own_pages.h"
#include "files/placed.h"
#include "files/wanted.h"
#include "pages/select.h"
#include "pages/sizes.h"
#include "region/process.h"

static const char as_they_are[] = "files are mapped as they are";

static struct {
	const struct options *options;
	struct source copies;  /* hugetlb pages; page_bytes 0: none here */
	struct source private; /* transparent ones, only with `thp`; page_bytes 0: none */
	size_t own_bytes;      /* what the page cache's huge pages are made of; 0: none here */
	size_t threshold;
} files;

/* What one call needs; too large for a stack. */
struct work {
	struct wanted_file wanted;
	struct copy copy;
	struct placed_file placed;
	bool was_cached; /* in small pages */
};

static bool may_copy(const struct wanted_file *wanted)
{
	return files.copies.page_bytes && (wanted->is_named || files.options->files == HEAP_SIZE);
}

/* The first line of a process is a warning; no reason, no line. */
static void log_reason(const struct wanted_file *wanted, const char *reason, bool in_page_cache)
{
	static const char small[] = "HUGETLB_MMAP_FILES: %s stays on small pages: %s",
			  instead[] = "HUGETLB_MMAP_FILES: %s: %s; using huge pages of its page "
				      "cache";
	const char *const format = in_page_cache ? instead : small;
	static uint32_t told;

	if (!*reason)
		return;
	if (__atomic_exchange_n(&told, 1, __ATOMIC_RELAXED))
		log_info(format, wanted->original.path, reason);
	else
		log_warning(format, wanted->original.path, reason);
}

static int place(struct work *work, size_t page_bytes)
{
	int failed = placed_file_map(&work->placed, work->wanted.call,
				     work->wanted.original.status.stx_size, page_bytes);

	if (!failed && work->placed.first == work->placed.last) {
		placed_file_unmap(&work->placed);
		failed = -ERANGE;
	}
	return failed;
}

/* The page cache's own huge pages. True: the file is mapped so. */
static bool map_own_pages(struct work *work, bool drop)
{
	struct wanted_file *wanted = &work->wanted;
	enum own_pages answer;

	if (!files.own_bytes)
		return false;
	if (!original_is_local(&wanted->original) && !original_is_in_memory(&wanted->original)) {
		original_refuse_elsewhere(&wanted->original);
		return false;
	}
	if (place(work, files.own_bytes))
		return false;
	answer = own_pages_ask(&work->placed, wanted, drop);
	if (answer == OWN_PAGES_HUGE) {
		placed_file_populate(wanted->call, work->placed.start, work->placed.end);
		log_info("HUGETLB_MMAP_FILES: %s: %lu MB of its page cache, huge where possible",
			 wanted->original.path,
			 (unsigned long)((work->placed.last - work->placed.first) >> 20));
		return true;
	}
	placed_file_unmap(&work->placed);
	work->was_cached = answer == OWN_PAGES_CACHED;
	original_refuse(&wanted->original, answer == OWN_PAGES_CACHED
						   ? "the page cache has it in small pages"
					   : answer == OWN_PAGES_EMPTY
						   ? ""
						   : "its file system or this kernel keeps no huge "
						     "pages of files, or it is not on disk");
	return false;
}

/* How many bytes of the mapping a copy of the file's first `bytes` covers, from its page on. */
static size_t covered_bytes(const struct placed_file *placed, uint64_t bytes)
{
	const uint64_t room = placed->last - placed->first;

	if (bytes <= placed->offset)
		return 0;
	return (size_t)(bytes - placed->offset < room ? bytes - placed->offset : room);
}

/* Puts pages in place, and populates the rest where the program wants it so. */
static bool put(struct work *work, size_t bytes, int fd, uintptr_t aside, struct source *source)
{
	const struct placed_file *placed = &work->placed;
	const struct calls_file *call = work->wanted.call;
	int failed = mapped_copy_put(placed, call, bytes, fd, aside, source);

	if (failed) {
		original_refuse_error(&work->wanted.original, failed);
		return false;
	}
	placed_file_populate(call, placed->start, placed->first);
	placed_file_populate(call, placed->first, placed->first + bytes);
	placed_file_populate(call, placed->first + bytes, placed->end);
	return true;
}

/* From a copy on the mount. Returns how many bytes; 0: none. */
static size_t put_shared_copy(struct work *work)
{
	struct wanted_file *wanted = &work->wanted;
	size_t bytes;
	int fd = copy_open(&work->copy, &wanted->original, files.options, files.copies.page_bytes,
			   wanted->call->bytes);

	if (fd < 0)
		return 0;
	bytes = covered_bytes(&work->placed, work->copy.bytes);
	if (!bytes)
		original_refuse(&wanted->original, "the pool had no pages for this part of it");
	else if (!put(work, bytes, fd, 0, &files.copies))
		bytes = 0;
	sys_close(fd);
	return bytes;
}

static bool map_shared_copy(struct work *work)
{
	size_t bytes;

	if (place(work, files.copies.page_bytes))
		return false;
	bytes = put_shared_copy(work);
	if (!bytes) {
		placed_file_unmap(&work->placed);
		return false;
	}
	log_info("HUGETLB_MMAP_FILES: %s: %lu of %lu MB from the copy %s/%s",
		 work->wanted.original.path, (unsigned long)(bytes >> 20),
		 (unsigned long)((work->placed.last - work->placed.first) >> 20), work->copy.path,
		 work->copy.name);
	return true;
}

/* Reads the file into memory of this process's own. False: the memory is as it was mapped. */
static bool fill_memory(struct work *work, uintptr_t memory, size_t bytes)
{
	struct wanted_file *wanted = &work->wanted;
	struct fill fill = {
		.path = wanted->original.path,
		.page_bytes = work->placed.page_bytes,
		.offset = work->placed.offset,
		.bytes = bytes,
		.memory = memory,
	};
	bool filled;
	int error;

	fill.fd = original_open(&wanted->original);
	if (fill.fd < 0)
		return false;
	filled = !unchanged_check(&wanted->original, fill.fd) &&
		 fill_read(&fill, &error) == bytes &&
		 !unchanged_check(&wanted->original, fill.fd) &&
		 !sys_mprotect(memory, bytes, PROT_READ);
	sys_close(fill.fd);
	return filled;
}

/* A copy of this process's own, on transparent huge pages. */
static bool map_private_copy(struct work *work)
{
	size_t bytes;
	long at;

	if (!original_is_local(&work->wanted.original) || place(work, files.private.page_bytes))
		return false;
	bytes = work->placed.last - work->placed.first;
	at = sys_mmap_aligned(bytes, work->placed.page_bytes, PROT_READ | PROT_WRITE);
	if (!SYS_IS_ERROR(at)) {
		sys_madvise((uintptr_t)at, bytes, MADV_HUGEPAGE);
		if (fill_memory(work, (uintptr_t)at, bytes) &&
		    put(work, bytes, -1, (uintptr_t)at, &files.private))
			return true;
		sys_munmap((uintptr_t)at, bytes);
	}
	placed_file_unmap(&work->placed);
	return false;
}

/* A copy was asked for by its page size. */
static bool map_copy_first(struct work *work)
{
	char *const reason = work->copy.path;

	if (map_shared_copy(work))
		return true;
	text_format(reason, sizeof(work->copy.path), "%s", work->wanted.original.reason);
	if (map_own_pages(work, true)) {
		log_reason(&work->wanted, reason, true);
		return true;
	}
	original_refuse(&work->wanted.original, reason);
	return false;
}

static bool map_own_pages_first(struct work *work)
{
	const bool copies = may_copy(&work->wanted);

	if (map_own_pages(work, !copies && !files.private.page_bytes))
		return true;
	if (copies && map_shared_copy(work))
		return true;
	if (files.private.page_bytes && map_private_copy(work))
		return true;
	/* all that is left is to have the file read again */
	return (copies || files.private.page_bytes) && work->was_cached &&
	       map_own_pages(work, true);
}

static bool map_wanted(struct work *work)
{
	bool mapped = files.options->files == HEAP_SIZE ? map_copy_first(work)
							: map_own_pages_first(work);

	if (!mapped)
		log_reason(&work->wanted, work->wanted.original.reason, false);
	return mapped;
}

/* As libc_calls.map_file. */
static uintptr_t map_file(const struct calls_file *call)
{
	struct work *work;
	uintptr_t at = 0;
	long mapped;

	if (!wanted_file_is(call, files.threshold))
		return 0;
	mapped = sys_mmap(0, sizeof(*work), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	if (SYS_IS_ERROR(mapped))
		return 0;
	work = (struct work *)mapped;
	if (wanted_file_read(&work->wanted, call, files.options->files_only) && map_wanted(work))
		at = work->placed.start;
	sys_munmap((uintptr_t)mapped, sizeof(*work));
	return at;
}

static void choose_own_pages(const struct page_sizes *sizes)
{
	const enum thp_mode mode = sizes_thp_mode(sizes->thp);

	files.own_bytes = mode == THP_MADVISE || mode == THP_ALWAYS ? sizes->thp : 0;
}

static int choose(const struct options *options)
{
	struct page_sizes sizes;
	size_t page_bytes = options->files_page_bytes;

	sizes_read(&sizes, getauxval(AT_PAGESZ));
	choose_own_pages(&sizes);
	if (options->files == HEAP_SIZE && !sizes_have(&sizes, page_bytes)) {
		log_declined(as_they_are, "%s: %s: this machine has no huge pages of %lu kB",
			     "files", "HUGETLB_MMAP_FILES", (unsigned long)(page_bytes >> 10));
		return -EINVAL;
	}
	if (options->files == HEAP_DEFAULT)
		page_bytes = sizes_have(&sizes, options->default_page_bytes)
				     ? options->default_page_bytes
				     : sizes.default_huge;
	if (options->files != HEAP_THP)
		files.copies = (struct source){.page_bytes = page_bytes, .hugetlb = page_bytes};
	else
		files.private = (struct source){.page_bytes = files.own_bytes, .thp = true};
	if (!files.own_bytes && !files.copies.page_bytes) {
		select_log_thp_off("files", "", as_they_are);
		return -ENOTSUP;
	}
	files.threshold = options->files_threshold ? options->files_threshold
			  : files.copies.page_bytes && options->files == HEAP_SIZE
				  ? files.copies.page_bytes
				  : sizes.thp;
	return 0;
}

int files_start(const struct options *options)
{
	int failed = choose(options);

	if (!failed)
		failed = calls_start(options, false, "files", as_they_are);
	if (failed)
		return failed;
	files.options = options;
	libc_calls.map_file = map_file;
	return 0;
}
