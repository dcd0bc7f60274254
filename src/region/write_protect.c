/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps every task from writing to hugetlb pages: see write_protect.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "base/sys.h"
#include "region/write_protect.h"

/* Newer than the oldest supported headers; the values are the kernel's. */
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12) /* Linux 5.19 */
#endif
#ifndef USERFAULTFD_IOC_NEW
#define USERFAULTFD_IOC_NEW _IO(0xAA, 0x00) /* Linux 6.1 */
#endif

#define FLAGS (O_CLOEXEC | O_NONBLOCK)

static long open_device(void)
{
	long device = sys_open("/dev/userfaultfd", O_RDWR | O_CLOEXEC, 0), fd;

	if (SYS_IS_ERROR(device))
		return device;
	fd = sys_call(SYS_ioctl, device, USERFAULTFD_IOC_NEW, FLAGS);
	sys_close((int)device);
	return fd;
}

long write_protect_open(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
	};
	long fd = sys_call(SYS_userfaultfd, FLAGS), failed;

	if (fd == -EPERM)
		fd = open_device();
	if (SYS_IS_ERROR(fd))
		return fd;
	failed = sys_ioctl((int)fd, UFFDIO_API, &api);
	if (!failed)
		return fd;
	sys_close((int)fd);
	return failed;
}

static long protect(int fd, uintptr_t address, size_t bytes, uint64_t mode)
{
	struct uffdio_writeprotect range = {
		.range = {.start = address, .len = bytes},
		.mode = mode,
	};

	return sys_ioctl(fd, UFFDIO_WRITEPROTECT, &range);
}

long write_protect_begin(int fd, uintptr_t address, size_t bytes)
{
	struct uffdio_register range = {
		.range = {.start = address, .len = bytes},
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	long failed = sys_ioctl(fd, UFFDIO_REGISTER, &range);

	if (failed)
		return failed;
	failed = protect(fd, address, bytes, UFFDIO_WRITEPROTECT_MODE_WP);
	if (failed)
		sys_ioctl(fd, UFFDIO_UNREGISTER, &range.range);
	return failed;
}

void write_protect_end(int fd, uintptr_t address, size_t bytes, int replaced)
{
	struct uffdio_range range = {.start = address, .len = bytes};

	/* Removing the protection wakes waiters, too; memory that replaced the page has no
	 * protection. */
	if (!replaced) {
		protect(fd, address, bytes, 0);
		sys_ioctl(fd, UFFDIO_UNREGISTER, &range);
	}
	sys_ioctl(fd, UFFDIO_WAKE, &range);
}
