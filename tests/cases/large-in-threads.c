/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Four threads allocate blocks of 100M, too big for a thread's arena. */
#include "heap_share.h"

static pthread_barrier_t barrier;

static void *run(void *argument)
{
	size_t bytes = 100 * MEGABYTE;
	void *first, *second;

	for (uint64_t round = 0; round < 3; round++) {
		uint64_t seed = round * 8 + (uintptr_t)argument;

		first = need(malloc(bytes));
		fill_pattern(first, bytes, seed);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			heap_share_check();
		pthread_barrier_wait(&barrier);
		if ((uintptr_t)argument == round) {
			second = need(calloc(1, bytes + 12345));
			check_zero(second, bytes + 12345);
			free(second);
		}
		check_pattern(first, bytes, seed);
		free(first);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[4];

	pthread_barrier_init(&barrier, NULL, 4);
	for (uintptr_t i = 0; i < 4; i++)
		thread[i] = start_thread(run, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
