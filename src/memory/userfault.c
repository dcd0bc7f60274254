/*
 * ioctl of userfaultfd, for memory that touches a region: see calls.h.
 *
 * Who has the kernel tell of faults waits for the first touch of small pages, and fills them one by
 * one: neither can be had of hugetlb pages, which are there as a whole. So they become small
 * before.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "memory/answer.h"
#include "memory/calls.h"
#include "memory/keep.h"
#include "memory/lock.h"

static long make_sparse(uintptr_t from, size_t bytes)
{
	struct region_part part;
	uintptr_t to = range_end(from, bytes);
	long failed = 0;

	if (!touches_region(from, bytes) || !well_formed(from, bytes) || !memory_lock())
		return 0;
	while (!failed && registry_part(&from, to, &part))
		failed = keep_make_sparse(part.region, part.from, part.to);
	memory_unlock();
	return failed;
}

int call_ioctl(int fd, unsigned long request, void *argument)
{
	const struct uffdio_register *enrol = argument;
	long failed = 0;

	/* the kernel takes no more of it than this, whatever a program's int became on its way */
	if ((unsigned int)request == UFFDIO_REGISTER && enrol)
		failed = make_sparse((uintptr_t)enrol->range.start, (size_t)enrol->range.len);
	if (!failed)
		failed = sys_pass(SYS_ioctl, fd, (long)request, (long)argument, 0, 0, 0);
	return (int)answer(failed);
}
