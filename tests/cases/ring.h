/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io_uring by raw system calls, for one thread.
 */
#ifndef RING_H
#define RING_H

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "test.h"

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#define SYS_io_uring_enter 426
#endif

static struct {
	int fd;
	unsigned int *tail, *mask, *array, *done_head, *done_tail, *done_mask;
	struct io_uring_sqe *entries;
	struct io_uring_cqe *done;
} ring;

static void *map_ring(size_t bytes, uint64_t offset)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
			(off_t)offset);

	CHECK(at != MAP_FAILED, "io_uring: %m");
	return at;
}

/* NULL, or why there is no io_uring. */
static const char *open_ring(unsigned int entries)
{
	struct io_uring_params parameters = {0};
	char *submissions, *completions;

	ring.fd = (int)syscall(SYS_io_uring_setup, entries, &parameters);
	if (ring.fd < 0)
		return errno == EPERM ? "io_uring is disabled" : "no io_uring";
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

static void submit_read(int fd, void *to, unsigned int bytes)
{
	const unsigned int tail = *ring.tail, slot = tail & *ring.mask;

	ring.entries[slot] = (struct io_uring_sqe){
		.opcode = IORING_OP_READ,
		.fd = fd,
		.addr = (uintptr_t)to,
		.len = bytes,
		.off = (uint64_t)-1,
	};
	ring.array[slot] = slot;
	__atomic_store_n(ring.tail, tail + 1, __ATOMIC_RELEASE);
	enter_ring(1, 0);
}

/* Waits until one of them has ended, which has read that much. */
static void await_read(int bytes)
{
	const struct io_uring_cqe *done;

	while (__atomic_load_n(ring.done_tail, __ATOMIC_ACQUIRE) == *ring.done_head)
		enter_ring(0, 1);
	done = &ring.done[*ring.done_head & *ring.done_mask];
	CHECK(done->res == bytes, "io_uring: %d", done->res);
	__atomic_store_n(ring.done_head, *ring.done_head + 1, __ATOMIC_RELEASE);
}

#endif
