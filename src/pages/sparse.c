/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that reads as zero: see sparse.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/sys.h"
#include "pages/sparse.h"

/* A word at any address. */
typedef unsigned long __attribute__((may_alias, aligned(1))) word;

#define WORDS_AT_ONCE 16

/* The inner loop has a constant length and one exit, so that the compiler can vectorize it. */
bool sparse_is_zero(uintptr_t at, size_t bytes)
{
	const uintptr_t end = at + bytes;

	for (; end - at >= WORDS_AT_ONCE * sizeof(word); at += WORDS_AT_ONCE * sizeof(word)) {
		unsigned long any = 0;

		for (int i = 0; i < WORDS_AT_ONCE; i++)
			any |= ((const word *)at)[i];
		if (any)
			return false;
	}
	for (; at < end; at++)
		if (*(const char *)at)
			return false;
	return true;
}

void sparse_copy(uintptr_t to, uintptr_t from, size_t bytes, size_t page_bytes)
{
	for (size_t done = 0; done < bytes; done += page_bytes)
		if (!sparse_is_zero(from + done, page_bytes))
			memcpy((void *)(to + done), (const void *)(from + done), page_bytes);
}

int sparse_copy_unreadable(uintptr_t to, uintptr_t from, size_t bytes)
{
	unsigned char part[4096];
	long fd = sys_open("/proc/self/mem", O_RDONLY | O_CLOEXEC, 0), got = sizeof(part);

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	for (size_t done = 0; done < bytes && got == sizeof(part); done += sizeof(part)) {
		got = sys_pread((int)fd, part, sizeof(part), from + done);
		if (got == sizeof(part) && !sparse_is_zero((uintptr_t)part, sizeof(part)))
			memcpy((void *)(to + done), part, sizeof(part));
	}
	sys_close((int)fd);
	return got == sizeof(part) ? 0 : -EIO;
}

size_t sparse_bytes(uintptr_t from, size_t bytes, size_t page_bytes)
{
	size_t count = 0;

	for (size_t done = 0; done < bytes; done += page_bytes)
		if (!sparse_is_zero(from + done, page_bytes))
			count += page_bytes;
	return count;
}
