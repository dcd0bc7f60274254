/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mbind and related calls: see mempolicy.h.
 */
#include <stdint.h>

#include "base/sys.h"
#include "calls/mempolicy.h"
#include "calls/result.h"
#include "pages/first_touch.h"
#include "region/lock.h"
#include "region/ranges.h"
#include "region/untouched.h"

#define MOVE 2 /* MPOL_MF_MOVE */

static long pass(long number, uintptr_t from, size_t bytes, const long more[4])
{
	return sys_pass(number, from, bytes, more[0], more[1], more[2], more[3]);
}

/*
 * Moves the huge pages of the range, which fit the policy already or do not. Those that were never
 * touched come from where it says, or, where that has none, are transparent ones.
 */
static void move_huge(uintptr_t from, uintptr_t to, const long more[4])
{
	struct region *huge;

	while (from < to) {
		uintptr_t end = registry_run(from, to, &huge);

		if (huge && first_touch_is_known() && sys_populate(from, end - from))
			untouched_replace(huge, from, end);
		if (huge)
			sys_call(SYS_mbind, from, (long)(end - from), more[0], more[1], more[2],
				 more[3] | MOVE);
		from = end;
	}
}

static long on_parts_locked(const long *arguments)
{
	const long number = arguments[0], *more = arguments + 3;
	const uintptr_t from = (uintptr_t)arguments[1];
	const size_t bytes = (size_t)arguments[2];
	long result = ranges_split(from, ranges_end(from, bytes), false);

	if (!result)
		result = pass(number, from, bytes, more);
	if (!result && number == SYS_mbind && !sys_sandboxed)
		move_huge(from, ranges_end(from, bytes), more);
	return result;
}

static long on_parts(long number, uintptr_t from, size_t bytes, const long more[4])
{
	const long arguments[] = {number,  (long)from, (long)bytes, more[0],
				  more[1], more[2],    more[3]};
	long result;

	if (!ranges_run(from, bytes, on_parts_locked, arguments, &result))
		return pass(number, from, bytes, more);
	return result;
}

#define MODE_FLAGS     0xe000 /* MPOL_MODE_FLAGS */
#define MODE_PREFERRED 1      /* and 0, the default: any node will do in the end */
#define MODE_LOCAL     4

static bool confines(int mode)
{
	mode &= ~MODE_FLAGS;
	return mode > MODE_PREFERRED && mode != MODE_LOCAL;
}

static long replace_untouched(const long *unused)
{
	(void)unused;
	untouched_replace_all();
	return 0;
}

long call_set_mempolicy(int mode, const unsigned long *nodes, unsigned long bits)
{
	long done;

	if (confines(mode) && first_touch_is_known())
		lock_run(replace_untouched, NULL, &done);
	return answer(sys_pass(SYS_set_mempolicy, mode, nodes, (long)bits));
}

long call_mbind(void *address, size_t bytes, int mode, const unsigned long *nodes,
		unsigned long bits, unsigned int flags)
{
	const long more[4] = {mode, (long)nodes, (long)bits, flags};

	return answer(on_parts(SYS_mbind, (uintptr_t)address, bytes, more));
}

long call_on_parts(long number, void *address, size_t bytes, long c, long d)
{
	const long more[4] = {c, d, 0, 0};

	return answer(on_parts(number, (uintptr_t)address, bytes, more));
}
