/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture.c: what the kernel reads and writes for the program, in one call over pages of all
 * kinds, from the middle of one to the middle of another.
 */
#ifndef TORTURE_KERNEL_H
#define TORTURE_KERNEL_H

#include <fcntl.h>
#include <sys/uio.h>

#include "torture_calls.h"

#define COPY_PAGES ((size_t)600)

static __thread char copy[COPY_PAGES * BASE];

/* Two pieces, cut anywhere. */
static int in_two(char *at, size_t bytes, struct iovec pieces[2])
{
	size_t first = rnd(bytes);

	pieces[0] = (struct iovec){at, first};
	pieces[1] = (struct iovec){at + first, bytes - first};
	return 2;
}

static ssize_t by_process_vm(char *at, size_t bytes, bool back)
{
	struct iovec here[2], there[2];

	in_two(copy, bytes, here);
	in_two(at, bytes, there);
	return back ? process_vm_writev(getpid(), here, 2, there, 2, 0)
		    : process_vm_readv(getpid(), here, 2, there, 2, 0);
}

static ssize_t by_own_mem(char *at, size_t bytes, bool back)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ssize_t done;

	if (mem < 0)
		return -1;
	done = back ? pwrite(mem, copy, bytes, (off_t)(uintptr_t)at)
		    : pread(mem, copy, bytes, (off_t)(uintptr_t)at);
	close(mem);
	return done;
}

/* Through a file in memory, by vectors. */
static ssize_t by_file(char *at, size_t bytes, bool back)
{
	int scratch = memfd_create("scratch", MFD_CLOEXEC);
	struct iovec pieces[2];
	ssize_t done;

	CHECK(scratch >= 0, "memfd_create: %s", strerror(errno));
	in_two(at, bytes, pieces);
	if (back) {
		done = pwrite(scratch, copy, bytes, 0);
		if (done == (ssize_t)bytes)
			done = preadv(scratch, pieces, 2, 0);
	} else {
		done = pwritev(scratch, pieces, 2, 0);
		if (done == (ssize_t)bytes)
			done = pread(scratch, copy, bytes, 0);
	}
	close(scratch);
	return done;
}

/* Reads a part; and where all of it may be written to, spoils it and has the kernel put it back. */
static void by_kernel(void)
{
	static ssize_t (*const ways[])(char *, size_t, bool) = {by_process_vm, by_own_mem, by_file};
	ssize_t (*way)(char *, size_t, bool) = ways[rnd(3)];
	size_t first, count, into, bytes;
	struct slot *slot = some_part(&first, &count);
	int rights = RW;
	char *at;

	if (!slot)
		return;
	if (count > COPY_PAGES)
		count = COPY_PAGES;
	for (size_t i = first; i < first + count; i++)
		rights &= page_rights(&slot->pages[i]);
	if (!(rights & PROT_READ) || any_marks(slot, first, count, FREED))
		return;
	into = rnd(BASE - 1);
	at = slot->at + first * BASE + into;
	bytes = 1 + rnd(count * BASE - into);
	errno = 0;
	if (way(at, bytes, false) != (ssize_t)bytes) {
		/* not in this kernel, or not allowed */
		CHECK(errno == ENOSYS || errno == EPERM || errno == EACCES || errno == ENOENT,
		      "step %lu: reading %zu bytes: %s", step, bytes, strerror(errno));
		return;
	}
	CHECK(!memcmp(copy, at, bytes), "step %lu: the kernel reads something else", step);
	if (rights & PROT_WRITE) {
		memset(at, 0x55, bytes);
		CHECK(way(at, bytes, true) == (ssize_t)bytes, "step %lu: writing: %s", step,
		      strerror(errno));
	}
	for (size_t i = first; i < first + count; i++)
		check_page(slot->at + i * BASE, &slot->pages[i]);
}

#endif
