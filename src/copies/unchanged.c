/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is a file still what it was? See unchanged.h.
 */
#include <errno.h>

#include "copies/unchanged.h"
#include "copies/writers.h"

/*
 * A file that changed so short a time ago may change again within the same tick of the clock that
 * its time of change is read from, and nobody would see it.
 */
#define SETTLED_NANOSECONDS 100000000LL

static int refuse(struct original *original, int error, const char *reason)
{
	original_refuse(original, reason);
	return error;
}

static bool is_settled(const struct statx *status)
{
	long time[2] = {0, 0};

	sys_call(SYS_clock_gettime, 0 /* CLOCK_REALTIME */, time);
	return (time[0] - (long long)status->stx_ctime.tv_sec) * 1000000000LL + time[1] -
		       (long long)status->stx_ctime.tv_nsec >
	       SETTLED_NANOSECONDS;
}

static bool is_same_time(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int unchanged_check(struct original *original, int fd)
{
	const struct statx *before = &original->status;
	struct statx status;
	int failed = sys_statx_fd(fd, &status);

	if (failed)
		return refuse(original, failed, "it cannot be opened again");
	if (status.stx_size != before->stx_size ||
	    !is_same_time(&status.stx_mtime, &before->stx_mtime) ||
	    !is_same_time(&status.stx_ctime, &before->stx_ctime) || !is_settled(&status))
		return refuse(original, -ESTALE, "it is being changed");
	switch (writers_of(fd)) {
	case WRITERS_NONE:
		return 0;
	case WRITERS_SOME:
		return refuse(original, -ETXTBSY, "it is open for writing");
	default:
		return refuse(
			original, -EACCES,
			"only its owner and root can find out whether it is open for writing");
	}
}
