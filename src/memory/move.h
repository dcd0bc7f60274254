/*
 * mremap of memory that touches a region.
 *
 * What is one mapping to the program may be several to the kernel: hugetlb pages, small ones that
 * took the place of a huge one, a tail. The kernel moves one mapping a call, so a range that is of
 * one kind (contiguous, private, of the same rights) is moved piece by piece.
 */
#ifndef MOVE_H
#define MOVE_H

#include <stddef.h>
#include <stdint.h>

/*
 * As the system call, with whole small pages; under the lock. The address, or -errno with
 * everything as it was.
 */
long move_remap(uintptr_t from, size_t bytes, size_t new_bytes, int flags, uintptr_t to);

#endif
