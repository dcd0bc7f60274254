/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remote-writes [threads] [large|LIBRARY]: another process writes to malloced memory by
 * process_vm_writev, as the ranks of an MPI program do, while this one protects other parts of the
 * same huge pages. A call may fail with ENOMEM; no byte is lost. Prints how many calls succeeded.
 * "large": it writes 384 kB at once, for which the kernel holds all of these pages before it writes
 * the first byte. The library is loaded when the thread runs.
 */
#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "heap_share.h"

#define HUGE  (2 * MEGABYTE)
#define BASE  ((size_t)4096)
#define PAGES 24

static struct {
	char *_Atomic memory;
	atomic_size_t page; /* the one that is written to */
	atomic_long written[PAGES];
	atomic_int finished;
} * shared;

static size_t slots = 64, slot_bytes = 8;
static char *values;

static char *slot_of(char *memory, size_t page, long count)
{
	const size_t step = slot_bytes < BASE ? BASE : slot_bytes;

	return memory + page * HUGE + HUGE / 4 + (size_t)count % slots * step;
}

static void fill_values(long count)
{
	for (size_t i = 0; i < slot_bytes; i += sizeof(count))
		memcpy(values + i, &count, sizeof(count));
}

/* Counts in the slots of the page in turn. */
static void write_remotely(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!shared->memory)
		usleep(100);
	while (!shared->finished) {
		const size_t page = shared->page;
		const long count = shared->written[page] + 1;
		const struct iovec from = {values, slot_bytes};
		const struct iovec to = {slot_of(shared->memory, page, count), slot_bytes};

		fill_values(count);
		if (process_vm_writev(parent, &from, 1, &to, 1, 0) != (ssize_t)slot_bytes)
			_exit(errno == EPERM ? 77 : 1);
		shared->written[page] = count;
	}
	_exit(0);
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void check_page(char *memory, size_t page)
{
	const long last = shared->written[page], kept = (long)slots;

	for (long count = last >= kept ? last - kept + 1 : 1; count <= last; count++) {
		fill_values(count);
		CHECK(!memcmp(slot_of(memory, page, count), values, slot_bytes),
		      "page %zu: write %ld of %ld was lost", page, count, last);
	}
}

/* Moves the writer on to the next page; -1: it may not write. */
static int write_to(size_t page, pid_t writer)
{
	int status;

	shared->page = page;
	while (shared->written[page] < (long)slots + 2) {
		if (waitpid(writer, &status, WNOHANG) == writer)
			return -1;
		sched_yield();
	}
	return 0;
}

int main(int count, char **arguments)
{
	const pid_t self = getpid();
	int succeeded = 0, status;
	char *block, *memory;
	pid_t writer;

	if (count > 1 && !strcmp(arguments[count - 1], "large")) {
		slots = 4;
		slot_bytes = 384 << 10;
		count--;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED && (writer = fork()) >= 0, "%m");
	values = mmap(NULL, slot_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(values != MAP_FAILED, "%m");
	if (!writer)
		write_remotely(self);
	block = need(malloc((PAGES + 1) * HUGE));
	memory = block + (-(uintptr_t)block & (HUGE - 1));
	memset(memory, 0, PAGES * HUGE);
	if (count > 1)
		start_thread(idle, NULL);
	if (count > 2)
		CHECK(dlopen(arguments[2], RTLD_NOW), "%s", dlerror());
	shared->memory = memory;
	for (size_t page = 0; page < PAGES; page++) {
		if (write_to(page, writer))
			SKIP("process_vm_writev is not allowed");
		if (mprotect(memory + page * HUGE + BASE, BASE, PROT_READ) == 0)
			succeeded++;
		else
			CHECK(errno == ENOMEM, "%m");
	}
	shared->finished = 1;
	CHECK(waitpid(writer, &status, 0) == writer && !status, "the writer's status: %d", status);
	for (size_t page = 0; page < PAGES; page++)
		check_page(memory, page);
	printf("%d\n", succeeded);
	return 0;
}
