/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for our own lists and states, far from everything else.
 *
 * The kernel puts a small mapping into the highest hole that it fits into. Where a program has
 * holes between its segments, or behind the last of them, that is one of these: a list of ours
 * would lie in a huge page that the program is to have, and be in its way, or go when it comes.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include <stddef.h>

/*
 * Maps bytes of private memory, readable and writable, with nothing mapped within a huge page on
 * either side at that moment; where there is no room for that, wherever the kernel likes. Nothing
 * is reserved for it with MAP_NORESERVE among flags. Returns the address, to be unmapped as it is
 * by sys_munmap(), or -errno.
 */
long aside_map(size_t bytes, int flags);

/* Maps bytes of private memory, readable and writable, on a boundary. The address, or -errno. */
long aside_map_aligned(size_t bytes, size_t alignment);

#endif
