/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread protects a part of the huge page in which its own rseq area lies, and the kernel writes
 * to that area meanwhile, whatever signals are blocked: the call ends. Another thread has it
 * written again and again, by membarrier.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include "heap_share.h"

#define MEMBARRIER_EXPEDITED_RSEQ          (1 << 7)
#define MEMBARRIER_REGISTER_EXPEDITED_RSEQ (1 << 8)

#define HUGE        (2 * MEGABYTE)
#define PAGE        ((size_t)4096)
#define THREADS     20
#define STACK_BYTES ((size_t)256 << 10)
#define AREA_BYTES  32

static volatile bool running, ended;

/* In the thread's descriptor, on its stack; where libc registers none, on that stack. */
static void *protect_own(void *page)
{
	_Alignas(AREA_BYTES) unsigned char area[AREA_BYTES] = {0};
	const bool mine = !syscall(SYS_rseq, area, AREA_BYTES, 0, 0x53053053);

	running = true;
	CHECK(mprotect((char *)page + MEGABYTE, PAGE, PROT_READ) == 0, "%m");
	CHECK(mprotect((char *)page + MEGABYTE, PAGE, PROT_READ | PROT_WRITE) == 0, "%m");
	if (mine)
		syscall(SYS_rseq, area, AREA_BYTES, 1, 0x53053053);
	ended = true;
	return NULL;
}

int main(void)
{
	char *block = need(malloc((THREADS + 1) * HUGE));
	char *first = block + (-(uintptr_t)block & (HUGE - 1));
	pthread_attr_t attributes;
	pthread_t thread;

	if (syscall(SYS_membarrier, MEMBARRIER_REGISTER_EXPEDITED_RSEQ, 0, 0) != 0)
		SKIP("the kernel has no membarrier for rseq");
	memset(block, 1, (THREADS + 1) * HUGE);
	alarm(60);
	pthread_attr_init(&attributes);
	for (size_t i = 0; i < THREADS; i++) {
		running = ended = false;
		CHECK(pthread_attr_setstack(&attributes, first + i * HUGE + PAGE, STACK_BYTES) == 0,
		      "stack");
		CHECK(pthread_create(&thread, &attributes, protect_own, first + i * HUGE) == 0,
		      "thread");
		while (!running)
			sched_yield();
		while (!ended)
			CHECK(syscall(SYS_membarrier, MEMBARRIER_EXPEDITED_RSEQ, 0, 0) == 0, "%m");
		pthread_join(thread, NULL);
	}
	puts("ok");
	return 0;
}
