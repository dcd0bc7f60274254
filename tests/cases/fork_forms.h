/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the tests of fork: the calls that make a child, and memory that parent and child both write.
 * It is heap. With IN_DATA in the environment it is bss, and at the end the parent must have
 * IN_DATA MB of it on hugetlb pages.
 */
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "heap_share.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

#define HUGE        (2 * MEGABYTE)
#define BYTES       (14 * MEGABYTE)
#define STACK_BYTES ((size_t)256 << 10)

extern pid_t _Fork(void) __attribute__((weak));

/* struct clone_args of Linux 5.3. */
struct clone3_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

enum form { BY_FORK, BY_FORK_SIMPLE, BY_CLONE, BY_CALL_FORK, BY_CALL_CLONE, BY_CALL_CLONE3, FORMS };

static int (*child_work)(void);
static char *clone_stack;

static inline int start_child(void *argument)
{
	CHECK(argument == &child_work, "clone's argument is %p", argument);
	return child_work();
}

/* A child that ends with what work returns. -1 with ENOSYS: there is no such call. */
static inline pid_t make_child(enum form form, int (*work)(void))
{
	struct clone3_arguments arguments = {.exit_signal = SIGCHLD};
	pid_t child = -1;

	errno = ENOSYS;
	child_work = work;
	switch (form) {
	case BY_FORK:
		child = fork();
		break;
	case BY_FORK_SIMPLE:
		child = _Fork ? _Fork() : -1;
		break;
	case BY_CLONE:
		return clone(start_child, clone_stack + STACK_BYTES, SIGCHLD, &child_work);
#ifdef SYS_fork
	case BY_CALL_FORK:
		child = (pid_t)syscall(SYS_fork);
		break;
#else
	case BY_CALL_FORK:
		return -1;
#endif
	case BY_CALL_CLONE:
		child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		break;
	case BY_CALL_CLONE3:
		child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
		break;
	case FORMS:
		break;
	}
	if (child == 0)
		_exit(work());
	return child;
}

static inline void check_exit(pid_t child, int form)
{
	int status;

	CHECK(child > 0 && waitpid(child, &status, 0) == child, "form %d: no child", form);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	      "form %d: the child ended with status %#x", form, (unsigned int)status);
}

static char *memory;
static uint64_t seed;

static inline int check_and_overwrite(void)
{
	check_pattern(memory, BYTES, seed);
	fill_pattern(memory, BYTES, seed + 1000);
	check_pattern(memory, BYTES, seed + 1000);
	free(need(malloc(100000)));
	return 0;
}

/* Both write all of it at once, so the pool gives neither of them a second page. */
static inline void all_forms_once(void)
{
	for (enum form form = BY_FORK; form < FORMS; form++) {
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		child = make_child(form, check_and_overwrite);
		if (child == -1 && errno == ENOSYS)
			continue;
		fill_pattern(memory, BYTES, seed + 1);
		check_exit(child, form);
		check_pattern(memory, BYTES, seed + 1);
		seed += 2;
	}
}

/* The memory, and behind it a page for a stack. */
static char segment[BYTES + 2 * HUGE];

static inline void make_memory(void)
{
	memory = getenv("IN_DATA")
			 ? (char *)(((uintptr_t)segment + HUGE - 1) & ~(uintptr_t)(HUGE - 1))
			 : need(aligned_alloc(HUGE, BYTES));
	clone_stack = need(malloc(STACK_BYTES));
}

/* In the same memory. */
static inline void *make_stack(void)
{
	return getenv("IN_DATA") ? memory + BYTES : need(aligned_alloc(4096, STACK_BYTES));
}

static inline unsigned long hugetlb_kb_of_memory(void)
{
	FILE *smaps = need(fopen("/proc/self/smaps", "re"));
	unsigned long start = 0, end = 0, page_kb, kb = 0;
	char line[512];

	while (fgets(line, sizeof(line), smaps)) {
		unsigned long from = (uintptr_t)memory, to = from + BYTES;

		sscanf(line, "%lx-%lx ", &start, &end);
		if (start > from)
			from = start;
		if (end < to)
			to = end;
		if (from < to && sscanf(line, "KernelPageSize: %lu", &page_kb) == 1 &&
		    page_kb >= HUGE >> 10)
			kb += (to - from) >> 10;
	}
	fclose(smaps);
	return kb;
}

static inline void check_in_data(void)
{
	/* the debugger of another process has no memory */
	const char *expected = memory ? getenv("IN_DATA") : NULL;
	const unsigned long kb = expected ? hugetlb_kb_of_memory() : 0;

	CHECK(!expected || kb == strtoul(expected, NULL, 10) << 10, "%lu kB on hugetlb pages", kb);
}

struct kind {
	const char *name;
	void (*run)(void);
};

/* What main() does: the first argument is the name of a kind. */
static inline int run_kind(const struct kind *kinds, size_t kind_count, int count, char **arguments)
{
	for (size_t i = 0; i < kind_count; i++)
		if (count > 1 && !strcmp(arguments[1], kinds[i].name)) {
			kinds[i].run();
			check_in_data();
			return 0;
		}
	return 2;
}
