/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text written to in its own pages: see text_write.h.
 *
 * The way back to executable text is tried where nothing is known to forbid it, and there are two
 * of them: the rights, or a copy in a memfd over the page.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/sys.h"
#include "hook/text_write.h"
#include "pages/executable.h"
#include "proc/mapped_file.h"

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif

#define CHANGES_MAX 32
#define CODE_BYTES  24

/* SELinux may refuse to make text executable that was written to (execmod). */
bool text_write_is_allowed(void)
{
	return !sys_is_filtered() && sys_call(SYS_prctl, PR_GET_MDWE, 0, 0, 0, 0) <= 0 &&
	       sys_access("/sys/fs/selinux/enforce", 0) == -ENOENT;
}

/* Byte by byte: memcpy may lie in the very pages. */
static void put(uintptr_t at, const unsigned char *code, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((volatile unsigned char *)at)[i] = code[i];
	__builtin___clear_cache((char *)at, (char *)at + bytes);
}

static void put_back(uintptr_t from, uintptr_t to, int rights)
{
	long fd;

	if (!sys_pass(SYS_mprotect, from, to - from, rights))
		return;
	fd = executable_file("libhugetlbfs:libc");
	if (SYS_IS_ERROR(fd))
		return;
	if (sys_pass(SYS_pwrite64, fd, from, to - from, 0) == (long)(to - from))
		sys_pass(CPU_MMAP_NUMBER, from, to - from, rights, MAP_PRIVATE | MAP_FIXED, fd, 0);
	sys_pass(SYS_close, fd);
}

/* Signals are blocked. */
static int write_all(uintptr_t from, uintptr_t to, int rights, const struct text_change *changes,
		     int count)
{
	unsigned char before[CHANGES_MAX][CODE_BYTES];
	int failed = sys_mprotect(from, to - from, PROT_READ | PROT_WRITE);

	if (failed)
		return failed;
	for (int i = 0; i < count; i++) {
		for (size_t j = 0; j < changes[i].bytes; j++)
			before[i][j] = ((volatile unsigned char *)changes[i].at)[j];
		put(changes[i].at, changes[i].code, changes[i].bytes);
	}
	failed = sys_mprotect(from, to - from, rights);
	if (failed) {
		for (int i = 0; i < count; i++)
			put(changes[i].at, before[i], changes[i].bytes);
		put_back(from, to, rights);
	}
	return failed;
}

int text_write(uintptr_t from, uintptr_t to, int rights, const struct text_change *changes,
	       int count)
{
	const uint64_t all = UINT64_MAX;
	uint64_t before;
	int failed;

	if (count > CHANGES_MAX)
		return -EPERM;
	for (int i = 0; i < count; i++)
		if (changes[i].bytes > CODE_BYTES)
			return -EPERM;
	failed = sys_block_signals(&all, &before);
	if (failed)
		return failed;
	failed = write_all(from, to, rights, changes, count);
	sys_restore_signals(&before);
	return failed;
}

static bool has_change(uintptr_t page, size_t bytes, const struct text_change *changes, int count)
{
	for (int i = 0; i < count; i++)
		if (changes[i].at + changes[i].bytes >= page && changes[i].at < page + bytes)
			return true;
	return false;
}

/* Reads a page of the file that is mapped there. Returns how many bytes, or -errno. */
static long read_file_page(uintptr_t page, unsigned char *bytes, size_t count)
{
	struct mapped_file file;
	long got = mapped_file_find(page, count, &file);

	if (got)
		return got;
	got = mapped_file_read(&file, 0, bytes, count);
	sys_close(file.fd);
	return got;
}

bool text_write_is_only_change(uintptr_t page, const struct text_change *changes, int count)
{
	const size_t page_bytes = 4096;
	unsigned char bytes[4096];

	if (!has_change(page, getauxval(AT_PAGESZ), changes, count))
		return false;
	for (uintptr_t at = page; at < page + getauxval(AT_PAGESZ); at += page_bytes) {
		if (read_file_page(at, bytes, page_bytes) != (long)page_bytes)
			return true;
		for (int i = 0; i < count; i++)
			for (size_t j = 0; j < changes[i].bytes; j++)
				if (changes[i].at + j - at < page_bytes)
					bytes[changes[i].at + j - at] = changes[i].code[j];
		if (memcmp(bytes, (const void *)at, page_bytes) != 0)
			return false;
	}
	return true;
}
