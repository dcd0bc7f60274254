/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system call instruction of arm64.
 *
 * Returns what the kernel returns: a value, or -errno. Needs no libc data.
 */
#ifndef CPU_KERNEL_H
#define CPU_KERNEL_H

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

/* clone takes the address for the child's number last, after the thread area. */
#define CPU_CLONE_CHILD_LAST 1

static inline long cpu_system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#endif
