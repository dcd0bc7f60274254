/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One scenario of a heap's life, chosen by the command line:
 *
 *   heap [-m megabytes] [-s percent] [-t] [-r] [-u] [-n node] scenario
 *
 * -s: of the heap at least that many percent are on hugetlb pages (default 99); with -t,
 * transparent huge pages count too. -r: a call on a small page may be refused with ENOMEM, as long
 * as nothing changes. -u: as nobody. -n: all memory has to come from that NUMA node.
 *
 * Exit status 0: all well; 1: the share is too small; 2: wrong data or a refused call.
 */
#include "heap.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX   48
#define LARGE_THREADS 4
#define POLICY_BIND   2 /* MPOL_BIND */
#define NOBODY        65534

static unsigned long wanted_percent = 99;
static bool thp_counts, refusal_allowed, share_missed;

void fail(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	_exit(2);
}

void share_check(const char *when)
{
	struct share share = share_sum();
	size_t huge_bytes = share.hugetlb_bytes + (thp_counts ? share.thp_bytes : 0);

	printf("%s: heap %zu kB, hugetlb %zu kB, transparent %zu kB\n", when,
	       share.heap_bytes / 1024, share.hugetlb_bytes / 1024, share.thp_bytes / 1024);
	if (!share.heap_bytes || huge_bytes / 100 < share.heap_bytes / 10000 * wanted_percent)
		share_missed = true;
}

static void blocks_share_check(const struct blocks *blocks, const char *when)
{
	share_read();
	share_mark_blocks(blocks);
	share_check(when);
}

static void run_small(size_t bytes)
{
	struct blocks blocks = {.random = 1};

	blocks_add(&blocks, bytes, 24, 500);
	blocks_churn(&blocks);
	blocks_share_check(&blocks, "small blocks");
	blocks_free(&blocks);

	/* freed room is used again, and calloc's memory is zero there too */
	blocks_add(&blocks, bytes / 2, 24, 5000);
	blocks_free(&blocks);
}

struct worker {
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct blocks blocks;
	size_t bytes, smallest, largest;
	bool churn;
};

/* Fills, lets the main thread look, checks and frees. */
static void *worker_run(void *argument)
{
	struct worker *worker = argument;

	blocks_add(&worker->blocks, worker->bytes, worker->smallest, worker->largest);
	if (worker->churn)
		blocks_churn(&worker->blocks);
	pthread_barrier_wait(worker->barrier);
	pthread_barrier_wait(worker->barrier);
	blocks_free(&worker->blocks);
	blocks_add(&worker->blocks, worker->bytes, worker->smallest, worker->largest);
	blocks_free(&worker->blocks);
	return NULL;
}

static void run_workers(unsigned int count, const struct worker *model, const char *when)
{
	static struct worker workers[THREADS_MAX];
	pthread_barrier_t barrier;
	int error;

	pthread_barrier_init(&barrier, NULL, count + 1);
	for (unsigned int i = 0; i < count; i++) {
		workers[i] = *model;
		workers[i].barrier = &barrier;
		workers[i].blocks.random = i;
		error = pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]);
		if (error)
			fail("thread %u: %s", i, strerror(error));
	}
	pthread_barrier_wait(&barrier);
	share_read();
	for (unsigned int i = 0; i < count; i++)
		share_mark_blocks(&workers[i].blocks);
	share_check(when);
	pthread_barrier_wait(&barrier);
	for (unsigned int i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&barrier);
}

static void run_threads(size_t bytes, unsigned int count)
{
	struct worker model = {
		.bytes = bytes / count, .smallest = 24, .largest = 2000, .churn = true};
	struct blocks blocks = {.random = 3};

	run_workers(count, &model, "threads");

	/* the arenas that the threads left behind serve the next ones */
	run_workers(count, &model, "threads again");
	blocks_add(&blocks, bytes / 8, 24, 2000);
	blocks_free(&blocks);
}

