/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeping everybody from writing to hugetlb pages: other threads, the kernel on their behalf
 * (signal frames, read(2), io_uring) and other processes (process_vm_writev). Whoever writes waits
 * in the kernel.
 *
 * By userfaultfd write protection of the whole kind, which root has, everybody with
 * vm.unprivileged_userfaultfd, and whoever may open /dev/userfaultfd (Linux 6.1); for hugetlb pages
 * since Linux 5.19. The kind for user mode only is never used: there, the kernel's own writes fail.
 *
 * System calls only, nothing is written to but the caller's stack: for a helper (helper.h), as a
 * caller whose own stack is protected would wait for itself.
 */
#ifndef WRITE_PROTECT_H
#define WRITE_PROTECT_H

#include <stddef.h>
#include <stdint.h>

/* Returns a close-on-exec descriptor for the next two, which the caller closes, or -errno. */
long write_protect_open(void);

/* Nobody writes to whole pages [address, address + bytes) from here on. 0 or -errno. */
long write_protect_begin(int fd, uintptr_t address, size_t bytes);

/* Wakes whoever waits. `replaced`: other memory is mapped there by now. */
void write_protect_end(int fd, uintptr_t address, size_t bytes, int replaced);

#endif
