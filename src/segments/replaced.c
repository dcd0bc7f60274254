/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranges of segments that are on huge pages: see replaced.h.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "calls/fork.h"
#include "calls/start.h"
#include "calls/state.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/registry.h"
#include "region/split.h"
#include "segments/replaced.h"

/* The hooks in libc. */
static struct {
	bool tried, installed;
	bool too_late; /* threads ran before there was anything to hook them for */
} hooks;

bool replaced_hook(const struct options *options, const char *name, bool warn)
{
	if (!hooks.tried)
		hooks.installed = !calls_start(options, false, name,
					       warn ? "no hugetlb pages are taken for it" : NULL);
	hooks.tried = true;
	return hooks.installed;
}

bool replaced_is_hooked(void)
{
	return hooks.installed;
}

void replaced_unhook(void)
{
	if (hooks.installed)
		calls_stop();
	hooks.tried = hooks.installed = false;
}

void replaced_hook_early(const struct options *options, bool warn)
{
	if (hooks.tried || options->backing == BACKING_FILE)
		return;
	hooks.too_late = !sys_is_only_task();
	if (!hooks.too_late)
		replaced_hook(options, "text", warn);
}

bool replaced_hook_is_decided(void)
{
	return hooks.tried || hooks.too_late;
}

/* An entry without a range is free. Under the lock. */
static struct region taken[REPLACED_MAX];

static bool is_taken(const struct region *region)
{
	return region >= taken && region < taken + REPLACED_MAX;
}

static int add_range(uintptr_t start, uintptr_t end, struct source *source, int rights, bool text,
		     bool running)
{
	struct region *region = taken;
	int failed;

	while (region < taken + REPLACED_MAX && region->start)
		region++;
	if (region == taken + REPLACED_MAX)
		return -ENOSPC;
	failed = region_make_aside(region, start, end, source);
	if (!failed)
		failed = registry_add(region);
	if (failed) {
		region_drop(region);
		return failed;
	}
	region->running = running;
	region->data = !text && rights & PROT_WRITE;
	region->by_program = true;
	region->text = text;
	region->may_go = !process_single_threaded();
	region->name = text ? "text" : "data";
	region_adopt_huge(region, start, end);
	page_state_protected(region, start, end, rights, 0);
	return 0;
}

static int take_range(uintptr_t start, uintptr_t end, struct source *source, int rights, bool text,
		      bool running)
{
	int failed;

	if (end <= start || (start | end) & (source->page_bytes - 1))
		return -EINVAL;
	if (!lock_take())
		return -EBUSY;
	failed = add_range(start, end, source, rights, text, running);
	lock_release();
	return failed;
}

int replaced_add_data(uintptr_t start, uintptr_t end, struct source *source, int rights,
		      bool running)
{
	/* what the linker has made read-only is shared, as text is */
	return take_range(start, end, source, rights, false, running || !(rights & PROT_WRITE));
}

int replaced_add_text(uintptr_t start, uintptr_t end, struct source *source, int rights)
{
	return take_range(start, end, source, rights, true, true);
}

void replaced_settle(uintptr_t start)
{
	struct region *region;

	if (!lock_take())
		return;
	region = registry_at(start);
	if (region && is_taken(region))
		region->may_go = false;
	lock_release();
}

bool replaced_nth(size_t n, uintptr_t *start, uintptr_t *end)
{
	*start = taken[n].start;
	*end = taken[n].limit;
	return *start;
}

void replaced_doubt(size_t n, bool may_go)
{
	const struct split how = {.all = true, .silent = true};
	struct region *region = &taken[n];

	if (!lock_take())
		return;
	if (region->start) {
		if (may_go && region->data && fork_happened && libc_calls.fork != FORK_COW &&
		    !process_single_threaded())
			split_range(region, region->start, region->high, &how);
		region->may_go = may_go;
	}
	lock_release();
}

/* [start, end) lies in the region. */
static void forget_part(struct region *region, uintptr_t start, uintptr_t end)
{
	if (start == region->start && end == region->limit) {
		registry_remove(region);
		region_drop(region);
		return;
	}
	page_state_replaced(region, start, end);
}

void replaced_forget(uintptr_t start, uintptr_t end)
{
	struct region_part part;

	if (!lock_take())
		return;
	while (registry_part(&start, end, &part))
		if (is_taken(part.region))
			forget_part(part.region, part.from, part.to);
	lock_release();
}
