/*
 * What the program locked (mlock) of hugetlb pages.
 *
 * The kernel takes no note of it, as they never leave memory. When such a page becomes small the
 * kernel has to be told, so what was locked is remembered here, to the small page. Under the lock
 * (lock.h); system calls only.
 */
#ifndef LOCKED_H
#define LOCKED_H

#include <stdbool.h>
#include <stdint.h>

/* Remembers it; on_fault: as MLOCK_ONFAULT. -ENOSPC: there are too many ranges. */
int locked_add(uintptr_t from, uintptr_t to, bool on_fault);

/* It was unlocked, unmapped or replaced. */
void locked_remove(uintptr_t from, uintptr_t to);

/* Is some of it locked? */
bool locked_any(uintptr_t from, uintptr_t to);

/* Hugetlb pages were moved. */
void locked_move(uintptr_t from, uintptr_t end, uintptr_t to);

/* [from, to) is small now: the kernel locks what was locked of it. 0, or -errno of the kernel's. */
int locked_hand_over(uintptr_t from, uintptr_t to);

#endif
