/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles another library that takes over sbrk.
 *
 * UCX, which Open MPI uses, patches the entries of libc's sbrk, mmap and others while the program
 * runs; sbrk then asks the kernel for the break, below the library's heap, and malloc aborts the
 * program: "break adjusted to free malloc space".
 */
#ifndef FOREIGN_BREAK_H
#define FOREIGN_BREAK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The program makes [from, to) of libc's text writable. If sbrk is there, moves the kernel's break,
 * once, above everything that the library's heap can ever have: whichever code serves malloc then,
 * malloc finds its break further up and continues there, on small pages. Logs one line. If the
 * break cannot be moved (a kernel without CONFIG_CHECKPOINT_RESTORE, or a 32-bit program on a
 * 64-bit kernel, whose layout of the call differs) the line says what to expect.
 */
void foreign_break_expect(uintptr_t from, uintptr_t to);

/* Was the break moved? It is then the kernel's that such a library means. */
bool foreign_break_expected(void);

/* Has malloc grown by the kernel's break since? Then it must not return to the library's break. */
bool foreign_break_in_use(void);

#endif
