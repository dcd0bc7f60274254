/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --pool-pages-min and --pool-pages-max: the number of persistent pages of a pool, and the number
 * that it may have temporarily.
 *
 * The kernel's result is read back, and reported if it differs from the request. A signal ends the
 * growth between two pages; the pool keeps the pages that it has by then.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hugeadm.h"
#include "tools/common/size_text.h"

#define PROGRESS_STEPS         64
#define HARD_ATTEMPTS          10
#define HARD_VAIN_ATTEMPTS     4 /* in a row that gained no page */
#define HARD_WAIT_MILLISECONDS 300

struct resize {
	const struct request *request;
	size_t page_bytes;
	int node;
	unsigned long asked;
	char path[160];
	char name[64]; /* of the pool, for messages */
	bool obeys_policy;
};

static unsigned long adjusted(unsigned long before, const struct pool_change *change)
{
	unsigned long after;

	switch (change->sign) {
	case '+':
		if (__builtin_add_overflow(before, change->pages, &after) || after > LONG_MAX)
			return LONG_MAX;
		return after;
	case '-':
		return before > change->pages ? before - change->pages : 0;
	}
	return change->pages;
}

static void resize_prepare(struct resize *resize, const struct request *request,
			   const struct pool_change *change)
{
	char size[SIZE_TEXT_BYTES], node[24] = "";

	resize->request = request;
	resize->page_bytes = change->page_bytes;
	resize->node = change->node;
	resize->obeys_policy = change->node == MACHINE && (request->obey_policy || policy_binds());
	pool_path(resize->path, sizeof(resize->path), change->page_bytes, change->node,
		  resize->obeys_policy ? "nr_hugepages_mempolicy" : "nr_hugepages");
	if (change->node != MACHINE)
		snprintf(node, sizeof(node), " on node %d", change->node);
	snprintf(resize->name, sizeof(resize->name), "the pool of %s pages%s",
		 size_text_print(size, change->page_bytes), node);
}

static void print_commands(const struct resize *resize)
{
	char policy[256] = "", command[256];

	snprintf(command, sizeof(command), "echo %lu >%s", resize->asked, resize->path);
	if (resize->obeys_policy)
		policy_command(policy, sizeof(policy));
	if (policy[0])
		printf("%s sh -c '%s'\n", policy, command);
	else
		puts(command);
	if (resize->request->hard)
		printf("for attempt in 1 2 3 4 5 6 7 8 9 10; do [ \"$(cat %s)\" -ge %lu ] && "
		       "break; "
		       "echo 1 >%s; sleep 0.3; %s%s%s%s; done\n",
		       resize->path, resize->asked, PATH_COMPACT, policy,
		       policy[0] ? " sh -c '" : "", command, policy[0] ? "'" : "");
}

static int read_minimum(const struct resize *resize, unsigned long *pages)
{
	struct pool_numbers numbers;
	int result = pool_numbers_read(resize->page_bytes, resize->node, &numbers);

	*pages = result ? 0 : numbers.minimum;
	return result;
}

static void show_progress(const struct resize *resize, unsigned long pages, const char *what)
{
	progress_show(resize->request, "%s: %lu of %lu%s", resize->name, pages, resize->asked,
		      what);
}

/*
 * Both the machine's file and the policy's file take a number for the machine; the latter makes the
 * difference on the policy's nodes. On a terminal the pool grows in steps, to show progress.
 */
static int grow_once(const struct resize *resize, unsigned long *pages)
{
	const unsigned long step =
		progress_is_shown(resize->request) && resize->asked > *pages + PROGRESS_STEPS
			? (resize->asked - *pages) / PROGRESS_STEPS
			: resize->asked;

	for (;;) {
		const unsigned long before = *pages;
		const unsigned long left = resize->asked > before ? resize->asked - before : 0;
		const unsigned long target = left > step ? before + step : resize->asked;
		int result = change_write_number(resize->request, resize->path, target);

		if (!result)
			result = read_minimum(resize, pages);
		if (result)
			return result;
		show_progress(resize, *pages, "");
		if (target == resize->asked || *pages != target || interrupt_signal())
			return 0;
	}
}

/* Has the kernel compact memory, and repeats the growth, as long as that helps. */
static int grow_hard(const struct resize *resize, unsigned long *pages)
{
	int vain = 0;

	for (int attempt = 0; attempt < HARD_ATTEMPTS && vain < HARD_VAIN_ATTEMPTS; attempt++) {
		const unsigned long before = *pages;
		int result;

		if (*pages >= resize->asked || interrupt_signal())
			return 0;
		show_progress(resize, *pages, ", compacting memory");
		result = change_write(resize->request, PATH_COMPACT, "1");
		if (result)
			return result;
		interrupt_wait(HARD_WAIT_MILLISECONDS);
		if (interrupt_signal())
			return 0;
		result = grow_once(resize, pages);
		if (result)
			return result;
		vain = *pages > before ? 0 : vain + 1;
	}
	return 0;
}

static void pretend_pages(const struct resize *resize, int node, unsigned long pages)
{
	char path[160];

	pool_path(path, sizeof(path), resize->page_bytes, node, "nr_hugepages");
	change_pretend(path, pages);
}

