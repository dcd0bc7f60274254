/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads of io_uring end while the one thread of the process protects another part of the huge page
 * that they read into: what was read is there. The kernel completes such a read in the thread that
 * has submitted it, also between two instructions of a split, whatever signals are blocked.
 *
 * The reads go to the parts that a split copies first. Another process feeds them one by one,
 * during the whole time that the call took before.
 */
#include <signal.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include "heap_share.h"
#include "ring.h"

#define HUGE   (2 * MEGABYTE)
#define BASE   ((size_t)4096)
#define READS  32
#define BYTES  64
#define PAGES  12
#define ROUNDS 20

struct shared {
	volatile int ready, begun; /* the number of the call that the feeder waits for, and is at */
	volatile int64_t call_ns;  /* how long the last one took */
};

static struct shared *shared;
static int pipes[READS][2];

static int64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void feed(int call)
{
	char bytes[BYTES];
	int64_t start;

	memset(bytes, call & 0x7f, sizeof(bytes));
	shared->ready = call;
	while (shared->begun != call)
		;
	start = nanoseconds();
	for (int i = 0; i < READS; i++) {
		while (nanoseconds() < start + shared->call_ns * i / READS)
			;
		if (write(pipes[i][1], bytes, sizeof(bytes)) != sizeof(bytes))
			_exit(1);
	}
}

static pid_t start_feeder(void)
{
	pid_t child = fork();

	CHECK(child >= 0, "%m");
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int call = 1; call <= ROUNDS * PAGES; call++)
		feed(call);
	_exit(0);
}

/* Read i goes to part i + 1; part 0 is protected. */
static void split_during_reads(char *page, int call)
{
	int64_t start;

	for (int i = 0; i < READS; i++)
		submit_read(pipes[i][0], page + (size_t)(i + 1) * BASE, BYTES);
	while (shared->ready != call)
		sched_yield();
	start = nanoseconds();
	shared->begun = call;
	CHECK(mprotect(page, BASE, PROT_READ) == 0, "%m");
	shared->call_ns = nanoseconds() - start;
	for (int i = 0; i < READS; i++)
		await_read(BYTES);
	for (int i = 0; i < READS * BYTES; i++) {
		const char now = page[(size_t)(i / BYTES + 1) * BASE + (size_t)(i % BYTES)];

		CHECK(now == (call & 0x7f), "call %d: read %d of %d was lost", call, i / BYTES,
		      READS);
	}
	CHECK(mprotect(page, BASE, PROT_READ | PROT_WRITE) == 0, "%m");
}

int main(void)
{
	const char *missing = open_ring(READS);
	int call = 0, status;
	pid_t feeder;

	if (missing)
		SKIP("%s", missing);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED, "%m");
	for (int i = 0; i < READS; i++)
		CHECK(pipe(pipes[i]) == 0, "%m");
	feeder = start_feeder();
	for (int round = 0; round < ROUNDS; round++) {
		char *block = need(malloc((PAGES + 1) * HUGE));
		char *memory = block + (-(uintptr_t)block & (HUGE - 1));

		memset(memory, 0xff, PAGES * HUGE);
		for (size_t page = 0; page < PAGES; page++)
			split_during_reads(memory + page * HUGE, ++call);
		free(block);
	}
	CHECK(waitpid(feeder, &status, 0) == feeder && status == 0, "the feeder");
	puts("ok");
	return 0;
}
