/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mmap, munmap and mprotect.
 *
 * All set errno as libc's functions do. A call that touches no region is passed to the kernel
 * unchanged.
 */
#ifndef CALLS_MMAP_H
#define CALLS_MMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Does a mapping of that kind come before a thread? As glibc makes them; posix_spawn's is small. */
bool mmap_is_threads_stack(size_t bytes, int protection, int flags);

void *call_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
void *call_mmap64(void *address, size_t bytes, int protection, int flags, int fd, off64_t offset);

/* The system call when the program makes it by its number: CPU_MMAP_NUMBER. It is never served from
 * huge pages. */
void *call_mmap_by_number(void *address, size_t bytes, int protection, int flags, int fd,
			  unsigned long offset);
int call_munmap(void *address, size_t bytes);
int call_mprotect(void *address, size_t bytes, int protection);
int call_pkey_mprotect(void *address, size_t bytes, int protection, int key);

#endif
