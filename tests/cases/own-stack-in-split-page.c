/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A coroutine or a thread whose stack lies in a huge page protects another part of that page.
 *
 *   nested    200 coroutines on malloced stacks with a guard page each; each starts the next one
 *   threads   the same beside another thread
 *   thread    a thread on a stack that the program gave it
 *   sandbox   nested, after the program has installed a filter of system calls
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include "heap_share.h"

#define COROUTINES  200
#define STACK_BYTES 65536
#define PAGE        ((size_t)4096)

static ucontext_t context[COROUTINES + 1];
static int ran;

static void run(int self);

static void start(int next)
{
	char *stack = need(aligned_alloc(PAGE, STACK_BYTES));

	CHECK(mprotect(stack, PAGE, PROT_NONE) == 0, "%m");
	getcontext(&context[next + 1]);
	context[next + 1].uc_stack.ss_sp = stack;
	context[next + 1].uc_stack.ss_size = STACK_BYTES;
	context[next + 1].uc_link = &context[next];
	makecontext(&context[next + 1], (void (*)(void))run, 1, next);
	swapcontext(&context[next], &context[next + 1]);
}

static void run(int self)
{
	volatile char room[2048];

	memset((char *)room, self, sizeof(room));
	ran++;
	if (self + 1 < COROUTINES)
		start(self + 1);
	for (size_t i = 0; i < sizeof(room); i++)
		CHECK(room[i] == (char)self, "the stack of coroutine %d changed", self);
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static char *page;

static void *protect_own(void *unused)
{
	CHECK(mprotect(page + MEGABYTE, PAGE, PROT_READ) == 0, "%m");
	CHECK(mprotect(page + MEGABYTE, PAGE, PROT_READ | PROT_WRITE) == 0, "%m");
	return unused;
}

static void run_on_own_stack(void)
{
	char *block = need(malloc(8 * MEGABYTE));
	pthread_attr_t attributes;
	pthread_t thread;

	page = block + (-(uintptr_t)block & (2 * MEGABYTE - 1));
	pthread_attr_init(&attributes);
	CHECK(pthread_attr_setstack(&attributes, page + PAGE, 256 << 10) == 0, "stack");
	CHECK(pthread_create(&thread, &attributes, protect_own, NULL) == 0, "thread");
	pthread_join(thread, NULL);
}

/* One that allows everything. */
static void install_filter(void)
{
	static struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "%m");
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0, "%m");
}

int main(int count, char **arguments)
{
	alarm(60);
	CHECK(count == 2, "nested|threads|thread|sandbox");
	if (!strcmp(arguments[1], "thread")) {
		run_on_own_stack();
		return 0;
	}
	if (!strcmp(arguments[1], "threads"))
		start_thread(idle, NULL);
	if (!strcmp(arguments[1], "sandbox"))
		install_filter();
	start(0);
	printf("%d coroutines ran\n", ran);
	return 0;
}
