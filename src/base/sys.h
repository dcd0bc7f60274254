/*
 * System calls without libc: each returns a value or -errno, leaves errno alone, and needs no
 * libc data, so it can be used from any place of the library, in a fork's child, and while libc's
 * own text is being exchanged.
 *
 * Every call of ours goes through sys_gate(): the one place where tests let them fail. A call that
 * the user's program made and that we merely pass on goes through sys_pass().
 */
#ifndef SYS_H
#define SYS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <kernel.h>

/* Newer than the oldest C library that we build on. The values are the kernel's. */
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

/* The kernel's values from -4095 to -1 are errors, whatever the call. */
#define SYS_IS_ERROR(result) ((unsigned long)(result) > -4096UL)

/* Makes one system call; tests replace this function by one that fails on demand. */
long sys_gate(long number, long a, long b, long c, long d, long e, long f);

/* Makes one system call on behalf of the user's program: never failed by a test. */
static inline long sys_pass(long number, long a, long b, long c, long d, long e, long f)
{
	return cpu_system_call(number, a, b, c, d, e, f);
}

static inline long sys_mmap(uintptr_t address, size_t bytes, int protection, int flags, int fd,
			    uint64_t offset)
{
	return sys_gate(CPU_MMAP_NUMBER, (long)address, (long)bytes, protection, flags, fd,
			(long)(offset / CPU_MMAP_OFFSET_UNIT));
}

static inline long sys_munmap(uintptr_t address, size_t bytes)
{
	return sys_gate(SYS_munmap, (long)address, (long)bytes, 0, 0, 0, 0);
}

static inline long sys_mremap(uintptr_t old_address, size_t old_bytes, size_t new_bytes, int flags,
			      uintptr_t new_address)
{
	return sys_gate(SYS_mremap, (long)old_address, (long)old_bytes, (long)new_bytes, flags,
			(long)new_address, 0);
}

static inline long sys_mprotect(uintptr_t address, size_t bytes, int protection)
{
	return sys_gate(SYS_mprotect, (long)address, (long)bytes, protection, 0, 0, 0);
}

static inline long sys_madvise(uintptr_t address, size_t bytes, int advice)
{
	return sys_gate(SYS_madvise, (long)address, (long)bytes, advice, 0, 0, 0);
}

static inline long sys_mincore(uintptr_t address, size_t bytes, unsigned char *resident)
{
	return sys_gate(SYS_mincore, (long)address, (long)bytes, (long)resident, 0, 0, 0);
}

/* The kernel's brk: returns the break, the old one on failure. */
static inline long sys_brk(uintptr_t address)
{
	return sys_gate(SYS_brk, (long)address, 0, 0, 0, 0, 0);
}

static inline long sys_open(const char *path, int flags, int mode)
{
	return sys_gate(SYS_openat, -100 /* AT_FDCWD */, (long)path, flags, mode, 0, 0);
}

/* The same below an open directory; a name that is a path from the root ignores it. */
static inline long sys_open_at(int directory, const char *name, int flags, int mode)
{
	return sys_gate(SYS_openat, directory, (long)name, flags, mode, 0, 0);
}

static inline long sys_make_directory_at(int directory, const char *name, int mode)
{
	return sys_gate(SYS_mkdirat, directory, (long)name, mode, 0, 0, 0);
}

/* Gives a name to what path leads to: to an open file, where path is its link in /proc. */
static inline long sys_link_at(const char *path, int directory, const char *name)
{
	return sys_gate(SYS_linkat, -100 /* AT_FDCWD */, (long)path, directory, (long)name,
			0x400 /* AT_SYMLINK_FOLLOW */, 0);
}

static inline long sys_unlink(const char *path)
{
	return sys_gate(SYS_unlinkat, -100 /* AT_FDCWD */, (long)path, 0, 0, 0, 0);
}

static inline long sys_unlink_at(int directory, const char *name)
{
	return sys_gate(SYS_unlinkat, directory, (long)name, 0, 0, 0, 0);
}

