/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In-memory files for code: see executable.h.
 */
#include <errno.h>

#include "base/sys.h"
#include "pages/executable.h"
#include "pages/sparse.h"

/* Kernels before 6.3 do not know the flag for an executable file. */
long executable_file(const char *name)
{
	long fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_EXEC);

	if (fd == -EINVAL)
		fd = sys_memfd_create(name, MFD_CLOEXEC);
	return fd;
}

static int write_at(int fd, const unsigned char *bytes, size_t count, size_t offset)
{
	while (count) {
		long wrote = sys_pwrite(fd, bytes, count, offset);

		if (wrote == -EINTR)
			continue;
		if (wrote <= 0)
			return wrote ? (int)wrote : -ENOSPC;
		bytes += wrote;
		offset += (size_t)wrote;
		count -= (size_t)wrote;
	}
	return 0;
}

int executable_copy(int fd, const unsigned char *bytes, size_t count, size_t page_bytes)
{
	size_t from = 0;
	int failed = sys_set_size(fd, count);

	while (!failed && from < count) {
		size_t to = from;

		while (to < count && !sparse_is_zero((uintptr_t)(bytes + to), page_bytes))
			to += page_bytes;
		failed = write_at(fd, bytes + from, to - from, from);
		from = to + page_bytes;
	}
	return failed;
}
