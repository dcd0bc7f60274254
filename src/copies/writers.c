/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has anybody a file open for writing? See writers.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/sys.h"
#include "copies/writers.h"

enum writers writers_of(int fd)
{
	long failed = sys_call(SYS_fcntl, fd, F_SETSIG, SIGURG);

	if (!failed)
		failed = sys_call(SYS_fcntl, fd, F_SETLEASE, F_RDLCK);
	if (failed == -EAGAIN)
		return WRITERS_SOME;
	if (failed)
		return WRITERS_UNKNOWN;
	sys_call(SYS_fcntl, fd, F_SETLEASE, F_UNLCK);
	return WRITERS_NONE;
}
