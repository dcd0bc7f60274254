/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints where the heap, a thread's arena and a mapping of 4M lie, one line. */
#include <pthread.h>
#include <sys/mman.h>

#include "test.h"

static void *arena_block(void *unused)
{
	(void)unused;
	return need(malloc(100000));
}

int main(void)
{
	pthread_t thread;
	void *block = NULL;
	void *mapped = mmap(NULL, (size_t)4 << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(mapped != MAP_FAILED, "no mapping");
	CHECK(!pthread_create(&thread, NULL, arena_block, NULL), "no thread");
	CHECK(!pthread_join(thread, &block), "no join");
	printf("%p %p %p\n", need(malloc(100)), block, mapped);
	return 0;
}
