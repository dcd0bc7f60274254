/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture-threads.c: reads by io_uring into memory, by raw system calls. The pipe is empty when
 * a read is submitted; a process that feeds it writes the bytes a random time later. So the kernel
 * completes the read in the submitting thread's task work, wherever that thread is just then.
 */
#ifndef TORTURE_RING_H
#define TORTURE_RING_H

#include <linux/io_uring.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <signal.h>
#include "torture_shadow.h"

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#define SYS_io_uring_enter 426
#endif

#define RING_BYTES    64
#define RING_DELAY_US 300

static struct {
	int fd, pipe[2], requests[2];
	bool busy;
	size_t part, at; /* of the read that is on its way */
	pid_t feeder;
	unsigned int *tail, *mask, *array, *done_head, *done_tail, *done_mask;
	struct io_uring_sqe *entries;
	struct io_uring_cqe *done;
} ring;

struct ring_request {
	size_t offset; /* in the shadow */
	unsigned int delay_us;
};

static void feed_ring(void)
{
	struct ring_request request;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(ring.requests[1]);
	while (read(ring.requests[0], &request, sizeof(request)) == sizeof(request)) {
		if (request.delay_us)
			usleep(request.delay_us);
		if (write(ring.pipe[1], shared->shadow + request.offset, RING_BYTES) != RING_BYTES)
			_exit(1);
	}
	_exit(0);
}

static void *map_ring(size_t bytes, uint64_t offset)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
			(off_t)offset);

	CHECK(at != MAP_FAILED, "io_uring: %m");
	return at;
}

/* For the thread that calls it, with its feeding process. NULL, or why there is no io_uring. */
static const char *make_ring(void)
{
	struct io_uring_params parameters = {0};
	char *submissions, *completions;

	ring.fd = (int)syscall(SYS_io_uring_setup, 4, &parameters);
	if (ring.fd < 0)
		return errno == EPERM ? "io_uring is disabled" : "no io_uring";
	CHECK(pipe(ring.pipe) == 0 && pipe(ring.requests) == 0, "%m");
	submissions =
		map_ring(parameters.sq_off.array + parameters.sq_entries * sizeof(*ring.array),
			 IORING_OFF_SQ_RING);
	completions = map_ring(parameters.cq_off.cqes + parameters.cq_entries * sizeof(*ring.done),
			       IORING_OFF_CQ_RING);
	ring.entries = map_ring(parameters.sq_entries * sizeof(*ring.entries), IORING_OFF_SQES);
	ring.tail = (unsigned int *)(submissions + parameters.sq_off.tail);
	ring.mask = (unsigned int *)(submissions + parameters.sq_off.ring_mask);
	ring.array = (unsigned int *)(submissions + parameters.sq_off.array);
	ring.done_head = (unsigned int *)(completions + parameters.cq_off.head);
	ring.done_tail = (unsigned int *)(completions + parameters.cq_off.tail);
	ring.done_mask = (unsigned int *)(completions + parameters.cq_off.ring_mask);
	ring.done = (struct io_uring_cqe *)(completions + parameters.cq_off.cqes);
	ring.feeder = fork();
	CHECK(ring.feeder >= 0, "%m");
	if (!ring.feeder)
		feed_ring();
	close(ring.requests[0]);
	return NULL;
}

static void enter_ring(unsigned int submitted, unsigned int wanted)
{
	long result;

	do
		result = syscall(SYS_io_uring_enter, ring.fd, submitted, wanted,
				 wanted ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
	while (result < 0 && (errno == EINTR || errno == EAGAIN));
	CHECK(result >= 0, "io_uring_enter: %m");
}

/* Into the huge page of a part. */
static void begin_ring_read(size_t near, uint64_t *random)
{
	const unsigned int tail = ring.tail ? *ring.tail : 0;
	const unsigned int slot = ring.tail ? tail & *ring.mask : 0;
	struct ring_request request = {.delay_us = next_random(random) % RING_DELAY_US};

	if (!ring.feeder || ring.busy)
		return;
	ring.part = part_near(ACTOR_RING, near, random);
	ring.at = next_random(random) % (BASE - RING_BYTES);
	for (size_t i = 0; i < RING_BYTES; i++)
		shadow_of(ring.part)[ring.at + i] = (char)next_random(random);
	request.offset = ring.part * BASE + ring.at;
	ring.entries[slot] = (struct io_uring_sqe){
		.opcode = IORING_OP_READ,
		.fd = ring.pipe[0],
		.addr = (uintptr_t)(memory_of(ring.part) + ring.at),
		.len = RING_BYTES,
		.off = (uint64_t)-1,
	};
	ring.array[slot] = slot;
	__atomic_store_n(ring.tail, tail + 1, __ATOMIC_RELEASE);
	enter_ring(1, 0);
	ring.busy = true;
	CHECK(write(ring.requests[1], &request, sizeof(request)) == sizeof(request), "%m");
}

static void end_ring_read(void)
{
	const struct io_uring_cqe *done;

	if (!ring.busy)
		return;
	while (__atomic_load_n(ring.done_tail, __ATOMIC_ACQUIRE) == *ring.done_head)
		enter_ring(0, 1);
	done = &ring.done[*ring.done_head & *ring.done_mask];
	CHECK(done->res == RING_BYTES, "io_uring: %d", done->res);
	__atomic_store_n(ring.done_head, *ring.done_head + 1, __ATOMIC_RELEASE);
	ring.busy = false;
	check_part(ring.part, "io_uring");
}

static void end_ring(void)
{
	int status;

	if (!ring.feeder)
		return;
	close(ring.requests[1]);
	CHECK(waitpid(ring.feeder, &status, 0) == ring.feeder && status == 0, "a feeder");
}

#endif
