/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open: see open.h.
 *
 * libc's open is a cancellation point. So it is not replaced by a system call, but by libc's
 * openat, which does the same.
 */
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "calls/open.h"
#include "pages/source.h"
#include "proc/pagemap.h"
#include "region/transparent.h"

typedef int openat_function(int directory, const char *path, int flags, ...);

static openat_function *libc_openat, *libc_openat64;

bool open_prepare(const struct libc *libc)
{
	libc_openat = (openat_function *)libc_symbol(libc, "openat", NULL);
	libc_openat64 = (openat_function *)libc_symbol(libc, "openat64", NULL);
	return libc_openat && libc_openat64;
}

/* The rest of the text after the given prefix, or NULL. */
static const char *after(const char *text, const char *word)
{
	size_t length = strlen(word);

	return text && !strncmp(text, word, length) ? text + length : NULL;
}

/* Is it this process's own file? The kernel has already read the path. */
static bool is_own_clear_refs(const char *path)
{
	const char *name = after(path, "/proc/");
	char number[24];

	if (!name || !strstr(name, "/clear_refs"))
		return false;
	text_format(number, sizeof(number), "%ld/", sys_getpid());
	if (after(name, number))
		name = after(name, number);
	else
		name = after(name, after(name, "self/") ? "self/" : "thread-self/");
	return name && !strcmp(name, "clear_refs");
}

static int opened(int fd, const char *path)
{
	if (fd >= 0 && !source_without_hugetlb && is_own_clear_refs(path) &&
	    pagemap_has_soft_dirty()) {
		log_info("soft-dirty bits: the program opened %s, and the kernel does not track "
			 "them for hugetlb pages; its memory moves to transparent huge pages",
			 path);
		transparent_from_now();
	}
	return fd;
}

static bool is_for_writing(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY;
}

int call_open(const char *path, int flags, mode_t mode)
{
	if (!is_for_writing(flags))
		return libc_openat(AT_FDCWD, path, flags, mode);
	return opened(libc_openat(AT_FDCWD, path, flags, mode), path);
}

int call_open64(const char *path, int flags, mode_t mode)
{
	if (!is_for_writing(flags))
		return libc_openat64(AT_FDCWD, path, flags, mode);
	return opened(libc_openat64(AT_FDCWD, path, flags, mode), path);
}
