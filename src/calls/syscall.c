/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * syscall(2): see syscall.h and arch/<cpu>/syscall_entry.h.
 *
 * A call that maps, changes or unmaps memory gets the same treatment as through libc's function of
 * that name, except that new mappings are never served from huge pages: a program that avoids
 * mmap(3) has its reasons.
 */
#include <sys/syscall.h>

#include "base/sys.h"
#include "calls/brk.h"
#include "calls/clone.h"
#include "calls/madvise.h"
#include "calls/mempolicy.h"
#include "calls/mlock.h"
#include "calls/mmap.h"
#include "calls/mremap.h"
#include "calls/prctl.h"
#include "calls/result.h"
#include "calls/shmat.h"
#include "calls/syscall.h"
#include "calls/userfaultfd.h"

#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450 /* Linux 5.17, on every CPU */
#endif
#ifndef SYS_mseal
#define SYS_mseal 462 /* Linux 6.10, on every CPU */
#endif

#define NUMBERS 512

/*
 * 1: calls with this number go to call_syscall_ours(). 2: they do if call_syscall_is_ours() returns
 * true.
 */
extern const unsigned char call_syscall_seen[NUMBERS];

const unsigned char call_syscall_seen[NUMBERS] = {
	[CPU_MMAP_NUMBER] = 1,
	[SYS_munmap] = 1,
	[SYS_mremap] = 1,
	[SYS_mprotect] = 1,
	[SYS_pkey_mprotect] = 1,
	[SYS_madvise] = 1,
	[SYS_process_madvise] = 1,
	[SYS_mlock] = 1,
	[SYS_mlock2] = 1,
	[SYS_munlock] = 1,
	[SYS_mlockall] = 1,
	[SYS_munlockall] = 1,
	[SYS_mbind] = 1,
	[SYS_set_mempolicy] = 1,
	[SYS_set_mempolicy_home_node] = 1,
	[SYS_mseal] = 1,
	[SYS_shmat] = 1,
	[SYS_shmdt] = 1,
	[SYS_ioctl] = 1,
	[SYS_prctl] = 1,
	[SYS_seccomp] = 1,
	[SYS_brk] = 1, /* see brk.h */
	[SYS_clone] = 2,
	[SYS_clone3] = 2,
#ifdef SYS_fork
	[SYS_fork] = 2,
#endif
};

CPU_SYSCALL_ENTRY(512);
_Static_assert(NUMBERS == 512, "as the entry point has it");

long call_syscall_failed(long result);
long call_syscall_failed(long result)
{
	return answer(result);
}

bool call_syscall_is_ours(long number, long a, long b);
bool call_syscall_is_ours(long number, long a, long b)
{
	return clone_is_fork((int)number, a, b);
}

/* Handles the numbers of the table, and no others. */
long call_syscall_ours(long number, long a, long b, long c, long d, long e, long f);
long call_syscall_ours(long number, long a, long b, long c, long d, long e, long f)
{
	void *address = (void *)a;
	size_t bytes = (size_t)b;

	/* the kernel uses no more of it than this */
	switch ((int)number) {
	case SYS_brk:
		return call_brk_by_number((uintptr_t)a);
	case CPU_MMAP_NUMBER:
		return (long)call_mmap_by_number(address, bytes, (int)c, (int)d, (int)e,
						 (unsigned long)f);
	case SYS_munmap:
		return call_munmap(address, bytes);
	case SYS_mremap:
		return (long)call_mremap(address, bytes, (size_t)c, (int)d, (void *)e);
	case SYS_mprotect:
		return call_mprotect(address, bytes, (int)c);
	case SYS_pkey_mprotect:
		return call_pkey_mprotect(address, bytes, (int)c, (int)d);
	case SYS_madvise:
		return call_madvise(address, bytes, (int)c);
	case SYS_process_madvise:
		return call_process_madvise((int)a, (const struct iovec *)b, (size_t)c, (int)d,
					    (unsigned int)e);
	case SYS_mlock:
		return call_mlock(address, bytes);
	case SYS_mlock2:
		return call_mlock2(address, bytes, (unsigned int)c);
	case SYS_munlock:
		return call_munlock(address, bytes);
	case SYS_mlockall:
		return call_mlockall((int)a);
	case SYS_munlockall:
		return call_munlockall();
	case SYS_mbind:
		return call_mbind(address, bytes, (int)c, (const unsigned long *)d,
				  (unsigned long)e, (unsigned int)f);
	case SYS_set_mempolicy:
		return call_set_mempolicy((int)a, (const unsigned long *)b, (unsigned long)c);
	case SYS_shmat:
		return (long)call_shmat((int)a, (const void *)b, (int)c);
	case SYS_shmdt:
		return call_shmdt(address);
	case SYS_ioctl:
		return call_ioctl((int)a, (unsigned long)b, (void *)c);
	case SYS_prctl:
		return call_prctl((int)a, (unsigned long)b, (unsigned long)c, (unsigned long)d,
				  (unsigned long)e);
	case SYS_clone:
	case SYS_clone3:
#ifdef SYS_fork
	case SYS_fork:
#endif
		return answer(clone_system_call((int)number, a, b, c, d, e));
	case SYS_seccomp:
		return call_seccomp((unsigned int)a, (unsigned int)b, (void *)c);
	default:
		return call_on_parts((int)number, address, bytes, c, d);
	}
}
