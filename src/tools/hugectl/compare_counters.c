/*
 * The CPU's counters, by perf_event_open(2): cycles, misses of both TLBs, and the cycles of page
 * walks, which are known on CPUs of Intel since Haswell only. Missing ones are left out.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/hugectl/compare.h"

#define CACHE_READ_MISS(cache) \
	((cache) | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

/* DTLB_LOAD_MISSES.WALK_DURATION, later WALK_PENDING. */
#define INTEL_WALKS 0x1008

struct counter {
	unsigned int type;
	unsigned long long config;
};

/* Event numbers have their meaning since the generation that brought AVX2. */
static bool counts_walks(void)
{
	char text[8192];
	const bool read = sys_read_file("/proc/cpuinfo", text, sizeof(text)) > 0;

	return read && strstr(text, "GenuineIntel") && strstr(text, " avx2");
}

static struct counter counter_of(int number)
{
	switch (number + MEASURE_FIRST_COUNTER) {
	case MEASURE_CYCLES:
		return (struct counter){PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES};
	case MEASURE_DTLB:
		return (struct counter){PERF_TYPE_HW_CACHE,
					CACHE_READ_MISS(PERF_COUNT_HW_CACHE_DTLB)};
	case MEASURE_ITLB:
		return (struct counter){PERF_TYPE_HW_CACHE,
					CACHE_READ_MISS(PERF_COUNT_HW_CACHE_ITLB)};
	default:
		return (struct counter){PERF_TYPE_RAW, INTEL_WALKS};
	}
}

void counters_open(pid_t pid, int *descriptors)
{
	for (int i = 0; i < COUNTERS; i++) {
		const struct counter counter = counter_of(i);
		struct perf_event_attr attributes = {
			.size = sizeof(attributes),
			.type = counter.type,
			.config = counter.config,
			.read_format =
				PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
			.disabled = 1,
			.inherit = 1,
			.enable_on_exec = 1,
			.exclude_kernel = 1,
			.exclude_hv = 1,
		};

		descriptors[i] = -1;
		if (counter.type == PERF_TYPE_RAW && !counts_walks())
			continue;
		descriptors[i] = (int)syscall(SYS_perf_event_open, &attributes, pid, -1, -1,
					      PERF_FLAG_FD_CLOEXEC);
	}
}

/* A counter that shared the CPU's with others is scaled up by the share of time that it had. */
void counters_read(const int *descriptors, struct run *run)
{
	for (int i = 0; i < COUNTERS; i++) {
		uint64_t words[3]; /* the count, nanoseconds enabled, and running */

		if (descriptors[i] < 0)
			continue;
		if (read(descriptors[i], words, sizeof(words)) == sizeof(words) && words[2]) {
			run->values[MEASURE_FIRST_COUNTER + i] =
				(double)words[0] * (double)words[1] / (double)words[2];
			run->known |= 1u << (MEASURE_FIRST_COUNTER + i);
		}
		close(descriptors[i]);
	}
}
