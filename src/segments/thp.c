/*
 * Copies on transparent huge pages: anonymous memory, so that it splits where the program protects
 * or unmaps a part, and a debugger can write to it.
 */
#include <errno.h>
#include <sys/auxv.h>

#include "segments/backing.h"
#include "segments/readback.h"
#include "segments/text_source.h"
#include "sys.h"

/* Maps bytes at a multiple of page_bytes, advised, without the ends that it took to get there. */
static long map_aligned(size_t bytes, size_t page_bytes)
{
	size_t spare = page_bytes - getauxval(AT_PAGESZ), head;
	long at = sys_mmap(0, bytes + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	long failed;

	if (SYS_IS_ERROR(at))
		return at;
	head = -(size_t)at & (page_bytes - 1);
	if (head)
		sys_munmap((uintptr_t)at, head);
	if (spare - head)
		sys_munmap((uintptr_t)at + head + bytes, spare - head);
	at += (long)head;
	failed = sys_madvise((uintptr_t)at, bytes, MADV_HUGEPAGE);
	if (failed) {
		sys_munmap((uintptr_t)at, bytes);
		return failed;
	}
	return at;
}

int thp_prepare_data(const struct plan_range *range, size_t page_bytes, struct prepared *prepared)
{
	long at = map_aligned(range->end - range->start, page_bytes);

	*prepared = (struct prepared){.fd = -1};
	if (SYS_IS_ERROR(at))
		return (int)at;
	prepared->address = (uintptr_t)at;
	prepared->bytes = range->end - range->start;
	return 0;
}

/*
 * Where no memory was in one piece, the kernel has given small pages, and the copy would be worse
 * than the file's own: it is asked once to put them together, and then the copy counts up to the
 * first page that is not huge.
 */
static size_t huge_bytes(uintptr_t at, size_t bytes, size_t page_bytes)
{
	size_t huge = readback_huge_bytes(at, at + bytes);

	if (huge < bytes && !sys_madvise(at, bytes, MADV_COLLAPSE))
		huge = readback_huge_bytes(at, at + bytes);
	if (huge == bytes)
		return bytes;
	for (huge = 0; huge < bytes; huge += page_bytes)
		if (readback_huge_bytes(at + huge, at + huge + page_bytes) < page_bytes)
			break;
	return huge;
}

int thp_prepare_text(const struct backing *backing, const struct plan_range *range,
		     size_t page_bytes, struct prepared *prepared)
{
	struct text_source text;
	size_t huge;
	int failed = thp_prepare_data(range, page_bytes, prepared);

	if (failed)
		return failed;
	text_source_open(&text, backing, range);
	failed = text_source_read(&text, range->start, range->end, prepared->address);
	text_source_close(&text);
	if (!failed)
		failed = (int)sys_mprotect(prepared->address, prepared->bytes, range->protection);
	if (failed) {
		backing_drop(prepared);
		return failed;
	}
	huge = huge_bytes(prepared->address, prepared->bytes, page_bytes);
	if (huge < prepared->bytes)
		sys_munmap(prepared->address + huge, prepared->bytes - huge);
	prepared->bytes = huge;
	return huge ? 0 : -ENOMEM;
}
