/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CPU's counters, by perf_event_open(2): cycles, misses of both TLBs, and the cycles of page
 * walks, which are known only for Intel CPUs since Haswell. Missing ones are left out.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/common/counters.h"

#define CACHE_READ_MISS(cache) \
	((cache) | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

/* DTLB_LOAD_MISSES.WALK_DURATION, later WALK_PENDING. */
#define INTEL_WALKS 0x1008

struct counter {
	unsigned int type;
	unsigned long long config;
};

/* The event numbers have this meaning since the generation that introduced AVX2. */
static bool counts_walks(void)
{
	char text[8192];
	const bool read = sys_read_file("/proc/cpuinfo", text, sizeof(text)) > 0;

	return read && strstr(text, "GenuineIntel") && strstr(text, " avx2");
}

static struct counter counter_of(int number)
{
	switch (number) {
	case COUNTER_CYCLES:
		return (struct counter){PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES};
	case COUNTER_DTLB:
		return (struct counter){PERF_TYPE_HW_CACHE,
					CACHE_READ_MISS(PERF_COUNT_HW_CACHE_DTLB)};
	case COUNTER_ITLB:
		return (struct counter){PERF_TYPE_HW_CACHE,
					CACHE_READ_MISS(PERF_COUNT_HW_CACHE_ITLB)};
	default:
		return (struct counter){PERF_TYPE_RAW, INTEL_WALKS};
	}
}

void counters_open(struct counters *counters, pid_t pid, bool from_exec)
{
	for (int i = 0; i < COUNTERS; i++) {
		const struct counter counter = counter_of(i);
		struct perf_event_attr attributes = {
			.size = sizeof(attributes),
			.type = counter.type,
			.config = counter.config,
			.read_format =
				PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
			.disabled = from_exec,
			.inherit = 1,
			.enable_on_exec = from_exec,
			.exclude_kernel = 1,
			.exclude_hv = 1,
		};

		counters->descriptors[i] = -1;
		if (counter.type == PERF_TYPE_RAW && !counts_walks())
			continue;
		counters->descriptors[i] = (int)syscall(SYS_perf_event_open, &attributes, pid, -1,
							-1, PERF_FLAG_FD_CLOEXEC);
	}
}

/* A counter that was multiplexed is scaled up by the share of time for which it ran. */
bool counters_read(const struct counters *counters, enum counter_name name, double *value)
{
	uint64_t words[3]; /* the count, nanoseconds enabled, and running */
	const int fd = counters->descriptors[name];

	*value = 0;
	if (fd < 0 || read(fd, words, sizeof(words)) != sizeof(words) || !words[2])
		return false;
	*value = (double)words[0] * (double)words[1] / (double)words[2];
	return true;
}

void counters_close(struct counters *counters)
{
	for (int i = 0; i < COUNTERS; i++)
		if (counters->descriptors[i] >= 0)
			close(counters->descriptors[i]);
}
