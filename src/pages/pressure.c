/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether others need memory: see pressure.h.
 */
#include <string.h>
#include <time.h>

#include "base/sys.h"
#include "pages/pool.h"
#include "pages/pressure.h"
#include "proc/cgroup.h"

#define PAUSE_NS       ((uint64_t)100000000)
#define PERCENT_DIGITS 2 /* before the point: 10.00 and more */

/* Not on the caller's stack, which may be small; one thread at a time. */
static struct {
	int taken;
	bool high;
	uint64_t read_ns;
	struct cgroup group;
	char text[4096];
} last;

bool pressure_is_high(const char *text)
{
	static const char name[] = "some avg10=";
	const char *number = strstr(text, name);

	return number && strspn(number + sizeof(name) - 1, "0123456789") >= PERCENT_DIGITS;
}

static bool is_high(void)
{
	return sys_read_file("/proc/pressure/memory", last.text, sizeof(last.text)) > 0 &&
	       pressure_is_high(last.text);
}

/* Of version 2; in version 1 groups have no such file. */
static bool is_high_in_group(void)
{
	return sys_read_file("/proc/self/cgroup", last.text, sizeof(last.text)) > 0 &&
	       cgroup_find(&last.group, last.text, "", "/sys/fs/cgroup") &&
	       cgroup_read(&last.group, "memory.pressure", last.text, sizeof(last.text)) > 0 &&
	       pressure_is_high(last.text);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now))
		return 0;
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool pressure_now(size_t page_bytes)
{
	const uint64_t now = now_ns();
	bool high = last.high;

	if (sys_sandboxed || __atomic_exchange_n(&last.taken, 1, __ATOMIC_ACQUIRE))
		return high && !sys_sandboxed;
	if (!last.read_ns || now - last.read_ns >= PAUSE_NS) {
		last.read_ns = now;
		last.high = pool_is_empty(page_bytes) || is_high() || is_high_in_group();
		high = last.high;
	}
	__atomic_store_n(&last.taken, 0, __ATOMIC_RELEASE);
	return high;
}
