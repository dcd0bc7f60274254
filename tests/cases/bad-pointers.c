/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pointer that leads nowhere gets the kernel's errno from a call whose argument the library
 * reads, and sbrk and brk refuse what libc's refuse.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "test.h"

#ifndef SYS_process_madvise
#define SYS_process_madvise 440 /* glibc before 2.33 has no name for it */
#endif

static void print(const char *what, long result)
{
	printf("%s: %d\n", what, result < 0 ? errno : 0);
}

static int advise(const struct iovec *parts, size_t count)
{
	return (int)syscall(SYS_process_madvise, -1, parts, count, MADV_COLD, 0);
}

/* The last bytes before a page that may not be read. */
static char *end_of_memory(void)
{
	char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED && mprotect(at + 4096, 4096, PROT_NONE) == 0, "%m");
	return at + 4096;
}

int main(void)
{
	char *end = end_of_memory(), *block = need(malloc(MEGABYTE)), *top;
	struct iovec *parts = (void *)(end - sizeof(*parts));
	int fd = open("/dev/null", O_RDWR);

	print("ioctl of 8", ioctl(fd, UFFDIO_REGISTER, (void *)8));
	top = sbrk(0); /* from now on stdout has its buffer, in the heap */
	print("ioctl of NULL", ioctl(fd, UFFDIO_REGISTER, NULL));
	print("ioctl across the end", ioctl(fd, UFFDIO_REGISTER, end - 16));
	*parts = (struct iovec){block, 4096};
	print("process_madvise of 8", advise((void *)8, 1));
	print("process_madvise across the end", advise(parts, 2));
	print("process_madvise of too many", advise(parts, 1025));
	print("process_madvise of none", advise(NULL, 0));
	print("brk of 1", brk((void *)1));
	print("brk of -1", brk((void *)-1));
	print("brk of -4096", brk((void *)-4096));
	print("sbrk of the least", (long)sbrk(INTPTR_MIN));
	print("sbrk of the most", (long)sbrk(INTPTR_MAX));
	print("sbrk of -1T", (long)sbrk(-(1l << (sizeof(long) * 5))));
	CHECK(sbrk(0) == top, "the break moved");
	return 0;
}
