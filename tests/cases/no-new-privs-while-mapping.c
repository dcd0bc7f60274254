/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program can set PR_SET_NO_NEW_PRIVS, as seccomp needs, while its threads map and unmap. The
 * library's record of the mappings changes at every moment.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "test.h"

enum { THREADS = 4, TURNS = 20000 };

static volatile int ended;

/* Address space without access, a part of which is opened: it is watched as long as it exists. */
static void *map_and_unmap(void *argument)
{
	while (!ended) {
		size_t bytes = (4 + (uintptr_t)argument) * 2 * MEGABYTE;
		char *reserved = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		CHECK(reserved != MAP_FAILED, "%m");
		CHECK(munmap(reserved + bytes / 2, bytes / 4) == 0, "%m");
		CHECK(munmap(reserved, bytes) == 0, "%m");
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, map_and_unmap, (void *)i) == 0,
		      "no thread");
	for (int i = 0; i < TURNS; i++)
		CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "%m");
	ended = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	puts("locked in");
	return 0;
}
