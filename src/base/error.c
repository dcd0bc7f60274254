/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of errors: see error.h. strerrorname_np() needs glibc 2.32, which is newer than the oldest
 * supported version.
 */
#include <errno.h>
#include <stddef.h>

#include "base/error.h"

#define NAME(error) [error] = #error

/* Strings of fixed length: a table of pointers would need relocations at every start. */
static const char names[][sizeof("ENAMETOOLONG")] = {
	NAME(E2BIG),  NAME(EACCES),  NAME(EAGAIN),    NAME(EBADF),     NAME(EBUSY),
	NAME(EEXIST), NAME(EFAULT),  NAME(EFBIG),     NAME(EINTR),     NAME(EINVAL),
	NAME(EIO),    NAME(EISDIR),  NAME(ELOOP),     NAME(EMFILE),    NAME(ENAMETOOLONG),
	NAME(ENFILE), NAME(ENODATA), NAME(ENODEV),    NAME(ENOENT),    NAME(ENOEXEC),
	NAME(ENOMEM), NAME(ENOSPC),  NAME(ENOSYS),    NAME(ENOTDIR),   NAME(ENOTSUP),
	NAME(ENOTTY), NAME(ENXIO),   NAME(EOVERFLOW), NAME(EPERM),     NAME(EPIPE),
	NAME(EROFS),  NAME(ESRCH),   NAME(ESTALE),    NAME(ETIMEDOUT), NAME(EXDEV),
	NAME(ERANGE), NAME(EDQUOT),
};

const char *error_name(long error)
{
	const size_t number = (size_t)(error < 0 ? -error : error);

	return number < sizeof(names) / sizeof(names[0]) && names[number][0] ? names[number]
									     : "error";
}
