/*
 * Files in memory for code: see executable.h.
 */
#include <errno.h>

#include "pages/executable.h"
#include "sys.h"

/* Kernels before 6.3 don't know the flag that asks for a file that may be executed. */
long executable_file(const char *name)
{
	long fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_EXEC);

	if (fd == -EINVAL)
		fd = sys_memfd_create(name, MFD_CLOEXEC);
	return fd;
}

int executable_write(int fd, const unsigned char *bytes, size_t count)
{
	while (count) {
		long wrote = sys_write(fd, bytes, count);

		if (wrote == -EINTR)
			continue;
		if (wrote <= 0)
			return wrote ? (int)wrote : -ENOSPC;
		bytes += wrote;
		count -= (size_t)wrote;
	}
	return 0;
}
