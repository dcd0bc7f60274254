/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A read of io_uring ends while the one thread of the process protects another part of the huge
 * page that it reads into: what was read is there. The kernel completes such a read in the thread
 * that has submitted it, also between two instructions of a split, whatever signals are blocked.
 */
#include "torture_ring.h"

int main(void)
{
	const char *missing;
	uint64_t random = 1;
	char *block;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED, "%m");
	missing = make_ring();
	if (missing)
		SKIP("%s", missing);
	for (int round = 0; round < 20; round++) {
		block = need(malloc(BYTES + HUGE));
		shared->memory = block + (-(uintptr_t)block & (HUGE - 1));
		memset(shared->memory, 0, BYTES);
		memset(shared->shadow, 0, BYTES);
		for (size_t page = 0; page < PAGES; page++) {
			begin_ring_read(page * HUGE_PARTS, &random);
			CHECK(mprotect(shared->memory + page * HUGE, BASE, PROT_READ) == 0, "%m");
			end_ring_read();
			CHECK(mprotect(shared->memory + page * HUGE, BASE,
				       PROT_READ | PROT_WRITE) == 0,
			      "%m");
		}
		free(block);
	}
	end_ring();
	puts("ok");
	return 0;
}
