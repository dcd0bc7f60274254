/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves from hugetlb pages to transparent huge pages: see transparent.h.
 */
#include "base/log.h"
#include "pages/source.h"
#include "region/exact.h"
#include "region/lock.h"
#include "region/registry.h"
#include "region/split.h"
#include "region/transparent.h"

static long split_all(const long *unused)
{
	/* no call of the program fails for it */
	const struct split how = {.all = true, .silent = true};
	long failed = 0;

	(void)unused;
	source_without_hugetlb = true;
	for (struct region *region = registry_first(); region; region = registry_next(region))
		if (!region->text && !region->may_go && region->high > region->start)
			failed |= split_range(region, region->start, region->high, &how);
	return failed;
}

void transparent_from_now(void)
{
	long failed;

	if (lock_run(split_all, NULL, &failed) && failed)
		log_warning_once(LOG_STAYS_HUGE,
				 "some memory stays on hugetlb pages: they cannot be split now");
}

static void leave_inexact(void)
{
	log_info("HUGETLB_EXACT: this process may not use userfaultfd or ptrace, and has threads; "
		 "moving to transparent huge pages");
	transparent_from_now();
}

void transparent_if_inexact(bool thread_begins)
{
	if (exact_is_lost(thread_begins))
		leave_inexact();
}

void transparent_if_given_up(void)
{
	if (exact_is_given_up())
		leave_inexact();
}
