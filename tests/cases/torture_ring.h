/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture-threads.c: reads by io_uring into memory, by raw system calls. The pipe is empty when
 * a read is submitted; a process that feeds it writes the bytes a random time later. So the kernel
 * completes the read in the submitting thread's task work, wherever that thread is just then.
 */
#ifndef TORTURE_RING_H
#define TORTURE_RING_H

#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <signal.h>
#include "ring.h"
#include "torture_shadow.h"

#define RING_BYTES    64
#define RING_DELAY_US 300

/* What feeds the ring, and the read that is on its way. */
static struct {
	int pipe[2], requests[2];
	bool busy;
	size_t part, at;
	pid_t process;
} feeder;

struct ring_request {
	size_t offset; /* in the shadow */
	unsigned int delay_us;
};

static void feed_ring(void)
{
	struct ring_request request;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(feeder.requests[1]);
	while (read(feeder.requests[0], &request, sizeof(request)) == sizeof(request)) {
		if (request.delay_us)
			usleep(request.delay_us);
		if (write(feeder.pipe[1], shared->shadow + request.offset, RING_BYTES) !=
		    RING_BYTES)
			_exit(1);
	}
	_exit(0);
}

/* For the thread that calls it, with its feeding process. NULL, or why there is no io_uring. */
static const char *make_ring(void)
{
	const char *missing = open_ring(4);

	if (missing)
		return missing;
	CHECK(pipe(feeder.pipe) == 0 && pipe(feeder.requests) == 0, "%m");
	feeder.process = fork();
	CHECK(feeder.process >= 0, "%m");
	if (!feeder.process)
		feed_ring();
	close(feeder.requests[0]);
	return NULL;
}

/* Into the huge page of a part. */
static void begin_ring_read(size_t near, uint64_t *random)
{
	struct ring_request request = {.delay_us = next_random(random) % RING_DELAY_US};

	if (!feeder.process || feeder.busy)
		return;
	feeder.part = part_near(ACTOR_RING, near, random);
	feeder.at = next_random(random) % (BASE - RING_BYTES);
	for (size_t i = 0; i < RING_BYTES; i++)
		shadow_of(feeder.part)[feeder.at + i] = (char)next_random(random);
	request.offset = feeder.part * BASE + feeder.at;
	submit_read(feeder.pipe[0], memory_of(feeder.part) + feeder.at, RING_BYTES);
	feeder.busy = true;
	CHECK(write(feeder.requests[1], &request, sizeof(request)) == sizeof(request), "%m");
}

static void end_ring_read(void)
{
	if (!feeder.busy)
		return;
	await_read(RING_BYTES);
	feeder.busy = false;
	check_part(feeder.part, "io_uring");
}

static void end_ring(void)
{
	int status;

	if (!feeder.process)
		return;
	close(feeder.requests[1]);
	CHECK(waitpid(feeder.process, &status, 0) == feeder.process && status == 0, "a feeder");
}

#endif
