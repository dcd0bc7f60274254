/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls whose number, or whose arguments, differ between CPUs of 32 and of 64 bits: of 64.
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <sys/syscall.h>

/* mmap takes its offset in bytes here. */
#define CPU_MMAP_NUMBER      SYS_mmap
#define CPU_MMAP_OFFSET_UNIT 1

/* statfs fills struct statfs64 on this CPU. */
#define CPU_STATFS_NUMBER     SYS_statfs
#define CPU_FSTATFS_NUMBER    SYS_fstatfs
#define CPU_STATFS_TAKES_SIZE 0

/* This name's geteuid returns 32 bits. */
#define CPU_GETEUID_NUMBER SYS_geteuid

/* System V shared memory has its own system calls on this CPU. */
#define CPU_SHMGET_NUMBER SYS_shmget
#define CPU_SHMAT_NUMBER  SYS_shmat
#define CPU_SHMCTL_NUMBER SYS_shmctl
#define CPU_SHMDT_NUMBER  SYS_shmdt
#define CPU_SHMGET_BY_IPC 0

/* posix_fadvise, with the advice as the last argument: see sys_forget_cache(). */
#define CPU_FADVISE_NUMBER SYS_fadvise64

#endif
