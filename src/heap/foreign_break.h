/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When another library takes sbrk over.
 *
 * UCX, which Open MPI uses, writes jumps of its own over the entries of libc's sbrk, mmap and
 * others while the program runs; sbrk then asks the kernel for the break, below our heap, and
 * malloc ends the program: "break adjusted to free malloc space".
 */
#ifndef FOREIGN_BREAK_H
#define FOREIGN_BREAK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The program makes [from, to) of libc's text writable. Where sbrk is there, moves the kernel's
 * break, once, behind all that our heap will ever have: whoever answers malloc then, it finds its
 * break further up and goes on, there on small pages. Writes one line. Where the break can't be
 * moved (a kernel without CONFIG_CHECKPOINT_RESTORE, or a 32-bit program on a 64-bit one, whose
 * layout of the call differs) the line says what to expect.
 */
void foreign_break_expect(uintptr_t from, uintptr_t to);

/* Has malloc grown by the kernel's break since? Then it may not come back to ours. */
bool foreign_break_in_use(void);

#endif
