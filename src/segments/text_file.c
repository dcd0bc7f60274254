/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of text in an in-memory file: see text_file.h. System calls only.
 */
#include <errno.h>

#include "base/sys.h"
#include "segments/text_file.h"

/* Maps the file at any multiple of the page. Returns the address, or -errno. */
static long map_file(const struct text_file *file, size_t bytes, int protection, int flags)
{
	long room, at;

	if (file->hugetlb)
		return sys_mmap(0, bytes, protection, flags | MAP_NORESERVE, file->fd, 0);
	room = sys_mmap_aligned(bytes, file->page_bytes, PROT_NONE);
	if (SYS_IS_ERROR(room))
		return room;
	at = sys_mmap((uintptr_t)room, bytes, protection, flags | MAP_FIXED, file->fd, 0);
	if (SYS_IS_ERROR(at))
		sys_munmap((uintptr_t)room, bytes);
	return at;
}

/*
 * Allocates the file's pages one by one and copies to each while it is in the CPU's cache. Returns
 * how many bytes there are; *error is the reason if not all. The pages belong to the file before
 * they are touched, so no touch can fail.
 */
static size_t fill(const struct text_file *file, const struct backing_text *text, uintptr_t window,
		   int *error)
{
	const struct plan_range *range = text->range;
	const size_t bytes = range->end - range->start;

	for (size_t done = 0; done < bytes; done += file->page_bytes) {
		*error = file->give_page(file, done, window + done);
		if (!*error)
			*error = backing_read_text(text, range->start + done,
						   range->start + done + file->page_bytes,
						   window + done);
		if (*error)
			return done;
	}
	return bytes;
}

int text_file_map(const struct text_file *file, const struct plan_range *range,
		  struct prepared *prepared)
{
	/* Its pages exist: nothing is reserved, and no touch can fail. */
	long at = map_file(file, prepared->bytes, range->protection, MAP_PRIVATE);

	if (SYS_IS_ERROR(at))
		return (int)at;
	prepared->address = (uintptr_t)at;
	/* without it each page is a page fault of its own, a cheap one */
	sys_madvise(prepared->address, prepared->bytes, MADV_POPULATE_READ);
	return 0;
}

int text_file_prepare(const struct text_file *file, const struct backing *backing,
		      const struct plan_range *range, struct prepared *prepared)
{
	const size_t bytes = range->end - range->start;
	long window = map_file(file, bytes, PROT_READ | PROT_WRITE, MAP_SHARED);
	struct backing_text text;
	int error = 0;

	*prepared = (struct prepared){.fd = file->fd};
	if (SYS_IS_ERROR(window)) {
		error = (int)window;
	} else {
		backing_open_text(&text, backing, range);
		prepared->bytes = fill(file, &text, (uintptr_t)window, &error);
		backing_close_text(&text);
		sys_munmap((uintptr_t)window, bytes);
	}
	if (prepared->bytes)
		error = text_file_map(file, range, prepared);
	if (!error && prepared->address)
		return 0;
	if (!prepared->address)
		prepared->bytes = 0;
	backing_drop(prepared);
	return error;
}
