/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fork is right at any moment: while other threads map memory, in a signal handler that
 * interrupts such a call, under a debugger that stops the child, and beside a heap that is too big
 * to be copied; the first argument says which.
 */
#include <sys/ptrace.h>
#include <sys/time.h>
#include "fork_forms.h"

/* Threads map and unmap all the time: no child waits for what one of them held. */
static volatile int stop;

static void *map_until_stop(void *argument)
{
	while (!stop) {
		char *at = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);

		CHECK(at != MAP_FAILED, "%m");
		at[0] = 1;
		munmap(at, 2 * HUGE);
	}
	return argument;
}

static int map_once(void)
{
	char *at = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED, "%m");
	memset(at, 1, 2 * HUGE);
	CHECK(munmap(at, 2 * HUGE) == 0, "%m");
	return 0;
}

/* As a program does that goes around libc. */
static pid_t fork_inline(void)
{
#if defined(__x86_64__)
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_fork) : "rcx", "r11", "memory");
	return (pid_t)result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_clone;
	register long x0 __asm__("x0") = SIGCHLD;
	register long x1 __asm__("x1") = 0;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "x2", "x3", "x4", "memory");
	return (pid_t)x0;
#else
	return fork();
#endif
}

static void inline_beside_threads(void)
{
	pthread_t threads[3];

	alarm(100);
	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&threads[i], NULL, map_until_stop, NULL) == 0, "thread");
	for (int turn = 0; turn < 300; turn++) {
		pid_t child = fork_inline();

		if (child == 0)
			_exit(map_once());
		check_exit(child, FORMS);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

static void beside_threads(void)
{
	pthread_t threads[3];

	alarm(120); /* a child that waits for ever ends the test */
	clone_stack = need(malloc(STACK_BYTES));
	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&threads[i], NULL, map_until_stop, NULL) == 0, "thread");
	for (int turn = 0; turn < 600; turn++) {
		enum form form = (enum form)(turn % FORMS);
		pid_t child = make_child(form, map_once);

		if (child != -1 || errno != ENOSYS)
			check_exit(child, form);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* A signal handler forks, whatever the thread does at that moment. */
static volatile int handler_forks;
static volatile enum form handler_form;

static int check_memory(void)
{
	/* before the loop's first write, or after its last */
	for (size_t i = 8; i < BYTES / 8; i += 512)
		CHECK(((uint64_t *)memory)[i] == pattern_at(&((uint64_t *)memory)[i], seed),
		      "word %zu is wrong in the child", i);
	memset(memory, 0, BYTES);
	return 0;
}

static void on_alarm(int number)
{
	const int error = errno;
	pid_t child;

	(void)number;
	/* fork() itself may wait for malloc's lock here, which the thread holds. */
	handler_form = handler_form == BY_FORK_SIMPLE ? BY_CALL_CLONE : BY_FORK_SIMPLE;
	child = make_child(handler_form, check_memory);
	if (child > 0) {
		check_exit(child, handler_form);
		handler_forks++;
	}
	errno = error;
}

static void in_handlers(void)
{
	const struct itimerval never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	make_memory();
	fill_pattern(memory, BYTES, seed);
	CHECK(sigaction(SIGALRM, &action, NULL) == 0, "%m");
	for (int turn = 0; handler_forks < 60; turn++) {
		const struct itimerval soon = {{0, 0}, {0, 1 + turn * 7 % 60}};
		char *at;

		CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0, "%m");
		at = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
		CHECK(at != MAP_FAILED, "%m");
		CHECK(mprotect(at + 4096, 4096, PROT_READ) == 0, "%m");
		CHECK(munmap(at, 2 * HUGE) == 0, "%m");
		free(need(malloc(300000)));
	}
	setitimer(ITIMER_REAL, &never, NULL);
	check_pattern(memory, BYTES, seed);
}

/* A debugger stops every child at its first instruction, and lets the parent go on. */
static void trace(pid_t program)
{
	pid_t children[FORMS];
	int count = 0, status;

	CHECK(waitpid(program, &status, 0) == program && WIFSTOPPED(status), "no stop");
	CHECK(ptrace(PTRACE_SETOPTIONS, program, NULL,
		     PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK |
			     PTRACE_O_EXITKILL) == 0,
	      "%m");
	for (int number = 0;;) {
		CHECK(ptrace(PTRACE_CONT, program, NULL, (void *)(intptr_t)number) == 0, "%m");
		CHECK(waitpid(program, &status, 0) == program, "%m");
		if (WIFEXITED(status))
			break;
		CHECK(WIFSTOPPED(status), "the parent ended with status %#x", (unsigned int)status);
		number = 0;
		if (status >> 16) {
			unsigned long child;

			CHECK(ptrace(PTRACE_GETEVENTMSG, program, NULL, &child) == 0, "%m");
			CHECK(count < FORMS, "too many children");
			children[count++] = (pid_t)child;
		} else if (WSTOPSIG(status) != SIGTRAP) {
			number = WSTOPSIG(status);
		}
	}
	CHECK(WEXITSTATUS(status) == 0, "the parent failed");
	/* The parent is gone, and has written all its memory: now the children look at theirs. */
	for (int i = 0; i < count; i++) {
		CHECK(waitpid(children[i], &status, __WALL) == children[i] && WIFSTOPPED(status),
		      "child %d is not stopped", i);
		CHECK(ptrace(PTRACE_CONT, children[i], NULL, NULL) == 0, "%m");
		CHECK(waitpid(children[i], &status, __WALL) == children[i] && WIFEXITED(status) &&
			      WEXITSTATUS(status) == 0,
		      "child %d: status %#x", i, (unsigned int)status);
	}
	CHECK(count >= 3, "%d children", count);
}

static void stopped_children(void)
{
	pid_t program;

	alarm(110); /* a parent that waits for its child ends the test, also in a virtual machine */
	program = vfork();
	if (!program) {
		execl("/proc/self/exe", "fork-moments", "debugged", NULL);
		_exit(1);
	}
	CHECK(program > 0, "%m");
	trace(program);
}

static void debugged(void)
{
	alarm(110);
	make_memory();
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(77);
	raise(SIGSTOP);
	for (enum form form = BY_FORK; form < FORMS; form++) {
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		child = make_child(form, check_and_overwrite);
		CHECK(child > 0 || errno == ENOSYS, "form %d: %m", form);
		fill_pattern(memory, BYTES, seed + 1);
		check_pattern(memory, BYTES, seed + 1);
		seed += 2;
	}
	check_in_data();
	_exit(0);
}

/* A heap that is too big to be copied is shared, as the pool could serve it twice; data is not. */
static void beside_big_heap(void)
{
	const size_t bytes = 80 * MEGABYTE;
	char *heap = need(malloc(bytes));

	make_memory();
	memset(heap, 1, bytes);
	for (int turn = 0; turn < 2; turn++)
		all_forms_once();
	for (size_t i = 0; i < bytes; i += 4096)
		CHECK(heap[i] == 1, "byte %zu of the heap", i);
}

int main(int count, char **arguments)
{
	static const struct kind kinds[] = {
		{"beside-threads", beside_threads},
		{"inline-beside-threads", inline_beside_threads},
		{"in-handlers", in_handlers},
		{"stopped", stopped_children},
		{"debugged", debugged}, /* by the one above */
		{"beside-big-heap", beside_big_heap},
	};

	return run_kind(kinds, sizeof(kinds) / sizeof(kinds[0]), count, arguments);
}