/* The expected numbers; how the kernel distributes pages over nodes is not predictable. */
static void pretend_minimum(const struct resize *resize)
{
	struct pool_numbers machine, pool;

	if (pool_numbers_read(resize->page_bytes, MACHINE, &machine) ||
	    pool_numbers_read(resize->page_bytes, resize->node, &pool))
		return;
	pretend_pages(resize, resize->node, pool.surplus + resize->asked);
	if (resize->node == MACHINE && node_count() == 1)
		pretend_pages(resize, node_next(MACHINE), pool.surplus + resize->asked);
	if (resize->node != MACHINE && machine.current + resize->asked >= pool.minimum)
		pretend_pages(resize, MACHINE, machine.current + resize->asked - pool.minimum);
}

static int set_minimum(const struct resize *resize)
{
	unsigned long pages;
	int result;

	if (resize->request->dry_run) {
		print_commands(resize);
		pretend_minimum(resize);
		return 0;
	}
	result = read_minimum(resize, &pages);
	if (!result && interrupt_signal())
		return -EINTR;
	if (!result)
		result = grow_once(resize, &pages);
	if (!result && resize->request->hard)
		result = grow_hard(resize, &pages);
	progress_end(resize->request);
	if (result)
		return result;
	if (pages != resize->asked)
		return complain(interrupt_signal() ? -EINTR : -ENOMEM,
				"%s%s: asked for %lu, got %lu",
				interrupt_signal() ? "interrupted: " : "", resize->name,
				resize->asked, pages);
	tell(resize->request, "%s: %lu", resize->name, pages);
	return 0;
}

static int set_overcommit(const struct resize *resize, unsigned long asked)
{
	struct pool_numbers numbers;
	char path[160];
	int result = pool_numbers_read(resize->page_bytes, MACHINE, &numbers);

	if (result || numbers.overcommit == asked)
		return result;
	pool_path(path, sizeof(path), resize->page_bytes, MACHINE, "nr_overcommit_hugepages");
	result = change_write_number(resize->request, path, asked);
	/* after the message that writing is forbidden, the message that nothing changed is
	 * redundant */
	if (resize->request->dry_run || change_is_forbidden(result))
		return result;
	pool_numbers_read(resize->page_bytes, MACHINE, &numbers);
	if (result || numbers.overcommit != asked)
		return complain(result ? result : -EIO, "%s: asked for a maximum of %lu, got %lu",
				resize->name, numbers.minimum + asked, pool_maximum(&numbers));
	return 0;
}

/* Linux before 6.19 refuses overcommit for pages that its page allocator does not have. */
static bool may_be_gigantic(size_t page_bytes)
{
	return page_bytes >> 10 > (size_t)sysconf(_SC_PAGESIZE);
}

/* The maximum stays unchanged, unless the minimum is above it or the kernel cannot overcommit. */
static int keep_maximum(const struct resize *resize, unsigned long maximum)
{
	struct pool_numbers now;
	unsigned long overcommit;
	char path[160];
	int result;

	if (pool_numbers_read(resize->page_bytes, MACHINE, &now))
		return 0;
	overcommit = maximum > now.minimum ? maximum - now.minimum : 0;
	if (overcommit == now.overcommit ||
	    (resize->request->dry_run && !now.overcommit && may_be_gigantic(resize->page_bytes)))
		return 0;
	pool_path(path, sizeof(path), resize->page_bytes, MACHINE, "nr_overcommit_hugepages");
	result = change_try_number(resize->request, path, overcommit);
	return result == -EINVAL ? 0 : result;
}

static int resize_minimum(struct resize *resize, const struct pool_change *change)
{
	struct pool_numbers machine, before;
	int result = pool_numbers_read(resize->page_bytes, MACHINE, &machine);

	if (!result)
		result = pool_numbers_read(resize->page_bytes, resize->node, &before);
	if (result)
		return result;
	resize->asked = adjusted(before.minimum, change);
	result = set_minimum(resize);
	if (change_is_forbidden(result))
		return result;
	return keep_maximum(resize, pool_maximum(&machine)) ?: result;
}

/* A maximum below the minimum lowers the minimum, too. */
static int resize_maximum(struct resize *resize, const struct pool_change *change)
{
	struct pool_numbers before;
	unsigned long asked;
	int result = pool_numbers_read(resize->page_bytes, MACHINE, &before);

	if (result)
		return result;
	asked = adjusted(pool_maximum(&before), change);
	if (asked >= before.minimum)
		return set_overcommit(resize, asked - before.minimum);
	resize->asked = asked;
	result = set_minimum(resize);
	return set_overcommit(resize, 0) ?: result;
}

int pool_resize(const struct request *request, const struct pool_change *change)
{
	struct resize resize = {0};

	resize_prepare(&resize, request, change);
	if (change->rounded)
		warn(request, "%s: %s is not a whole number of pages: rounded down to %lu",
		     resize.name, strrchr(change->text, ':') + 1, change->pages);
	return change->kind == POOL_MINIMUM ? resize_minimum(&resize, change)
					    : resize_maximum(&resize, change);
}
