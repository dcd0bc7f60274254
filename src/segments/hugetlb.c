/*
 * Copies on hugetlb pages.
 *
 * Text is written through a shared mapping of an unlinked file and then mapped from it for good,
 * private, readable and executable: no memory is both writable and executable, so no policy against
 * that is in the way. Its pages are the file's: they need no reservation, and no second page each.
 * Data is a private mapping, populated, whose pages are the process's own.
 */
#include <errno.h>

#include "segments/backing.h"
#include "segments/text_source.h"
#include "sys.h"

/* Tries where a signal came in between. */
#define RETRIES_MAX 5

static long allocate_page(int fd, uint64_t offset, size_t page_bytes)
{
	long result = -EINTR;

	for (int i = 0; i < RETRIES_MAX && result == -EINTR; i++)
		result = sys_fallocate(fd, offset, page_bytes);
	return result;
}

/*
 * Allocates page by page and copies each while it is in the cache. Returns how many bytes there
 * are; *error says why not all. The pages are the file's before they are touched, so no touch can
 * fail.
 */
static size_t fill(const struct text_source *text, int fd, uintptr_t window, int *error)
{
	const struct plan_range *range = text->range;
	const size_t page_bytes = text->backing->source.page_bytes;
	const size_t bytes = range->end - range->start;

	for (size_t done = 0; done < bytes; done += page_bytes) {
		*error = (int)allocate_page(fd, done, page_bytes);
		if (!*error)
			*error = text_source_read(text, range->start + done,
						  range->start + done + page_bytes, window + done);
		if (*error)
			return done;
	}
	return bytes;
}

/* Maps the file as it will be used. Its pages are there: nothing is reserved, nothing can fail to
 * be there at a touch. */
static int map_text(int fd, const struct plan_range *range, struct prepared *prepared)
{
	long at =
		sys_mmap(0, prepared->bytes, range->protection, MAP_PRIVATE | MAP_NORESERVE, fd, 0);

	if (SYS_IS_ERROR(at))
		return (int)at;
	prepared->address = (uintptr_t)at;
	/* without it each page is a fault of its own, a cheap one */
	sys_madvise(prepared->address, prepared->bytes, MADV_POPULATE_READ);
	return 0;
}

static int prepare_text(const struct backing *backing, const struct source *source,
			const struct plan_range *range, struct prepared *prepared)
{
	const size_t bytes = range->end - range->start;
	int fd = source_open(source), error = 0;
	struct text_source text;
	long window;

	*prepared = (struct prepared){.fd = fd};
	if (fd < 0)
		return fd;
	window = sys_mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (SYS_IS_ERROR(window)) {
		error = (int)window;
	} else {
		text_source_open(&text, backing, range);
		prepared->bytes = fill(&text, fd, (uintptr_t)window, &error);
		text_source_close(&text);
		sys_munmap((uintptr_t)window, bytes);
	}
	if (prepared->bytes)
		error = map_text(fd, range, prepared);
	if (!error && prepared->address)
		return 0;
	prepared->bytes = 0;
	backing_drop(prepared);
	return error;
}

int hugetlb_prepare_text(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared)
{
	struct source source = backing->source;
	int failed = prepare_text(backing, &source, range, prepared);

	/* a mount may be too small, or one from which nothing is executed; a memfd is neither */
	if (failed && source.mount) {
		source.mount = NULL;
		failed = prepare_text(backing, &source, range, prepared);
	}
	return failed;
}

int hugetlb_prepare_filled(int fd, const struct plan_range *range, struct prepared *prepared)
{
	int failed;

	*prepared = (struct prepared){.fd = fd, .bytes = range->end - range->start};
	failed = map_text(fd, range, prepared);
	if (failed) {
		prepared->bytes = 0;
		backing_drop(prepared);
	}
	return failed;
}

int hugetlb_prepare_data(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared)
{
	struct source source = backing->source;
	const size_t pages = (range->end - range->start) / source.page_bytes;
	long at = backing_find_hole(pages * source.page_bytes, source.page_bytes);

	*prepared = (struct prepared){.fd = -1};
	if (SYS_IS_ERROR(at))
		return (int)at;
	source.memfd = true;
	prepared->address = (uintptr_t)at;
	prepared->bytes = source_map_huge(&source, (uintptr_t)at, pages) * source.page_bytes;
	return prepared->bytes ? 0 : source.last_error ? source.last_error : -ENOMEM;
}
