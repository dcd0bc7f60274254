/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exchanging hugetlb pages for base pages: see exchange.h.
 */
#include <errno.h>
#include <sys/resource.h>

#include "base/sys.h"
#include "pages/first_touch.h"
#include "pages/move.h"
#include "pages/sparse.h"
#include "region/exact.h"
#include "region/exchange.h"
#include "region/helper.h"
#include "region/mempolicy.h"

/* If at least one of FULL_SHARE base pages has content, the page is worth a huge page; estimated
 * from a sample. */
#define FULL_SHARE   2
#define SAMPLE_SHARE 8

struct job {
	struct exact exact; /* first: see exact.h */
	struct exchange wanted;
	size_t done;
};

_Static_assert(sizeof(struct job) <= HELPER_ARGUMENT_BYTES, "it fits");

/* Maps memory without access at a multiple of the huge page or, if that is not possible,
 * anywhere. */
static long map_anywhere(const struct exchange *wanted)
{
	long at = sys_mmap_aligned(wanted->page_bytes, wanted->page_bytes, PROT_NONE);

	if (!SYS_IS_ERROR(at))
		return at;
	return sys_mmap(0, wanted->page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* The helper is a process with its own limits: raises its limit of address space for this
 * moment. */
static long raise_address_limit(void)
{
	uint64_t limit[2];
	long failed = sys_call(SYS_prlimit64, 0, RLIMIT_AS, 0, limit);

	if (failed || limit[0] == UINT64_MAX)
		return -ENOMEM;
	limit[0] = UINT64_MAX;
	if (limit[1] != UINT64_MAX) {
		const uint64_t none[2] = {UINT64_MAX, UINT64_MAX};

		if (!sys_call(SYS_prlimit64, 0, RLIMIT_AS, none))
			return 0;
		limit[0] = limit[1];
	}
	return sys_call(SYS_prlimit64, 0, RLIMIT_AS, limit);
}

/* Maps readable and writable memory for one page's content. Returns the address or -errno. */
static long map_aside(const struct job *job)
{
	const struct exchange *wanted = &job->wanted;
	long at = map_anywhere(wanted), failed;

	if (at == -ENOMEM && job->exact.in_task && !raise_address_limit())
		at = map_anywhere(wanted);
	if (SYS_IS_ERROR(at))
		return at;
	/* The kernel accounts for the memory here. */
	failed = sys_mprotect((uintptr_t)at, wanted->page_bytes, PROT_READ | PROT_WRITE);
	if (!failed)
		return at;
	sys_munmap((uintptr_t)at, wanted->page_bytes);
	return failed;
}

static bool has_much_content(const struct exchange *wanted, uintptr_t page)
{
	const size_t step = wanted->base_bytes * SAMPLE_SHARE;
	const size_t enough = wanted->page_bytes / step / FULL_SHARE;
	size_t full = 0;

	for (uintptr_t at = page; at < page + wanted->page_bytes && full < enough; at += step)
		full += !sparse_is_zero(at, wanted->base_bytes);
	return full >= enough;
}

/*
 * If even /proc is missing, the page is made readable while it is copied, also for threads that
 * should not read it.
 */
static int copy_made_readable(const struct exchange *wanted, uintptr_t to, uintptr_t from)
{
	int failed = sys_mprotect_key(from, wanted->page_bytes, wanted->rights | PROT_READ,
				      wanted->key, 0);

	if (failed)
		return failed;
	sparse_copy(to, from, wanted->page_bytes, wanted->base_bytes);
	sys_mprotect_key(from, wanted->page_bytes, wanted->rights, wanted->key, wanted->key);
	return 0;
}

/* Copies the content of the page at `from`, its protection and its advice. Returns 0 or -errno. */
static int fill(const struct exchange *wanted, uintptr_t to, uintptr_t from)
{
	const bool readable = wanted->rights & PROT_READ && !wanted->key;
	const bool empty = wanted->untouched && first_touch_awaited(from);
	const bool full =
		!wanted->sparse && (empty || (readable && has_much_content(wanted, from)));
	int failed = 0;

	if (wanted->thp)
		sys_madvise(to, wanted->page_bytes, full ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (!empty && readable)
		sparse_copy(to, from, wanted->page_bytes, wanted->base_bytes);
	else if (!empty && sparse_copy_unreadable(to, from, wanted->page_bytes))
		failed = copy_made_readable(wanted, to, from);
	if (wanted->thp && !full && !wanted->sparse)
		sys_madvise(to, wanted->page_bytes, MADV_HUGEPAGE);
	if (!failed && (wanted->rights != (PROT_READ | PROT_WRITE) || wanted->key))
		failed = sys_mprotect_key(to, wanted->page_bytes, wanted->rights, wanted->key,
					  wanted->key);
	return failed;
}

/* -ENOTSUP: writers cannot be kept out by this means. */
static int exchange_page(struct job *job, uintptr_t address)
{
	const struct exchange *wanted = &job->wanted;
	struct mempolicy policy;
	long aside = map_aside(job);
	int failed;

	if (SYS_IS_ERROR(aside))
		return (int)aside;
	mempolicy_read(address, &policy);
	mempolicy_apply(&policy, (uintptr_t)aside, wanted->page_bytes);
	failed = exact_begin(&job->exact, address, wanted->page_bytes);
	if (failed) {
		sys_munmap((uintptr_t)aside, wanted->page_bytes);
		return failed;
	}
	failed = fill(wanted, (uintptr_t)aside, address);
	if (!failed)
		failed = move_over((uintptr_t)aside, wanted->page_bytes, address, wanted->rights,
				   wanted->key);
	exact_end(&job->exact, address, wanted->page_bytes, failed >= 0);
	if (failed)
		sys_munmap((uintptr_t)aside, wanted->page_bytes);
	return failed < 0 ? failed : 0;
}

static int exchange_all(struct exact *exact)
{
	struct job *job = (struct job *)exact;
	int failed = 0;

	while (!failed && job->done < job->wanted.bytes) {
		failed = exchange_page(job, job->wanted.address + job->done);
		if (!failed)
			job->done += job->wanted.page_bytes;
	}
	return failed == -ENOTSUP || !failed ? failed : -ENOMEM;
}

int exchange_pages(const struct exchange *exchange, size_t *done)
{
	struct job *job = (struct job *)exact_prepare(exchange->rights & PROT_WRITE);
	int failed;

	*done = 0;
	if (!job)
		return -ENOMEM;
	job->exact.work = exchange_all;
	job->wanted = *exchange;
	job->done = 0;
	failed = exact_run(&job->exact);
	*done = job->done;
	return failed;
}