static inline long sys_close(int fd)
{
	return sys_gate(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline long sys_read(int fd, void *buffer, size_t bytes)
{
	return sys_gate(SYS_read, fd, (long)buffer, (long)bytes, 0, 0, 0);
}

/* A 32-bit CPU takes the offset in two halves, of which the upper is 0 for what we read and write.
 */
static inline long sys_pread(int fd, void *buffer, size_t bytes, size_t offset)
{
	return sys_gate(SYS_pread64, fd, (long)buffer, (long)bytes, (long)offset, 0, 0);
}

/*
 * A call that may let a file grow, or write to a pipe. Where the process's limit (ulimit -f)
 * forbids it, or nobody reads, that comes as -EFBIG or -EPIPE alone, without the signal that would
 * end the program. All other signals come as ever, for a write may wait.
 */
long sys_without_signal(long number, long a, long b, long c, long d, long e, long f);

static inline long sys_write(int fd, const void *buffer, size_t bytes)
{
	return sys_without_signal(SYS_write, fd, (long)buffer, (long)bytes, 0, 0, 0);
}

/* As sys_pread. */
static inline long sys_pwrite(int fd, const void *buffer, size_t bytes, size_t offset)
{
	return sys_without_signal(SYS_pwrite64, fd, (long)buffer, (long)bytes, (long)offset, 0, 0);
}

/* A size that a signed long holds. */
static inline long sys_set_size(int fd, size_t bytes)
{
	return sys_without_signal(SYS_ftruncate, fd, (long)bytes, 0, 0, 0, 0);
}

/*
 * All of the parts, one behind the other, which are changed thereby: 0, or -errno with what could
 * be written.
 */
int sys_writev(int fd, struct iovec *parts, int count);

/* A limit of the process (RLIMIT_...); UINT64_MAX: there is none, or it can't be told. */
uint64_t sys_limit(int resource);

static inline long sys_ioctl(int fd, unsigned long request, void *argument)
{
	return sys_gate(SYS_ioctl, fd, (long)request, (long)argument, 0, 0, 0);
}

/* Gives a file its pages. A 32-bit CPU takes both numbers in halves. */
static inline long sys_fallocate(int fd, uint64_t offset, uint64_t bytes)
{
	if (sizeof(long) == 8)
		return sys_without_signal(SYS_fallocate, fd, 0, (long)offset, (long)bytes, 0, 0);
	return sys_without_signal(SYS_fallocate, fd, 0, (long)offset, (long)(offset >> 32),
				  (long)bytes, (long)(bytes >> 32));
}

/* Lets the page cache forget a part of a file, as far as nobody has it mapped. */
static inline long sys_forget_cache(int fd, uint64_t offset, uint64_t bytes)
{
	if (sizeof(long) == 8)
		return sys_gate(CPU_FADVISE_NUMBER, fd, (long)offset, (long)bytes,
				4 /* POSIX_FADV_DONTNEED */, 0, 0);
	return sys_gate(CPU_FADVISE_NUMBER, fd, (long)offset, (long)(offset >> 32), (long)bytes,
			(long)(bytes >> 32), 4);
}

/* Sets the thread's mask of blocked signals, one bit each; before, unless NULL, gets the old one.
 */
static inline long sys_block_signals(const uint64_t *blocked, uint64_t *before)
{
	return sys_gate(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)blocked, (long)before,
			sizeof(*blocked), 0, 0);
}

/* The same, back to what it was. */
void sys_restore_signals(const uint64_t *before);

/* Adds to that mask. */
static inline long sys_block_more_signals(const uint64_t *more, uint64_t *before)
{
	return sys_gate(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, (long)more, (long)before,
			sizeof(*more), 0, 0);
}

/* Those that the thread blocks and that wait for it. */
static inline long sys_pending_signals(uint64_t *pending)
{
	return sys_gate(SYS_rt_sigpending, (long)pending, sizeof(*pending), 0, 0, 0, 0);
}

/* Takes one of these signals away, where one is pending: its number, or -EAGAIN. */
static inline long sys_take_signal(const uint64_t *signals)
{
	const long no_time[2] = {0, 0};

	return sys_gate(SYS_rt_sigtimedwait, (long)signals, 0, (long)no_time, sizeof(*signals), 0,
			0);
}

static inline long sys_getdents64(int fd, void *buffer, size_t bytes)
{
	return sys_gate(SYS_getdents64, fd, (long)buffer, (long)bytes, 0, 0, 0);
}

static inline long sys_memfd_create(const char *name, unsigned int flags)
{
	return sys_gate(SYS_memfd_create, (long)name, flags, 0, 0, 0, 0);
}

/* The length of the path with its zero byte; it does not begin with a slash where the directory
 * can't be reached. */
static inline long sys_getcwd(char *path, size_t bytes)
{
	return sys_gate(SYS_getcwd, (long)path, (long)bytes, 0, 0, 0, 0);
}

static inline long sys_getpid(void)
{
	return sys_gate(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

/* Who the process is for the file system, unless it says otherwise by setfsuid. */
static inline long sys_geteuid(void)
{
	return sys_gate(CPU_GETEUID_NUMBER, 0, 0, 0, 0, 0, 0);
}

static inline long sys_uname(struct utsname *name)
{
	return sys_gate(SYS_uname, (long)name, 0, 0, 0, 0, 0);
}

/* Says what file fd is (Linux 4.11). */
static inline long sys_statx_fd(int fd, struct statx *file)
{
	return sys_gate(SYS_statx, fd, (long)"", 0x1000 /* AT_EMPTY_PATH */, STATX_BASIC_STATS,
			(long)file, 0);
}

/* Where a symbolic link points, without a zero byte at the end. */
static inline long sys_readlink(const char *path, char *target, size_t bytes)
{
	return sys_gate(SYS_readlinkat, -100 /* AT_FDCWD */, (long)path, (long)target, (long)bytes,
			0, 0);
}

static inline long sys_statfs(const char *path, struct statfs64 *filesystem)
{
	if (CPU_STATFS_TAKES_SIZE)
		return sys_gate(CPU_STATFS_NUMBER, (long)path, sizeof(*filesystem),
				(long)filesystem, 0, 0, 0);
	return sys_gate(CPU_STATFS_NUMBER, (long)path, (long)filesystem, 0, 0, 0, 0);
}

/* The same for the file system of an open file. */
static inline long sys_statfs_fd(int fd, struct statfs64 *filesystem)
{
	if (CPU_STATFS_TAKES_SIZE)
		return sys_gate(CPU_FSTATFS_NUMBER, fd, sizeof(*filesystem), (long)filesystem, 0, 0,
				0);
	return sys_gate(CPU_FSTATFS_NUMBER, fd, (long)filesystem, 0, 0, 0, 0);
}

/* May the process do that (R_OK, W_OK, X_OK) to the file? */
static inline long sys_access(const char *path, int mode)
{
	return sys_gate(SYS_faccessat, -100 /* AT_FDCWD */, (long)path, mode, 0, 0, 0);
}

/* Asks what one descriptor is ready for, without waiting. */
static inline long sys_poll_now(struct pollfd *descriptor)
{
	const long no_time[2] = {0, 0};

	return sys_gate(SYS_ppoll, (long)descriptor, 1, (long)no_time, 0, 0, 0);
}

static inline long sys_pipe2(int ends[2], int flags)
{
	return sys_gate(SYS_pipe2, (long)ends, flags, 0, 0, 0, 0);
}

/*
 * Does a filter of system calls hold for this process, whoever installed it (seccomp, mode 2)? It
 * may kill for a call that it does not know. Where the kernel has no seccomp the answer is no.
 */
static inline bool sys_is_filtered(void)
{
	return sys_gate(SYS_prctl, 21 /* PR_GET_SECCOMP */, 0, 0, 0, 0, 0) > 0;
}

/* Ends the process at once, no destructor run. */
static inline void sys_exit_group(int status)
{
	for (;;)
		cpu_system_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

/* Does this process have no other thread, libc's or raw? True where that can't be told. */
bool sys_single_threaded(void);

/*
 * The program's own shmget(2), passed on: there is no next definition to look for, so it works in
 * a static program too. bytes is the program's, or rounded by us.
 */
static inline long sys_shmget(int key, size_t bytes, int flags)
{
	if (CPU_SHMGET_BY_IPC)
		return sys_pass(CPU_SHMGET_NUMBER, 23 /* SHMGET */, key, (long)bytes, flags, 0, 0);
	return sys_pass(CPU_SHMGET_NUMBER, key, (long)bytes, flags, 0, 0, 0);
}

/* Binds a range's pages, those that are still to come, to one NUMA node. */
static inline long sys_mbind(uintptr_t address, size_t bytes, const unsigned long *nodes,
			     unsigned long node_bits)
{
	return sys_gate(SYS_mbind, (long)address, (long)bytes, 2 /* MPOL_BIND */, (long)nodes,
			(long)node_bits + 1, 0);
}

/* Opens a file, reads up to bytes - 1 of it, closes it and ends the text by a zero byte. */
long sys_read_file(const char *path, char *buffer, size_t bytes);

/*
 * The program has locked itself in: from now on we make only the calls of growth (mmap, munmap,
 * madvise), as any other could end the program. Set by process_enter_sandbox() (region/process.h).
 */
extern bool sys_sandboxed;

#endif
