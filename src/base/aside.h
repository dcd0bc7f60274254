/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for the library's lists and states, far from everything else.
 *
 * The kernel puts a small mapping into the highest hole that it fits into. In a program with holes
 * between its segments, or after the last of them, it would choose one of those: a list of the
 * library would then lie in a huge page that is meant for the program, and be in its way, or be
 * unmapped with it.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include <stddef.h>

/*
 * Maps bytes of private memory, readable and writable, with nothing else mapped at that moment
 * within a huge page on either side; if there is no such place, wherever the kernel chooses. With
 * MAP_NORESERVE in flags, nothing is reserved for it. Returns the address, which sys_munmap()
 * frees, or -errno.
 */
long aside_map(size_t bytes, int flags);

#endif
