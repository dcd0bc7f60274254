/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture-threads.c: calls on one base page inside a huge page.
 */
#ifndef TORTURE_PARTIAL_H
#define TORTURE_PARTIAL_H

#include "torture_shadow.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#endif

/* Where nothing can keep others from writing: the call has changed nothing then. */
static bool may_be_refused;

/* False: it was refused, as it may be. */
static bool succeeds_as(int result, const char *call)
{
	CHECK(!result || (may_be_refused && errno == ENOMEM), "%s: %m", call);
	return !result;
}

#define succeeds(result) succeeds_as(result, #result)

static int protect(char *at)
{
	return mprotect(at, BASE, PROT_READ);
}

static int open_again(char *at)
{
	return mprotect(at, BASE, PROT_READ | PROT_WRITE);
}

static int empty(char *at)
{
	return madvise(at, BASE, MADV_DONTNEED);
}

static int do_not_dump(char *at)
{
	return madvise(at, BASE, MADV_DONTDUMP);
}

static int map_over(char *at)
{
	return mmap(at, BASE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) == at
		       ? 0
		       : -1;
}

static int lock_and_unlock(char *at)
{
	return mlock(at, BASE) || munlock(at, BASE) ? -1 : 0;
}

static bool unmap_and_map(char *at)
{
	if (!succeeds(munmap(at, BASE)))
		return false;
	CHECK(mmap(at, BASE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at,
	      "a hole that is not free: %m");
	return true;
}

/* Of a page that is elsewhere for a moment. */
static void move_there_and_back(char *at)
{
	char *away = mmap(NULL, BASE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(away != MAP_FAILED, "%m");
	if (succeeds(mremap(at, BASE, BASE, MREMAP_MAYMOVE | MREMAP_FIXED, away) == away ? 0 : -1))
		CHECK(mremap(away, BASE, BASE, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at, "%m");
	/* when it is refused, what was there may have gone already */
}

/* In a child: reading there would fault. */
static void check_hole(const void *at)
{
	int ends[2];

	CHECK(pipe(ends) == 0, "%m");
	CHECK(write(ends[1], at, 1) == -1 && errno == EFAULT, "a child has what it should not");
}

/* In a child. */
static void check_zeroes(const void *at)
{
	check_zero(at, BASE);
}

#endif