static void run_threads8(size_t bytes)
{
	run_threads(bytes, 8);
}

static void run_threads48(size_t bytes)
{
	run_threads(bytes, 48);
}

/* Blocks that are too big for an arena. Each thread holds one. */
static void run_large(size_t bytes)
{
	struct worker model = {.bytes = bytes, .smallest = bytes, .largest = bytes};

	run_workers(LARGE_THREADS, &model, "large blocks");
}

static void run_realloc(size_t bytes)
{
	struct blocks between = {.random = 5};
	size_t held = 1000;
	char *memory = malloc(held);

	pattern_write(memory, held, 0);
	while (held < bytes) {
		size_t more = held + held / 2 < bytes ? held + held / 2 : bytes;

		memory = realloc(memory, more);
		if (!memory)
			fail("realloc from %zu to %zu bytes gives nothing", held, more);
		pattern_verify(memory, held, 0, "memory after realloc");
		held = more;
		pattern_write(memory, held, 0);
		blocks_add(&between, 3000, 24, 500);
	}
	share_read();
	share_mark(memory, held);
	share_mark_blocks(&between);
	share_check("realloc");
	memory = realloc(memory, held / 3);
	pattern_verify(memory, held / 3, 0, "memory after a realloc that shrinks");
	blocks_free(&between);
	free(memory);
}

/*
 * A handler that is older than all of the library's: it finds the child's memory in place, and what
 * it writes stays.
 */
static struct blocks *verified_early;

static void early_in_child(void)
{
	if (!verified_early)
		return;
	blocks_verify(verified_early);
	blocks_rewrite(verified_early, 3);
}

