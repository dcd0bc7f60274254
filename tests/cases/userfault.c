/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * userfaultfd works on huge pages as on small pages. Memory that was never touched, or was
 * emptied, is missing and is filled one small page at a time; memory with content is present.
 *
 *   userfault mapping    in a mapping of the program's
 *   userfault heap       in malloced memory
 *   userfault small      in a small mapping beside another that is in use
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "test.h"

#define BYTES (8 * MEGABYTE)
/* Where something is, where something was, and where nothing was ever. */
#define HELD    (2 * MEGABYTE + 8192)
#define EMPTIED (4 * MEGABYTE)
#define FRESH   (6 * MEGABYTE)

static size_t page;

static char *get_memory(const char *kind)
{
	char *at;

	if (!strcmp(kind, "heap")) {
		at = malloc(BYTES + 2 * MEGABYTE);
		CHECK(at, "malloc");
		at = (char *)(((uintptr_t)at + page - 1) & -(uintptr_t)page);
	} else {
		at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(at != MAP_FAILED, "mmap: %m");
	}
	at[HELD] = 5;
	memset(at + EMPTIED, 6, MEGABYTE);
	CHECK(!madvise(at + EMPTIED, MEGABYTE, MADV_DONTNEED), "madvise: %m");
	return at;
}

static int watch_faults(char *at, size_t bytes)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register enrol = {
		.range = {.start = (uintptr_t)at, .len = bytes},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		SKIP("userfaultfd: %s", strerror(errno));
	CHECK(!ioctl(fd, UFFDIO_API, &api), "UFFDIO_API: %m");
	CHECK(!ioctl(fd, UFFDIO_REGISTER, &enrol), "UFFDIO_REGISTER: %m");
	CHECK(enrol.ioctls & 1 << _UFFDIO_COPY, "no UFFDIO_COPY");
	return fd;
}

static void *read_byte(void *at)
{
	return (void *)(intptr_t) * (volatile char *)at;
}

/* Lets a thread run into a fault, fills the page with `byte`, and sees that the thread reads it. */
static void expect_fault(int fd, char *at, int byte)
{
	struct pollfd events = {.fd = fd, .events = POLLIN};
	char *filled = aligned_alloc(page, page);
	struct uffdio_copy copy = {.dst = (uintptr_t)at, .src = (uintptr_t)filled, .len = page};
	struct uffd_msg message;
	pthread_t reader;
	void *got;

	CHECK(filled, "aligned_alloc");
	memset(filled, byte, page);
	CHECK(!pthread_create(&reader, NULL, read_byte, at), "thread");
	CHECK(poll(&events, 1, 60000) == 1, "no fault at %zu", (size_t)((uintptr_t)at % BYTES));
	CHECK(read(fd, &message, sizeof(message)) == sizeof(message), "read: %m");
	CHECK(message.event == UFFD_EVENT_PAGEFAULT, "event %d", message.event);
	CHECK((char *)(uintptr_t)(message.arg.pagefault.address & -(uint64_t)page) == at,
	      "a fault elsewhere");
	CHECK(!ioctl(fd, UFFDIO_COPY, &copy), "UFFDIO_COPY: %m");
	CHECK(!pthread_join(reader, &got) && (intptr_t)got == byte, "read %ld", (long)got);
	free(filled);
}

static char *map_small(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED, "mmap: %m");
	return at;
}

/* What a neighbour's huge page brought along is as missing as if the program had it alone. */
static void small_mapping(void)
{
	const size_t bytes = MEGABYTE / 4;
	char *before = map_small(bytes), *at = map_small(bytes);
	int fd;

	memset(before, 1, bytes);
	at[0] = 5;
	CHECK(!mprotect(at + bytes / 2, page, PROT_READ), "mprotect: %m");
	fd = watch_faults(at, bytes);
	expect_fault(fd, at + page, 7);
	expect_fault(fd, at + bytes / 2, 8);
	expect_fault(fd, at + bytes - page, 9);
	CHECK(at[0] == 5 && at[page] == 7, "%d %d", at[0], at[page]);
	CHECK(before[0] == 1 && before[bytes - 1] == 1, "%d %d", before[0], before[bytes - 1]);
}

int main(int count, char **arguments)
{
	char *at;
	int fd;

	CHECK(count == 2, "usage: userfault mapping | heap | small");
	page = (size_t)sysconf(_SC_PAGESIZE);
	if (!strcmp(arguments[1], "small")) {
		small_mapping();
		return puts("faults are told") < 0;
	}
	at = get_memory(arguments[1]);
	fd = watch_faults(at, BYTES);
	CHECK(at[HELD] == 5, "%d", at[HELD]);
	expect_fault(fd, at + EMPTIED, 7);
	/* the heap may have been written to by others before it was malloced */
	if (strcmp(arguments[1], "heap") != 0)
		expect_fault(fd, at + FRESH, 8);
	CHECK(at[HELD] == 5, "%d", at[HELD]);
	printf("faults are told\n");
	return 0;
}
