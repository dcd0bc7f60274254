/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of HUGETLB_REPORT: see report_file.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "usage/report_file.h"

static bool is_own_descriptor(const char *path)
{
	static const char *const prefixes[] = {"/dev/fd/", "/proc/self/fd/"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(path, prefixes[i], strlen(prefixes[i])))
			return true;
	return !strcmp(path, "/dev/stderr") || !strcmp(path, "/dev/stdout");
}

static int check(int fd)
{
	struct statx status;
	int failed = sys_statx_fd(fd, &status);

	if (failed || (status.stx_mode & S_IFMT) == S_IFCHR)
		return failed;
	if (status.stx_uid != (unsigned int)sys_geteuid())
		return -EPERM;
	return (status.stx_mode & S_IFMT) == S_IFREG && status.stx_nlink != 1 ? -EPERM : 0;
}

int report_file_open(const char *path, int mode)
{
	const bool own = is_own_descriptor(path);
	long fd = sys_open(path,
			   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
				   (own ? 0 : O_NOFOLLOW),
			   mode);
	int failed;

	if (SYS_IS_ERROR(fd) || own)
		return (int)fd;
	failed = check((int)fd);
	if (!failed)
		return (int)fd;
	sys_close((int)fd);
	return failed;
}
