/*
 * ioctl of userfaultfd, for memory that touches a region: see calls.h.
 *
 * Who has the kernel tell of faults waits for the first touch of small pages, and fills them one by
 * one: neither can be had of hugetlb pages, which are there as a whole. So they become small
 * before.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "calls/result.h"
#include "calls/userfaultfd.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/ranges.h"
#include "region/split.h"

/* So much is looked at in one piece. */
#define CHUNK_BYTES ((size_t)2 << 20)
#define CHUNK_PAGES (CHUNK_BYTES / 4096)

/* By the kernel's own reading, which asks for the program's rights and never ends in a signal. */
static bool reads_as_zero(uintptr_t page)
{
	uint64_t words[128];
	struct iovec here = {words, sizeof(words)}, there = {(void *)page, sizeof(words)};
	uint64_t any = 0;

	for (size_t done = 0; done < process_base_bytes && !any; done += sizeof(words)) {
		if (sys_gate(SYS_process_vm_readv, sys_getpid(), (long)&here, 1, (long)&there, 1,
			     0) != (long)sizeof(words))
			return false;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			any |= words[i];
		there.iov_base = (char *)there.iov_base + sizeof(words);
	}
	return !any;
}

/* Empties the pages of [from, to) that are there and read as zero: page by page what they were. */
static void empty_zeroes(uintptr_t from, uintptr_t to, const unsigned char *resident)
{
	while (from < to) {
		uintptr_t run = from;

		while (run < to && *resident & 1 && reads_as_zero(run)) {
			run += process_base_bytes;
			resident++;
		}
		if (run > from)
			sys_madvise(from, run - from, MADV_DONTNEED);
		from = run + process_base_bytes;
		resident++;
	}
}

/* What can't be looked at, or kept from being written to, stays. */
static void make_chunk_sparse(uintptr_t from, uintptr_t to)
{
	unsigned char resident[CHUNK_PAGES];
	size_t pages = (to - from) / process_base_bytes;
	long writers = -1;

	if (sys_mincore(from, to - from, resident))
		return;
	while (pages && !(resident[pages - 1] & 1))
		pages--;
	if (!pages)
		return;
	if (!process_single_threaded()) {
		writers = split_writers_stop(from, to - from);
		if (SYS_IS_ERROR(writers))
			return;
	}
	empty_zeroes(from, from + pages * process_base_bytes, resident);
	split_writers_go(writers);
}

static long make_part_sparse(const struct region_part *part)
{
	long failed = split_sparse(part->region, part->from, part->to);
	uintptr_t from = part->from;

	/*
	 * Text is the file's: there is no zero in it that nobody wrote. And a filter of system
	 * calls may kill for reading so.
	 */
	if (failed || part->region->text || !part->region->source->thp || sys_sandboxed ||
	    sys_is_filtered())
		return failed;
	while (from < part->to) {
		uintptr_t end = (from | (CHUNK_BYTES - 1)) + 1;

		if (end > part->to)
			end = part->to;
		make_chunk_sparse(from, end);
		from = end;
	}
	return 0;
}

static long make_sparse(uintptr_t from, size_t bytes)
{
	struct region_part part;
	uintptr_t to = ranges_end(from, bytes);
	long failed = 0;

	if (!ranges_touch(from, bytes) || !ranges_well_formed(from, bytes) || !lock_take())
		return 0;
	while (!failed && registry_part(&from, to, &part))
		failed = make_part_sparse(&part);
	lock_release();
	return failed;
}

int call_ioctl(int fd, unsigned long request, void *argument)
{
	const struct uffdio_register *enrol = argument;
	long failed = 0;

	/* the kernel takes no more of it than this, whatever a program's int became on its way */
	if ((unsigned int)request == UFFDIO_REGISTER && sys_can_read(enrol, sizeof(*enrol)))
		failed = make_sparse((uintptr_t)enrol->range.start, (size_t)enrol->range.len);
	if (!failed)
		failed = sys_pass(SYS_ioctl, fd, (long)request, (long)argument, 0, 0, 0);
	return (int)answer(failed);
}
