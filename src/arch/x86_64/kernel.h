/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system call instruction of x86-64.
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

/* clone takes the address for the child's number before the thread area. */
#define CPU_CLONE_CHILD_LAST 0

static inline long cpu_system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#endif
