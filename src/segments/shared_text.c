/*
 * A range of text, prepared from the copy that all processes share.
 */
#include <errno.h>

#include "segments/backing.h"
#include "segments/share.h"
#include "sys.h"

/*
 * How much of the range its file holds, from the range's start on; what follows must be nobody's.
 * 0: the range is put together in another way.
 */
static size_t file_bytes(const struct backing *backing, const struct plan_range *range)
{
	const struct plan_piece *pieces = backing->pieces;
	uintptr_t end = range->start;

	for (size_t i = range->first_piece; i < backing->piece_count; i++) {
		if (pieces[i].start >= range->end)
			break;
		if (pieces[i].kind == PLAN_GAP)
			continue;
		if (pieces[i].start > end || !pieces[i].file)
			return 0;
		end = pieces[i].end;
	}
	return (end < range->end ? end : range->end) - range->start;
}

int shared_prepare_text(const struct backing *backing, const struct plan_range *range,
			const struct object *object, const struct options *options,
			struct prepared *prepared)
{
	const struct dl_phdr_info info = {
		.dlpi_addr = object->base,
		.dlpi_phdr = object->headers,
		.dlpi_phnum = (ElfW(Half))object->header_count,
	};
	struct share_text text = {
		.name = object->name,
		.address = range->start,
		.bytes = range->end - range->start,
		.file_bytes = file_bytes(backing, range),
		.page_bytes = backing->source.page_bytes,
	};
	int fd = text.file_bytes ? share_read_object(&info, &text) : -ENOEXEC;
	long at;

	*prepared = (struct prepared){.fd = -1};
	if (!fd)
		fd = share_open(&text, options);
	if (fd < 0)
		return fd;
	at = sys_mmap(0, text.bytes, range->protection, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	if (SYS_IS_ERROR(at)) {
		sys_close(fd);
		return (int)at;
	}
	/* All at once, as they are there anyway. */
	sys_madvise((uintptr_t)at, text.bytes, MADV_POPULATE_READ);
	*prepared = (struct prepared){.address = (uintptr_t)at, .bytes = text.bytes, .fd = fd};
	return 0;
}
