/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Four threads call realloc with random sizes from bytes to megabytes, and the content is kept. */
#include "heap_share.h"

static void *run(void *argument)
{
	uint64_t random = (uintptr_t)argument;
	size_t bytes[16] = {0};
	void *block[16] = {NULL};

	for (int turn = 0; turn < 4000; turn++) {
		int i = (int)(next_random(&random) % 16);
		size_t limit = (size_t)1 << (4 + next_random(&random) % 19);
		size_t wanted = 8 + next_random(&random) % limit;

		block[i] = need(realloc(block[i], wanted));
		check_offsets(block[i], wanted < bytes[i] ? wanted : bytes[i]);
		if (wanted > bytes[i])
			fill_offsets(block[i], bytes[i] & ~(size_t)7, wanted);
		bytes[i] = wanted;
	}
	for (int i = 0; i < 16; i++) {
		check_offsets(block[i], bytes[i]);
		free(block[i]);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[4];

	for (uintptr_t i = 0; i < 4; i++)
		thread[i] = start_thread(run, (void *)(i + 1));
	run((void *)5);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