static void register_early(void)
{
	pthread_atfork(NULL, NULL, early_in_child);
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(void) = register_early;

/* Forks: parent and child both write to what they have. */
static void fork_both_write(struct blocks *blocks)
{
	pid_t child;
	int status;

	verified_early = blocks;
	child = fork();
	verified_early = NULL;
	if (child < 0)
		fail("fork: %s", strerror(errno));
	blocks_verify(blocks);
	blocks_rewrite(blocks, child ? 1 : 2);
	blocks_churn(blocks);
	if (!child) {
		blocks_free(blocks);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		fail("waitpid: %s", strerror(errno));
	if (status)
		fail("the child ended with status 0x%x", (unsigned int)status);
}

static void run_fork(size_t bytes)
{
	struct blocks blocks = {.random = 9};

	blocks_add(&blocks, bytes, 24, 2000);
	blocks_share_check(&blocks, "before fork");
	fork_both_write(&blocks);
	blocks_share_check(&blocks, "parent after fork");
	blocks_free(&blocks);
}

static bool forks_are_over;

/* Now and then a big block fills an arena, and malloc maps another one, with its locks held. */
static void *allocate_until_forks_are_over(void *argument)
{
	unsigned int random = (unsigned int)(uintptr_t)argument;
	char *blocks[64] = {NULL};

	while (!__atomic_load_n(&forks_are_over, __ATOMIC_RELAXED)) {
		char **block = &blocks[rand_r(&random) % 64];

		free(*block);
		*block = malloc(rand_r(&random) % 9 ? rand_r(&random) % 200000 : 3 * MEGABYTE);
		if (!*block)
			fail("malloc: %s", strerror(errno));
		**block = 1;
	}
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
	return NULL;
}

/* Forks while other threads are in malloc: none waits for another for ever. */
static void run_fork_threads(size_t bytes)
{
	struct blocks blocks = {.random = 11};
	pthread_t threads[2];

	blocks_add(&blocks, bytes, 24, 2000);
	for (uintptr_t i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, allocate_until_forks_are_over, (void *)i))
			fail("thread %zu", (size_t)i);
	for (int i = 0; i < 30; i++)
		fork_both_write(&blocks);
	__atomic_store_n(&forks_are_over, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	blocks_share_check(&blocks, "after forks");
	blocks_free(&blocks);
}

static void *partial_page_thread(void *bytes)
{
	partial_page_run(*(size_t *)bytes, refusal_allowed);
	return NULL;
}

static void run_partial_page(size_t bytes)
{
	partial_page_run(bytes, false);
}

/* In a thread's arena, in a process of two threads. */
static void run_partial_page_thread(size_t bytes)
{
	pthread_t thread;
	int error;

	error = pthread_create(&thread, NULL, partial_page_thread, &bytes);
	if (error)
		fail("thread: %s", strerror(error));
	pthread_join(thread, NULL);
}

/* After the program has installed a filter of system calls, which allows everything. */
static void run_partial_page_sandbox(size_t bytes)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog filter = {1, &allow};
	char *before = malloc(4 * MEGABYTE);

	if (!before)
		fail("malloc: %s", strerror(errno));
	pattern_write(before, 4 * MEGABYTE, 1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		fail("seccomp: %s", strerror(errno));
	partial_page_run(bytes, false);
	pattern_verify(before, 4 * MEGABYTE, 1, "memory from before the filter");
	free(before);
}

static const struct scenario {
	const char *name;
	void (*run)(size_t bytes);
	size_t megabytes;
} scenarios[] = {
	{"small", run_small, 200},
	{"threads8", run_threads8, 200},
	{"threads48", run_threads48, 200},
	{"large", run_large, 100},
	{"realloc", run_realloc, 256},
	{"fork", run_fork, 100},
	{"fork-threads", run_fork_threads, 10},
	{"partial-page", run_partial_page, 100},
	{"partial-page-thread", run_partial_page_thread, 100},
	{"partial-page-sandbox", run_partial_page_sandbox, 100},
};

/*
 * Starts the program again without privileges or bound to a node (NULL: any), so that it is so from
 * the first instruction. Returns in the program that was started again.
 */
static void restart(bool unprivileged, const char *node, char **arguments)
{
	unsigned long nodes = node ? 1UL << strtoul(node, NULL, 10) : 0;

	if (getenv("HEAP_RESTARTED"))
		return;
	/* first, for it may grow this heap, which is not the one to look at */
	setenv("HEAP_RESTARTED", "yes", 1);
	if (node && syscall(SYS_set_mempolicy, POLICY_BIND, &nodes, 8 * sizeof(nodes)))
		fail("set_mempolicy: %s", strerror(errno));
	if (unprivileged && (setgid(NOBODY) || setuid(NOBODY)))
		fail("setuid: %s", strerror(errno));
	execv("/proc/self/exe", arguments);
	fail("execv: %s", strerror(errno));
}

static void usage(void)
{
	fprintf(stderr,
		"usage: heap [-m megabytes] [-s percent] [-t] [-r] [-u] [-n node] scenario\n");
	exit(3);
}

int main(int count, char **arguments)
{
	bool unprivileged = false;
	const char *node = NULL;
	size_t megabytes = 0;
	int option;

	while ((option = getopt(count, arguments, "m:s:trun:")) != -1) {
		if (option == 'm')
			megabytes = strtoul(optarg, NULL, 10);
		else if (option == 's')
			wanted_percent = strtoul(optarg, NULL, 10);
		else if (option == 't')
			thp_counts = true;
		else if (option == 'r')
			refusal_allowed = true;
		else if (option == 'n')
			node = optarg;
		else if (option == 'u')
			unprivileged = true;
		else
			usage();
	}
	if (unprivileged || node)
		restart(unprivileged, node, arguments);
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *scenario = &scenarios[i];

		if (optind != count - 1 || strcmp(scenario->name, arguments[optind]))
			continue;
		scenario->run((megabytes ? megabytes : scenario->megabytes) * MEGABYTE);
		if (share_missed)
			fprintf(stderr, "less than %lu %% of the heap is on huge pages\n",
				wanted_percent);
		return share_missed;
	}
	usage();
}
