/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ioctl of userfaultfd, for memory that touches a region: see userfaultfd.h.
 *
 * A program that registers memory waits for the first touch of small pages, and fills them one by
 * one. Neither works with hugetlb pages, which are present as a whole, so they are split first.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "calls/result.h"
#include "calls/userfaultfd.h"
#include "region/page_state.h"
#include "region/ranges.h"
#include "region/split.h"
#include "region/zeroes.h"

static long make_part_sparse(const struct region_part *part)
{
	long failed = split_sparse(part->region, part->from, part->to);

	if (!failed)
		page_state_registered(part->region, part->from, part->to);
	/*
	 * Text comes from the file: every zero in it was written. And a system call filter may kill
	 * the process for reading this way.
	 */
	if (!failed && !part->region->text && part->region->source->thp && !sys_sandboxed &&
	    !sys_is_filtered())
		zeroes_drop(part->from, part->to);
	return failed;
}

static long make_range_sparse(const long *arguments)
{
	uintptr_t from = (uintptr_t)arguments[0];
	struct region_part part;
	long failed = 0;

	while (!failed && registry_part(&from, (uintptr_t)arguments[1], &part))
		failed = make_part_sparse(&part);
	return failed;
}

static long make_sparse(uintptr_t from, size_t bytes)
{
	const long arguments[] = {(long)from, (long)ranges_end(from, bytes)};
	long failed;

	return ranges_run(from, bytes, make_range_sparse, arguments, &failed) ? failed : 0;
}

int call_ioctl(int fd, unsigned long request, void *argument)
{
	const struct uffdio_register *enrol = argument;
	long failed = 0;

	/* the kernel uses no more of it than this, however a program's int was extended */
	if ((unsigned int)request == UFFDIO_REGISTER && sys_can_read(enrol, sizeof(*enrol)))
		failed = make_sparse((uintptr_t)enrol->range.start, (size_t)enrol->range.len);
	if (!failed)
		failed = sys_pass(SYS_ioctl, fd, request, argument);
	return (int)answer(failed);
}
