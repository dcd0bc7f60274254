/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System V segments that HUGETLB_SHM put on hugetlb pages, and their way to small pages.
 *
 * The kernel attaches such a segment only at multiples of its huge page, and refuses to protect,
 * advise or unmap a part of it. Where the program does so, a segment of small pages takes its
 * place: before it is attached, or where its only attachment is in this process. The old identifier
 * then stands for the new segment in this process and in its children by fork; other processes
 * cannot attach it by that number any more.
 *
 * All functions need the lock (lock.h), but shm_segments_any().
 */
#ifndef SHM_SEGMENTS_H
#define SHM_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is there one? */
bool shm_segments_any(void);

/* The program made a segment of that many bytes, whole huge pages of page_bytes. */
void shm_segments_add(int id, int key, size_t bytes, int flags, size_t page_bytes);

/* The identifier that stands for the program's. */
int shm_segments_id(int id);

/* shmat(2): an address, or -errno. */
long shm_segments_attach(int id, const void *address, int flags);

/* Puts small pages in the place of segments that are attached in [from, to). False: there is none,
 * or it cannot be done, with a line. */
bool shm_segments_split(uintptr_t from, uintptr_t to);

#endif
