/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes every free page of the pool of 2M pages and returns them, until it is ended. */
#include <sys/mman.h>

#include "pool.h"

int main(void)
{
	for (;;) {
		long pages = pool_free_pages();
		size_t bytes = (size_t)pages * 2 * MEGABYTE;
		void *taken;

		if (pages <= 0)
			continue;
		taken = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (taken == MAP_FAILED)
			continue;
		usleep(2000);
		munmap(taken, bytes);
		usleep(2000);
	}
}
