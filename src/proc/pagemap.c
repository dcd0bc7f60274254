/*
 * Reading back: see readback.h.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "base/sys.h"
#include "proc/pagemap.h"
#include "proc/smaps.h"

/* The kernel's <linux/fs.h> of 6.7 and later: PAGEMAP_SCAN. */
struct scan {
	uint64_t size, flags, start, end, walk_end, vector, vector_count, pages_max;
	uint64_t inverted, mask, any_of, returned;
};

struct scanned {
	uint64_t start, end, categories;
};

#define SCAN_PRESENT      (1u << 3)
#define SCAN_HUGE         (1u << 6)
#define SCAN_REQUEST      0xc0606610 /* _IOWR('f', 16, struct scan) */
#define SCAN_VECTOR_COUNT 32

_Static_assert(sizeof(struct scan) == 0x60, "as the request says");

/* Returns 0 and *bytes, or -errno: an older kernel. */
static long scan(long fd, uintptr_t start, uintptr_t end, size_t *bytes)
{
	struct scanned vector[SCAN_VECTOR_COUNT];
	long result = 0;

	*bytes = 0;
	if (SYS_IS_ERROR(fd))
		return fd;
	while (start < end) {
		struct scan request = {.size = sizeof(request),
				       .start = start,
				       .end = end,
				       .vector = (uintptr_t)vector,
				       .vector_count = SCAN_VECTOR_COUNT,
				       .mask = SCAN_HUGE | SCAN_PRESENT,
				       .returned = SCAN_HUGE};

		result = sys_ioctl((int)fd, SCAN_REQUEST, &request);
		if (SYS_IS_ERROR(result) || request.walk_end <= start)
			break;
		for (long i = 0; i < result; i++)
			*bytes += (size_t)(vector[i].end - vector[i].start);
		start = (uintptr_t)request.walk_end;
	}
	return SYS_IS_ERROR(result) ? result : 0;
}

/* A mapping's figures are for all of it: of one that is not all huge, a part counts for its share.
 */
static size_t read_smaps(uintptr_t start, uintptr_t end)
{
	struct smaps_mapping mapping;
	struct smaps smaps;
	uint64_t bytes = 0;

	if (smaps_open(&smaps, "/proc/self/smaps"))
		return 0;
	while (smaps_next(&smaps, &mapping)) {
		uint64_t from = mapping.start > start ? mapping.start : start;
		uint64_t to = mapping.end < end ? mapping.end : end, huge;

		if (from >= to)
			continue;
		huge = ((uint64_t)smaps_hugetlb_kb(&mapping) + mapping.value[SMAPS_ANON_HUGE] +
			mapping.value[SMAPS_SHMEM_PMD] + mapping.value[SMAPS_FILE_PMD])
		       << 10;
		bytes += huge * ((to - from) >> 10) / ((mapping.end - mapping.start) >> 10);
	}
	smaps_close(&smaps);
	return (size_t)bytes;
}

void pagemap_open(struct pagemap *readback)
{
	readback->fd = sys_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
}

size_t pagemap_bytes(const struct pagemap *readback, uintptr_t start, uintptr_t end)
{
	size_t bytes;

	return scan(readback->fd, start, end, &bytes) ? read_smaps(start, end) : bytes;
}

void pagemap_close(const struct pagemap *readback)
{
	if (!SYS_IS_ERROR(readback->fd))
		sys_close((int)readback->fd);
}

size_t pagemap_huge_bytes(uintptr_t start, uintptr_t end)
{
	struct pagemap readback;
	size_t bytes;

	pagemap_open(&readback);
	bytes = pagemap_bytes(&readback, start, end);
	pagemap_close(&readback);
	return bytes;
}
