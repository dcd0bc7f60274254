/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guard pages work on 64 coroutine stacks of 64K inside malloced memory. */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "heap_share.h"

#define COROUTINES  64
#define STACK_BYTES 65536

static ucontext_t scheduler, coroutine[COROUTINES];
static char *stack[COROUTINES];
static int finished;
static size_t page;
static sigjmp_buf recovered;
static void *volatile fault_address;

static int recurse(int depth)
{
	volatile char room[512];

	memset((char *)room, depth, sizeof(room));
	return depth == 0 ? 0 : recurse(depth - 1) + (room[depth % 512] == (char)depth);
}

static void run(int self)
{
	for (int turn = 0; turn < 10; turn++) {
		CHECK(recurse(60) == 60, "coroutine %d", self);
		swapcontext(&coroutine[self], &scheduler);
	}
	finished++;
	swapcontext(&coroutine[self], &scheduler);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	fault_address = info->si_addr;
	siglongjmp(recovered, 1);
}

static void check_guard(int i)
{
	char *guard = stack[i] + page - 8;

	if (sigsetjmp(recovered, 1) == 0) {
		*(volatile char *)guard = 1;
		CHECK(0, "stack %d has no guard", i);
	}
	CHECK(fault_address == guard, "fault at %p, not %p", fault_address, (void *)guard);
	CHECK(mprotect(stack[i], page, PROT_READ | PROT_WRITE) == 0, "%m");
	*(volatile char *)guard = 1;
}

/* getcontext() may return twice: no variable of a caller can change in between. */
static __attribute__((noinline)) void prepare(const int i)
{
	getcontext(&coroutine[i]);
	coroutine[i].uc_stack.ss_sp = stack[i];
	coroutine[i].uc_stack.ss_size = STACK_BYTES;
	coroutine[i].uc_link = &scheduler;
	makecontext(&coroutine[i], (void (*)(void))run, 1, i);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	page = (size_t)sysconf(_SC_PAGESIZE);
	for (int i = 0; i < COROUTINES; i++) {
		stack[i] = need(aligned_alloc(page, STACK_BYTES));
		CHECK(mprotect(stack[i], page, PROT_NONE) == 0, "%m");
		prepare(i);
	}
	for (int i = 0; i < COROUTINES; i++)
		memset(stack[i] + page, 1, STACK_BYTES - page);
	for (int turn = 0; turn < 11; turn++)
		for (int i = 0; i < COROUTINES; i++)
			swapcontext(&scheduler, &coroutine[i]);
	CHECK(finished == COROUTINES, "%d finished", finished);
	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < COROUTINES; i++)
		check_guard(i);
	for (int i = 0; i < COROUTINES; i++)
		free(stack[i]);
	return 0;
}
