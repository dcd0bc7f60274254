/*
 * What libc's entries lead to once they are redirected: the functions that every call of sbrk,
 * brk, mmap … in the process ends in, libc's own malloc included.
 *
 * A call that does not touch a region goes to the kernel as it came. All set errno as libc's do.
 * Where there is no region (a redirection that failed, and could not be undone) they do what libc's
 * do.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

void *call_sbrk(intptr_t delta);

/* The kernel's break, as sbrk has it without us: the old one, or -ENOMEM. */
long calls_kernel_sbrk(intptr_t delta);

int call_brk(void *address);
void *call_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
void *call_mmap64(void *address, size_t bytes, int protection, int flags, int fd, off64_t offset);
int call_munmap(void *address, size_t bytes);
void *call_mremap(void *address, size_t bytes, size_t new_bytes, int flags, void *new_address);
int call_mprotect(void *address, size_t bytes, int protection);
int call_pkey_mprotect(void *address, size_t bytes, int protection, int key);
int call_madvise(void *address, size_t bytes, int advice);
int call_posix_madvise(void *address, size_t bytes, int advice);
ssize_t call_process_madvise(int process, const struct iovec *parts, size_t count, int advice,
			     unsigned int flags);
int call_mlock(const void *address, size_t bytes);
int call_mlock2(const void *address, size_t bytes, unsigned int flags);
int call_mlockall(int flags);
int call_munlockall(void);
int call_munlock(const void *address, size_t bytes);
int call_ioctl(int fd, unsigned long request, void *argument);
int call_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

/*
 * For what else stands in for the kernel (move.c), under the lock. Before a call that changes
 * [from, to): what it covers of a hugetlb page in part (or, with all, at all) becomes small; 0 or
 * -ENOMEM. Advice and locks as madvise and mlock have them, on whole small pages. After a call:
 * what is there now is the program's.
 */
long calls_make_small(uintptr_t from, uintptr_t to, bool all);
long calls_advise(uintptr_t from, uintptr_t to, int advice);
long calls_lock(uintptr_t from, uintptr_t to);
void calls_note_unmapped(uintptr_t from, uintptr_t to);
void calls_note_mapped(uintptr_t from, uintptr_t to);

/*
 * The trial after the redirection: between begin and end, what the calling thread asks for memory
 * fails and is only noted. end returns whether libc came to us for the break.
 */
void calls_trial_begin(void);
bool calls_trial_end(void);

#endif
