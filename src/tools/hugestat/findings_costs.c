/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notes on what makes huge pages less effective, or wastes memory: see findings.h.
 */
#include <stdio.h>

#include "tools/hugestat/findings.h"

#define DAY_SECONDS 86400

/* The share of time, in percent, that tasks waited for memory, which is worth a note. */
#define PRESSURE_WORTH 5

/* Fewer direct compactions than this do not matter, over any time. */
#define STALLS_WORTH 1000

static void check_multihit(const struct system *system, struct findings *findings)
{
	if (system->splits_for_kvm)
		findings_add(
			findings, "itlb-multihit", false,
			"KVM splits the executable huge pages of virtual machines (mitigation of "
			"iTLB multihit), so text on huge pages has no effect in them; if you "
			"trust your guests, see the module parameter kvm.nx_huge_pages");
}

static void check_compaction(const struct system *system, struct findings *findings)
{
	const struct system_stalls *stalls = &system->stalls;
	struct finding *finding;

	if (stalls->compact_stall < STALLS_WORTH || stalls->compact_fail < stalls->compact_success)
		return;
	finding =
		findings_add(findings, "compaction-fails", false,
			     "memory is fragmented: of %llu direct compactions since boot, for which "
			     "programs waited, %llu failed",
			     stalls->compact_stall, stalls->compact_fail);
	COMMAND(finding, "echo 1 >/proc/sys/vm/compact_memory");
}

static void check_pressure(const struct system *system, struct findings *findings)
{
	if (system->stalls.pressure >= PRESSURE_WORTH)
		findings_add(findings, "memory-pressure", false,
			     "programs waited for memory during %.0f %% of the last 5 minutes "
			     "(/proc/pressure/memory): huge pages are hard to allocate now",
			     system->stalls.pressure);
}

/* Pages that were not used since boot are memory that nothing else can use. */
static void check_idle_pools(const struct system *system, struct findings *findings)
{
	for (int i = 0; i < system->sizes.huge_count; i++) {
		const struct system_pool *pool = &system->pools[i];
		struct finding *finding;
		char size[24];

		if (!pool->readable || !pool->pool.total || pool->pool.reserved ||
		    pool->pool.available != pool->pool.total || pool->used_since_boot > 0 ||
		    system->stalls.uptime_seconds < DAY_SECONDS)
			continue;
		finding = findings_add(
			findings, "pool-idle", false,
			"nobody uses the %lu pages of %zu kB of the pool%s: other programs "
			"cannot use these %lu MB",
			pool->pool.total, pool->page_bytes >> 10,
			pool->used_since_boot ? "" : ", and nobody did since boot",
			(unsigned long)(pool->pool.total * (pool->page_bytes >> 10) >> 10));
		COMMAND(finding, "hugeadm --pool-pages-min %s:0",
			system_size_name(pool->page_bytes, size, sizeof(size)));
	}
}

void findings_collect_costs(const struct system *system, struct findings *findings)
{
	check_multihit(system, findings);
	check_compaction(system, findings);
	check_pressure(system, findings);
	check_idle_pools(system, findings);
}
