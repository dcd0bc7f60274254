/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signal handlers may run at any moment, also inside a call that the library intercepts.
 *
 *   calls    the handler calls madvise, mmap and munmap; the code that it interrupts does, too
 *   fork     the handler forks, as crash reporters do; the code that it interrupts does, too
 *
 * Whoever waits for a lock that its own thread holds waits for ever: the test ends him then.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include "test.h"

#define PAGE         ((size_t)4096)
#define PAGES        12
#define MEMORY_BYTES (PAGES * 2 * MEGABYTE)

static char *memory; /* in the heap */
static volatile sig_atomic_t handled;

static void make_calls(void)
{
	char *mapped = mmap(NULL, 4 * MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	CHECK(mapped != MAP_FAILED, "%m");
	CHECK(madvise(memory, PAGE, MADV_WILLNEED) == 0, "%m");
	CHECK(munmap(mapped, 4 * MEGABYTE) == 0, "%m");
}

static void fork_once(int code)
{
	int status;
	pid_t child = fork();

	CHECK(child >= 0, "%m");
	if (!child) {
		/* the child has what the parent had, and it is its own */
		for (size_t i = 0; i < MEMORY_BYTES; i += PAGE)
			if (memory[i] != 7)
				_exit(99);
		memset(memory, 1, PAGE);
		_exit(code);
	}
	while (waitpid(child, &status, 0) != child)
		CHECK(errno == EINTR, "%m");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == code, "status 0x%x", status);
}

static void on_call(int number)
{
	int error = errno;

	(void)number;
	make_calls();
	handled++;
	errno = error;
}

static void on_fork(int number)
{
	int error = errno;

	(void)number;
	fork_once(3);
	handled++;
	errno = error;
}

static void set_timer(long microseconds)
{
	const struct itimerval timer = {{0, 0}, {0, microseconds}};

	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0, "%m");
}

static void interrupt_calls(void)
{
	uint64_t state = 1;

	signal(SIGALRM, on_call);
	for (int i = 0; i < 3000; i++) {
		set_timer(1 + next_random(&state) % 300);
		while (handled == i)
			make_calls();
	}
}

static void interrupt_forks(void)
{
	signal(SIGALRM, on_fork);
	for (int i = 0; i < 10 * PAGES; i++) {
		char *part = memory + (size_t)i / 10 * 2 * MEGABYTE;

		/* each a little later within the fork than the last one */
		set_timer(20 + i * 30);
		fork_once(2);
		while (handled == i)
			usleep(100);
		/* a part of a page can be treated as one, which it then is */
		if (i % 10 == 9)
			CHECK(madvise(part, PAGE, MADV_DONTDUMP) == 0, "%m");
		for (size_t at = 0; at < MEMORY_BYTES; at += PAGE)
			CHECK(memory[at] == 7, "a child's write");
	}
}

int main(int count, char **arguments)
{
	char *block = malloc(MEMORY_BYTES + 2 * MEGABYTE);

	CHECK(count == 2 && block, "signals calls|fork");
	memory = block + (-(uintptr_t)block & (2 * MEGABYTE - 1));
	memset(memory, 7, MEMORY_BYTES);
	if (!strcmp(arguments[1], "calls"))
		interrupt_calls();
	else
		interrupt_forks();
	puts("all signals were handled");
	return 0;
}
