/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints where the heap, a thread's arena, a mapping of 4M, text and data lie, one line. With LARGE
 * text and data fill huge pages.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "test.h"

#ifdef LARGE
static volatile char data[6 << 20] = {1};
__asm__(".pushsection .text\n.balign 0x200000\n.skip 0x400000, 0x90\n.popsection");
#else
static volatile char data[1] = {1};
#endif

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
	printf("%p %p %p %p %p\n", need(malloc(100)), block, mapped, (void *)(uintptr_t)main,
	       (void *)(uintptr_t)data);
	return 0;
}
