/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Constants of the kernel's interface, under the kernel's names: those that the oldest supported C
 * library (glibc 2.31) does not define, each with the Linux version that introduced it.
 */
#ifndef LINUX_ABI_H
#define LINUX_ABI_H

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22 /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif
#ifndef MADV_COLD
#define MADV_COLD    20 /* Linux 5.4 */
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24 /* Linux 5.18 */
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1 /* Linux 4.4 */
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif
#ifndef SYS_close_range
#define SYS_close_range 436 /* Linux 5.9, on every CPU */
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440 /* Linux 5.10, on every CPU */
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* Linux 4.17; older kernels take it as a hint */
#endif
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 0x0001U
#endif
#ifndef MFD_HUGETLB
#define MFD_HUGETLB 0x0004U /* Linux 4.14 */
#endif

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* Linux 5.7 */
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* Linux 4.14 */
#define MADV_KEEPONFORK 19
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#define MADV_GUARD_REMOVE  103
#endif

#ifndef SYS_clone3
#define SYS_clone3 435 /* Linux 5.3, on every CPU */
#endif

/* The operation number of shmget in ipc(2), on CPUs without a system call for it; linux/ipc.h
 * clashes with sys/ipc.h. */
#define IPC_CALL_SHMGET 23

#endif
