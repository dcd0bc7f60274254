/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves memory to where other memory is, in one step for all threads (mremap with MREMAP_FIXED).
 *
 * The kernel unmaps the target before it moves anything, and may fail after that: for want of
 * memory for its tables, or because it does not move hugetlb pages (before Linux 5.16). It leaves
 * a hole then, and the old memory is gone. System calls and memory copies only.
 */
#ifndef MOVE_H
#define MOVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOVE_COPIED 1

/*
 * Moves [from, from + bytes), one mapping, over what is mapped at `to`. Returns 0; or MOVE_COPIED:
 * the kernel left a hole, and the content is at `to` on new small pages with these rights and this
 * protection key; or -errno with the old memory at `to`. If it is not 0, the caller still has to
 * unmap `from`.
 */
int move_over(uintptr_t from, size_t bytes, uintptr_t to, int rights, int key);

/* The second half of it, after any call that was to replace the memory at `to` and failed. False:
 * that memory is still there. */
bool move_fill_hole(uintptr_t from, size_t bytes, uintptr_t to, int rights, int key);

#endif
