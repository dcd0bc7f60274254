/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small mappings that share huge pages use little more memory than the program uses. Forty
 * mappings of each size below a huge page.
 */
#include "heap_share.h"

#define COUNT    40
#define SMALLEST ((size_t)256 << 10)
#define STEP     ((size_t)60 << 10)
#define SPARE_KB (8 * 1024)

static unsigned long in_memory_kb(void)
{
	return heap_share_of("/proc/self/smaps").total_kb;
}

int main(void)
{
	char *mapping[COUNT];

	for (size_t bytes = SMALLEST; bytes < 2 * MEGABYTE; bytes += STEP) {
		unsigned long before_kb = in_memory_kb(), used_kb = bytes / 1024 * COUNT, now_kb;

		for (uint64_t i = 0; i < COUNT; i++) {
			mapping[i] = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			CHECK(mapping[i] != MAP_FAILED, "no memory");
			fill_pattern(mapping[i], bytes, i);
		}
		now_kb = in_memory_kb() - before_kb;
		CHECK(now_kb < used_kb / 3 * 4 + SPARE_KB,
		      "%d mappings of %zu kB: %lu kB are in memory", COUNT, bytes / 1024, now_kb);
		for (uint64_t i = 0; i < COUNT; i++) {
			check_pattern(mapping[i], bytes, i);
			CHECK(munmap(mapping[i], bytes) == 0, "unmap");
		}
	}
	return 0;
}
