/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls without libc: each returns a value or -errno, leaves errno unchanged and needs no
 * libc data, so it can be used anywhere in the library, in a fork's child, and while libc's own
 * text is being exchanged.
 *
 * The library's own calls all go through sys_gate(), the one place where tests make them fail. A
 * call of the user's program that the library only passes on goes through sys_pass().
 */
#ifndef SYS_H
#define SYS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <kernel.h>

#include "base/linux_abi.h"

/* For every call, results from -4095 to -1 are errors. */
#define SYS_IS_ERROR(result) ((unsigned long)(result) > -4096UL)

/* Makes one system call; tests replace this function by one that fails on request. */
long sys_gate(long number, long a, long b, long c, long d, long e, long f);

#define SYS_PAD(function, number, a, b, c, d, e, f, ...) \
	function(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* A system call of the library, with the arguments that the call takes: integers and pointers. */
#define sys_call(number, ...) SYS_PAD(sys_gate, number, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* A system call on behalf of the user's program: tests never make it fail. */
#define sys_pass(number, ...) SYS_PAD(cpu_system_call, number, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static inline long sys_mmap(uintptr_t address, size_t bytes, int protection, int flags, int fd,
			    uint64_t offset)
{
	return sys_call(CPU_MMAP_NUMBER, address, bytes, protection, flags, fd,
			(long)(offset / CPU_MMAP_OFFSET_UNIT));
}

/*
 * Maps at address, if nothing is mapped there yet. Returns 0, -EEXIST (something is mapped there),
 * or -errno. Kernels before 4.17 take the flag as a hint: a mapping that they place elsewhere is
 * unmapped again.
 */
int sys_mmap_at(uintptr_t address, size_t bytes, int protection, int flags, int fd,
		uint64_t offset);

/*
 * Maps private anonymous memory at a multiple of align, a power of two and at least a base page.
 * Returns the address or -errno.
 */
long sys_mmap_aligned(size_t bytes, size_t align, int protection);

static inline int sys_munmap(uintptr_t address, size_t bytes)
{
	return (int)sys_call(SYS_munmap, address, bytes);
}

static inline long sys_mremap(uintptr_t old_address, size_t old_bytes, size_t new_bytes, int flags,
			      uintptr_t new_address)
{
	return sys_call(SYS_mremap, old_address, old_bytes, new_bytes, flags, new_address);
}

/*
 * Moves the longest piece of [from, from + bytes) that the kernel moves in one call: the kernel
 * takes one mapping at a time, and this tries all, then half, down to one unit. What is mapped at
 * `to` is replaced. Returns the length of the piece, 0 if not even one unit can be moved. more:
 * flags added to those of a move. undo: this reverses an earlier move, and no test makes it fail.
 */
size_t sys_move(uintptr_t from, uintptr_t to, size_t bytes, size_t unit, int more, bool undo);

static inline int sys_mprotect(uintptr_t address, size_t bytes, int protection)
{
	return (int)sys_call(SYS_mprotect, address, bytes, protection);
}

/* with_key false: sets no protection key, and does not need a kernel and a CPU that have them. */
static inline int sys_mprotect_key(uintptr_t address, size_t bytes, int protection, bool with_key,
				   int key)
{
	if (!with_key)
		return sys_mprotect(address, bytes, protection);
	return (int)sys_call(SYS_pkey_mprotect, address, bytes, protection, key);
}

static inline int sys_madvise(uintptr_t address, size_t bytes, int advice)
{
	return (int)sys_call(SYS_madvise, address, bytes, advice);
}

/* Makes all pages of a range present and writable (Linux 5.14); an interrupted call is retried. */
int sys_populate(uintptr_t address, size_t bytes);

static inline int sys_mincore(uintptr_t address, size_t bytes, unsigned char *resident)
{
	return (int)sys_call(SYS_mincore, address, bytes, resident);
}

/* The kernel's brk: returns the new break, or the old one on failure. */
static inline long sys_brk(uintptr_t address)
{
	return sys_call(SYS_brk, address);
}

