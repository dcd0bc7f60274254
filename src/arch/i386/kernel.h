/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system call instruction of i386.
 *
 * Returns what the kernel returns: a value, or -errno. Needs no libc data. ebx and ebp are saved by
 * hand, because the compiler may use them for the offset table and the frame.
 */
#ifndef CPU_KERNEL_H
#define CPU_KERNEL_H

#include <sys/syscall.h>

/* mmap2 takes its offset in units of 4096 bytes, whatever the page size. */
#define CPU_MMAP_NUMBER      SYS_mmap2
#define CPU_MMAP_OFFSET_UNIT 4096

/* statfs with 64-bit counts is a separate call on this CPU; it takes the structure's size. */
#define CPU_STATFS_NUMBER     SYS_statfs64
#define CPU_FSTATFS_NUMBER    SYS_fstatfs64
#define CPU_STATFS_TAKES_SIZE 1

/* This name's geteuid returns 32 bits. */
#define CPU_GETEUID_NUMBER SYS_geteuid32

/* Kernels before 5.1 have System V shared memory only as operations of ipc(2), whose first argument
 * is the operation's number. */
#define CPU_SHMGET_NUMBER SYS_ipc
#define CPU_SHMAT_NUMBER  SYS_ipc
#define CPU_SHMCTL_NUMBER SYS_ipc
#define CPU_SHMDT_NUMBER  SYS_ipc
#define CPU_SHMGET_BY_IPC 1

/* posix_fadvise, with the advice as the last argument: see sys_forget_cache(). */
#define CPU_FADVISE_NUMBER SYS_fadvise64_64

/* clone takes the address for the child's number last, after the thread area. */
#define CPU_CLONE_CHILD_LAST 1

static inline long cpu_system_call(long number, long a, long b, long c, long d, long e, long f)
{
	const long in_memory[3] = {number, a, f};
	long result;

	__asm__ volatile("pushl %%ebx\n\t"
			 "pushl %%ebp\n\t"
			 "movl 8(%%eax), %%ebp\n\t"
			 "movl 4(%%eax), %%ebx\n\t"
			 "movl (%%eax), %%eax\n\t"
			 "int $0x80\n\t"
			 "popl %%ebp\n\t"
			 "popl %%ebx"
			 : "=a"(result)
			 : "0"(in_memory), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}

#endif
