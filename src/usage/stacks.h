/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the threads of a process have their stacks: by their stack pointers, as /proc shows them. A
 * guard below a stack shows it only up to glibc 2.41: later ones guard by MADV_GUARD_INSTALL, which
 * no mapping shows (Linux 6.13).
 */
#ifndef STACKS_H
#define STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The stack pointer in the text of /proc/PID/task/TID/syscall: "<call> <six arguments> <stack
 * pointer> <program counter>". False where it is "running", or empty.
 */
bool stacks_pointer(const char *text, uint64_t *pointer);

/*
 * The stack pointers of a process's threads that wait in the kernel, in ascending order: at most
 * `room`. process: its number, or "self". caller: one more, of the thread that calls, which does
 * not wait; 0: none. Returns how many. System calls only; errno is unchanged.
 */
size_t stacks_read(const char *process, uint64_t caller, uint64_t *pointers, size_t room);

#endif
