/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mmap as the last thing that a thread's start function does: its return address lies in libc, but
 * the memory is the program's.
 */
#include <sys/mman.h>
#include "heap_share.h"

#define BYTES (64 * MEGABYTE)

/* clang has no such attribute, and makes the call a tail call when it optimizes at all */
#ifdef __clang__
#define TAIL_CALLS
#else
#define TAIL_CALLS __attribute__((optimize("optimize-sibling-calls")))
#endif

static TAIL_CALLS void *reserve(void *bytes)
{
	return mmap(NULL, (size_t)bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
}

int main(void)
{
	unsigned char resident;
	void *memory;

	pthread_join(start_thread(reserve, (void *)BYTES), &memory);
	CHECK(memory != MAP_FAILED, "mmap");
	CHECK(mprotect(memory, MEGABYTE, PROT_READ | PROT_WRITE) == 0, "%m");
	memset(memory, 1, MEGABYTE);
	CHECK(mincore((char *)memory + BYTES / 2, 4096, &resident) == 0, "%m");
	CHECK(munmap(memory, BYTES) == 0, "%m");
	CHECK(mincore(memory, 4096, &resident) == -1, "it is still there");
	puts("ok");
	return 0;
}
