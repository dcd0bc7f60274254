/*
 * mmap, munmap and mprotect.
 *
 * All set errno as libc's do.
 * A call that touches no region goes to the kernel as it came.
 */
#ifndef CALLS_MMAP_H
#define CALLS_MMAP_H

#include <stddef.h>
#include <sys/types.h>

void *call_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
void *call_mmap64(void *address, size_t bytes, int protection, int flags, int fd, off64_t offset);
int call_munmap(void *address, size_t bytes);
int call_mprotect(void *address, size_t bytes, int protection);
int call_pkey_mprotect(void *address, size_t bytes, int protection, int key);

#endif
