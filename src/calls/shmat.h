/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shmat, if it replaces memory that touches a region (SHM_REMAP), or attaches within one.
 *
 * Sets errno as libc's function does.
 */
#ifndef CALLS_SHMAT_H
#define CALLS_SHMAT_H

void *call_shmat(int id, const void *address, int flags);

/* shmdt, of a segment that lies in a region: what it was attached over is free again. */
int call_shmdt(const void *address);

/* shmctl(2), for the segment that replaces the one that the program names (shm_segments.h). */
struct shmid_ds;
int call_shmctl(int id, int command, struct shmid_ds *argument);

#endif
