/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps every task from writing to hugetlb pages: other threads, the kernel on their behalf (signal
 * frames, read(2), io_uring) and other processes (process_vm_writev). A writer waits in the kernel,
 * unless it holds the page already: a process_vm_writev that has begun goes on.
 *
 * Uses userfaultfd write protection that includes kernel accesses, which is available to root, to
 * all users with vm.unprivileged_userfaultfd, and to users who may open /dev/userfaultfd (Linux
 * 6.1); for hugetlb pages since Linux 5.19. The user-mode-only kind is never used: with it the
 * kernel's own writes fail.
 *
 * System calls only; writes only to the caller's stack. For a helper (helper.h), because a caller
 * whose own stack is protected would wait for itself.
 */
#ifndef WRITE_PROTECT_H
#define WRITE_PROTECT_H

#include <stddef.h>
#include <stdint.h>

/* Returns a close-on-exec descriptor for the next two functions, which the caller closes, or
 * -errno. */
long write_protect_open(void);

/* From here on, writers to the whole pages [address, address + bytes) wait. Returns 0 or -errno. */
long write_protect_begin(int fd, uintptr_t address, size_t bytes);

/* Wakes the waiters. `replaced`: other memory is mapped there by now. */
void write_protect_end(int fd, uintptr_t address, size_t bytes, int replaced);

#endif
