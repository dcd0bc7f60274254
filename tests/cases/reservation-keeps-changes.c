/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was done to address space without access is still there when it is opened. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "test.h"

#define HUGE (2 * MEGABYTE)

static void write_by_file(char *at)
{
	int fd = open("/proc/self/mem", O_RDWR);

	CHECK(fd >= 0 && pwrite(fd, "hello", 6, (off_t)(uintptr_t)at) == 6, "%m");
	close(fd);
}

/* False: the process may not. */
static int fill_by_userfaultfd(char *at)
{
	static char page[4096];
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {
		.range = {(uintptr_t)at, HUGE},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_copy copy = {.dst = (uintptr_t)at, .src = (uintptr_t)page, .len = 4096};

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return 0;
	memset(page, 'z', sizeof(page));
	CHECK(ioctl(fd, UFFDIO_REGISTER, &range) == 0, "%m");
	CHECK(ioctl(fd, UFFDIO_COPY, &copy) == 0, "%m");
	return 1;
}

int main(void)
{
	char *reserved = mmap(NULL, 12 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory = reserved + (-(uintptr_t)reserved & (HUGE - 1));
	unsigned long node = 1;
	int filled, bound, locked, mode = -1;

	CHECK(reserved != MAP_FAILED, "%m");
	write_by_file(memory);
	filled = fill_by_userfaultfd(memory + 2 * HUGE);
	bound = !syscall(SYS_mbind, memory + 4 * HUGE, HUGE, 2, &node, 65, 0);
	locked = !mlock2(memory + 6 * HUGE, HUGE, MLOCK_ONFAULT);
	CHECK(mprotect(memory, 8 * HUGE, PROT_READ | PROT_WRITE) == 0, "%m");
	CHECK(!strcmp(memory, "hello"), "what was written by /proc/self/mem");
	CHECK(!filled || memory[2 * HUGE] == 'z', "what userfaultfd filled in");
	CHECK(!bound ||
		      (!syscall(SYS_get_mempolicy, &mode, 0, 0, memory + 4 * HUGE, 2) && mode == 2),
	      "the policy: %d", mode);
	memory[6 * HUGE] = 1;
	CHECK(!locked || madvise(memory + 6 * HUGE, HUGE, MADV_DONTNEED) == -1, "the lock");
	/* and what nothing was done to is empty memory */
	memset(memory + 5 * HUGE, 1, HUGE);
	memset(memory + 7 * HUGE, 1, HUGE);
	puts("all is there");
	return 0;
}
