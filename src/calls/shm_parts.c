/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls on parts of System V segments: see shm_parts.h.
 */
#include <errno.h>

#include "base/sys.h"
#include "calls/shm_parts.h"
#include "region/lock.h"
#include "region/ranges.h"
#include "region/shm_segments.h"
#include "region/split.h"

static long split(const long *arguments)
{
	return shm_segments_split((uintptr_t)arguments[0], (uintptr_t)arguments[1]);
}

bool shm_parts_again(long *result, uintptr_t from, size_t bytes)
{
	const long arguments[] = {(long)from, (long)(from + bytes)};
	long any = 0;

	if (*result != -EINVAL || !ranges_well_formed(from, bytes) || sys_sandboxed ||
	    !shm_segments_touch(from, from + bytes))
		return false;
	if (!lock_run(split, arguments, &any)) {
		split_warn_refused("shm", -EDEADLK);
		*result = -ENOMEM;
	}
	return any;
}