static inline long sys_open(const char *path, int flags, int mode)
{
	return sys_call(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* The same, relative to an open directory; an absolute path ignores the directory. */
static inline long sys_open_at(int directory, const char *name, int flags, int mode)
{
	return sys_call(SYS_openat, directory, name, flags, mode);
}

static inline int sys_make_directory_at(int directory, const char *name, int mode)
{
	return (int)sys_call(SYS_mkdirat, directory, name, mode);
}

/* Creates a name for the file that path leads to; for an open file, path is its link in /proc. */
static inline int sys_link_at(const char *path, int directory, const char *name)
{
	return (int)sys_call(SYS_linkat, AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW);
}

static inline int sys_unlink(const char *path)
{
	return (int)sys_call(SYS_unlinkat, AT_FDCWD, path);
}

static inline int sys_unlink_at(int directory, const char *name)
{
	return (int)sys_call(SYS_unlinkat, directory, name);
}

static inline int sys_close(int fd)
{
	return (int)sys_call(SYS_close, fd);
}

static inline long sys_read(int fd, void *buffer, size_t bytes)
{
	return sys_call(SYS_read, fd, buffer, bytes);
}

/* A 32-bit CPU passes the offset in two halves. */
static inline long sys_pread(int fd, void *buffer, size_t bytes, uint64_t offset)
{
	if (sizeof(long) == 8)
		return sys_call(SYS_pread64, fd, buffer, bytes, offset);
	return sys_call(SYS_pread64, fd, buffer, bytes, (long)offset, (long)(offset >> 32));
}

/*
 * A call that may grow a file or write to a pipe. If the process's limit (ulimit -f) forbids it, or
 * the pipe has no reader, it returns -EFBIG or -EPIPE without the signal that would kill the
 * program. All other signals are delivered as usual, because a write may block.
 */
long sys_without_signal(long number, long a, long b, long c, long d, long e, long f);

static inline long sys_write(int fd, const void *buffer, size_t bytes)
{
	return sys_without_signal(SYS_write, fd, (long)buffer, (long)bytes, 0, 0, 0);
}

/* As sys_pread; the upper half is 0 for what the library writes. */
static inline long sys_pwrite(int fd, const void *buffer, size_t bytes, size_t offset)
{
	return sys_without_signal(SYS_pwrite64, fd, (long)buffer, (long)bytes, (long)offset, 0, 0);
}

/* The size must fit into a signed long. */
static inline int sys_set_size(int fd, size_t bytes)
{
	return (int)sys_without_signal(SYS_ftruncate, fd, (long)bytes, 0, 0, 0, 0);
}

/*
 * Writes all of the parts, one after the other, and changes them on the way. Returns 0, or -errno
 * after a partial write.
 */
int sys_writev(int fd, struct iovec *parts, int count);

/* The machine's memory; 1 GiB if it cannot be read. */
uint64_t sys_memory_bytes(void);

/* A limit of the process (RLIMIT_...); UINT64_MAX: no limit, or it could not be read. */
uint64_t sys_limit(int resource);

static inline long sys_ioctl(int fd, unsigned long request, void *argument)
{
	return sys_call(SYS_ioctl, fd, request, argument);
}

/* Allocates the pages of a file. A 32-bit CPU passes both numbers in halves. */
static inline int sys_fallocate(int fd, uint64_t offset, uint64_t bytes)
{
	if (sizeof(long) == 8)
		return (int)sys_without_signal(SYS_fallocate, fd, 0, (long)offset, (long)bytes, 0,
					       0);
	return (int)sys_without_signal(SYS_fallocate, fd, 0, (long)offset, (long)(offset >> 32),
				       (long)bytes, (long)(bytes >> 32));
}

/* posix_fadvise: 0 or -errno. */
static inline int sys_advise_file(int fd, uint64_t offset, uint64_t bytes, int advice)
{
	if (sizeof(long) == 8)
		return (int)sys_call(CPU_FADVISE_NUMBER, fd, offset, bytes, advice);
	return (int)sys_call(CPU_FADVISE_NUMBER, fd, offset, (long)(offset >> 32), bytes,
			     (long)(bytes >> 32), advice);
}

/* Drops part of a file from the page cache, except pages that are mapped. */
static inline int sys_forget_cache(int fd, uint64_t offset, uint64_t bytes)
{
	return sys_advise_file(fd, offset, bytes, POSIX_FADV_DONTNEED);
}

/* Has a part of a file read into the page cache; does not wait for it. */
static inline int sys_want_cache(int fd, uint64_t offset, uint64_t bytes)
{
	return sys_advise_file(fd, offset, bytes, POSIX_FADV_WILLNEED);
}

/* Sets the thread's mask of blocked signals, one bit per signal; stores the old mask in before
 * unless that is NULL. */
static inline int sys_block_signals(const uint64_t *blocked, uint64_t *before)
{
	return (int)sys_call(SYS_rt_sigprocmask, SIG_SETMASK, blocked, before, sizeof(*blocked));
}

/* The same, restoring the old mask. */
void sys_restore_signals(const uint64_t *before);

/* Adds signals to that mask. */
static inline int sys_block_more_signals(const uint64_t *more, uint64_t *before)
{
	return (int)sys_call(SYS_rt_sigprocmask, SIG_BLOCK, more, before, sizeof(*more));
}

/*
 * May this thread read all of a range? Uses a call that the kernel refuses after it has read eight
 * bytes and that programs make under any filter, so that an invalid pointer from the program
 * results in an error number. bytes is at least 8.
 */
bool sys_can_read(const void *address, size_t bytes);

/* The signals that the thread blocks and that are pending. */
static inline int sys_pending_signals(uint64_t *pending)
{
	return (int)sys_call(SYS_rt_sigpending, pending, sizeof(*pending));
}

/* Consumes one of these signals if it is pending: returns its number, or -EAGAIN. */
static inline long sys_take_signal(const uint64_t *signals)
{
	const long no_time[2] = {0, 0};

	return sys_call(SYS_rt_sigtimedwait, signals, 0, no_time, sizeof(*signals));
}

static inline long sys_getdents64(int fd, void *buffer, size_t bytes)
{
	return sys_call(SYS_getdents64, fd, buffer, bytes);
}

static inline long sys_memfd_create(const char *name, unsigned int flags)
{
	return sys_call(SYS_memfd_create, name, flags);
}

/* The length of the path with its zero byte; the path does not begin with a slash if the directory
 * is unreachable. */
static inline long sys_getcwd(char *path, size_t bytes)
{
	return sys_call(SYS_getcwd, path, bytes);
}

static inline long sys_getpid(void)
{
	return sys_call(SYS_getpid);
}

/* The user for file system access, unless the process changed it by setfsuid. */
static inline long sys_geteuid(void)
{
	return sys_call(CPU_GETEUID_NUMBER);
}

static inline int sys_uname(struct utsname *name)
{
	return (int)sys_call(SYS_uname, name);
}

/* The status of the open file fd (Linux 4.11). */
static inline int sys_statx_fd(int fd, struct statx *file)
{
	return (int)sys_call(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, file);
}

/* Also right on btrfs: only /proc/PID/maps names another device than statx there. */
static inline bool sys_same_file(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
	       a->stx_dev_minor == b->stx_dev_minor;
}

/* The target of a symbolic link, without a zero byte at the end. */
static inline long sys_readlink(const char *path, char *target, size_t bytes)
{
	return sys_call(SYS_readlinkat, AT_FDCWD, path, target, bytes);
}

static inline int sys_statfs(const char *path, struct statfs64 *filesystem)
{
	if (CPU_STATFS_TAKES_SIZE)
		return (int)sys_call(CPU_STATFS_NUMBER, path, sizeof(*filesystem), filesystem);
	return (int)sys_call(CPU_STATFS_NUMBER, path, filesystem);
}

/* The same, for the file system of an open file. */
static inline int sys_statfs_fd(int fd, struct statfs64 *filesystem)
{
	if (CPU_STATFS_TAKES_SIZE)
		return (int)sys_call(CPU_FSTATFS_NUMBER, fd, sizeof(*filesystem), filesystem);
	return (int)sys_call(CPU_FSTATFS_NUMBER, fd, filesystem);
}

/* Does the process have that access (R_OK, W_OK, X_OK) to the file? */
static inline int sys_access(const char *path, int mode)
{
	return (int)sys_call(SYS_faccessat, AT_FDCWD, path, mode);
}

/* Queries what one descriptor is ready for, without waiting. */
static inline long sys_poll_now(struct pollfd *descriptor)
{
	const long no_time[2] = {0, 0};

	return sys_call(SYS_ppoll, descriptor, 1, no_time);
}

static inline int sys_pipe2(int ends[2], int flags)
{
	return (int)sys_call(SYS_pipe2, ends, flags);
}

/*
 * Is a system call filter installed in this process (seccomp mode 2)? It may kill the process for a
 * call that it does not know. False if the kernel has no seccomp.
 */
static inline bool sys_is_filtered(void)
{
	return sys_call(SYS_prctl, PR_GET_SECCOMP) > 0;
}

/* Ends the process at once, without running destructors. */
static inline void sys_exit_group(int status)
{
	for (;;)
		cpu_system_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

/* Does this process have no other thread, whether libc's or raw? True if that cannot be
 * determined. */
bool sys_is_only_task(void);

/* How many threads this process has, by /proc; 1 if that cannot be determined. */
unsigned int sys_count_tasks(void);

/*
 * The program's own shmget(2), passed on. There is no next definition to look up, so it works in a
 * static program too. bytes is the program's, or rounded by the library.
 */
static inline long sys_shmget(int key, size_t bytes, int flags)
{
	if (CPU_SHMGET_BY_IPC)
		return sys_pass(CPU_SHMGET_NUMBER, IPC_CALL_SHMGET, key, bytes, flags);
	return sys_pass(CPU_SHMGET_NUMBER, key, bytes, flags);
}

/* shmat(2) of the program, passed on: an address, or -errno. */
static inline long sys_shmat(int id, const void *address, int flags)
{
	unsigned long at;
	long failed;

	if (!CPU_SHMGET_BY_IPC)
		return sys_pass(CPU_SHMAT_NUMBER, id, address, flags);
	failed = sys_pass(CPU_SHMAT_NUMBER, 21 /* SHMAT */, id, flags, &at, address);
	return failed ? failed : (long)at;
}

static inline int sys_shmdt(const void *address)
{
	if (CPU_SHMGET_BY_IPC)
		return (int)sys_call(CPU_SHMDT_NUMBER, 22 /* SHMDT */, 0, 0, 0, address);
	return (int)sys_call(CPU_SHMDT_NUMBER, address);
}

/* shmctl(2). */
static inline long sys_shmctl(int id, int command, void *argument)
{
	if (CPU_SHMGET_BY_IPC)
		return sys_call(CPU_SHMCTL_NUMBER, 24 /* SHMCTL */, id,
				command | 0x100 /* IPC_64 */, 0, argument);
	return sys_call(CPU_SHMCTL_NUMBER, id, command, argument);
}

/* Binds the pages of a range that are allocated from now on to one NUMA node. */
static inline int sys_mbind(uintptr_t address, size_t bytes, const unsigned long *nodes,
			    unsigned long node_bits)
{
	return (int)sys_call(SYS_mbind, address, bytes, MPOL_BIND, nodes, (long)node_bits + 1);
}

/* Opens a file, reads up to bytes - 1 of it, closes it and terminates the text with a zero byte. */
long sys_read_file(const char *path, char *buffer, size_t bytes);

/*
 * The program is in a sandbox: from now on the library makes only the system calls of growth (mmap,
 * munmap, madvise), because any other could kill the program. Set by process_enter_sandbox()
 * (region/process.h).
 */
extern bool sys_sandboxed;

#endif
