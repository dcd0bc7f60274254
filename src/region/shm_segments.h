/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System V segments that HUGETLB_SHM created on hugetlb pages, and their replacement by small
 * pages.
 *
 * The kernel attaches such a segment only at multiples of its huge page, and refuses to protect,
 * advise or unmap a part of it. If the program does that, a segment of small pages replaces it:
 * before it is attached, or if its only attachment is in this process. From then on the old
 * identifier stands for the new segment in this process and in children that it forks; other
 * processes can no longer attach it by that number.
 *
 * All functions need the lock (lock.h), except shm_segments_any() and
 * shm_segments_touch().
 */
#ifndef SHM_SEGMENTS_H
#define SHM_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is there such a segment? */
bool shm_segments_any(void);

/* Was one attached in [from, to)? */
bool shm_segments_touch(uintptr_t from, uintptr_t to);

/* The program has created a segment of that many bytes, whole huge pages of page_bytes. */
void shm_segments_add(int id, int key, size_t bytes, int flags, size_t page_bytes);

/* The identifier that replaces the program's. */
int shm_segments_id(int id);

/* shmat(2): returns an address, or -errno. */
long shm_segments_attach(int id, const void *address, int flags);

/* Replaces segments that are attached in [from, to) by small pages. False: there are none, or it
 * failed, which is logged. */
bool shm_segments_split(uintptr_t from, uintptr_t to);

#endif
