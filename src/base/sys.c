/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small functions that take more than one system call: no stdio, no malloc.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "base/align.h"
#include "base/sys.h"

bool sys_sandboxed;

/* How often an interrupted call is retried (EINTR; EAGAIN of MADV_POPULATE_WRITE goes away,
 * too). */
#define TRIES_MAX 5

int sys_mmap_at(uintptr_t address, size_t bytes, int protection, int flags, int fd, uint64_t offset)
{
	long at = sys_mmap(address, bytes, protection, flags | MAP_FIXED_NOREPLACE, fd, offset);

	if (SYS_IS_ERROR(at))
		return (int)at;
	if ((uintptr_t)at == address)
		return 0;
	sys_munmap((uintptr_t)at, bytes);
	return -EEXIST;
}

long sys_mmap_aligned(size_t bytes, size_t align, int protection)
{
	const size_t spare = align - getauxval(AT_PAGESZ);
	size_t with_spare, head;
	long at;

	if (__builtin_add_overflow(bytes, spare, &with_spare))
		return -ENOMEM;
	at = sys_mmap(0, with_spare, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (SYS_IS_ERROR(at) || !spare)
		return at;
	head = -(size_t)at & (align - 1);
	if (head)
		sys_munmap((uintptr_t)at, head);
	if (spare > head)
		sys_munmap((uintptr_t)at + head + bytes, spare - head);
	return at + (long)head;
}

size_t sys_move(uintptr_t from, uintptr_t to, size_t bytes, size_t unit, int more, bool undo)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | more;

	for (; bytes; bytes = align_down(bytes / 2, unit)) {
		long at = undo ? sys_pass(SYS_mremap, from, bytes, bytes, flags, to)
			       : sys_mremap(from, bytes, bytes, flags, to);

		if (!SYS_IS_ERROR(at))
			break;
		/* The kernel may have unmapped what kept others away from the target. */
		if (!undo)
			sys_mmap_at(to, bytes, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	}
	return bytes;
}

int sys_populate(uintptr_t address, size_t bytes)
{
	int result = -EAGAIN;

	for (int i = 0; i < TRIES_MAX && (result == -EAGAIN || result == -EINTR); i++)
		result = sys_madvise(address, bytes, MADV_POPULATE_WRITE);
	return result;
}

/*
 * Returns the number of bytes read, or -errno; in both cases the buffer ends with a zero byte.
 * Reads of /proc and /sys return pieces, so this reads until the end of the file or until the
 * buffer is full.
 */
long sys_read_file(const char *path, char *buffer, size_t bytes)
{
	long fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	size_t used = 0;
	long got = 0;

	buffer[0] = '\0';
	if (SYS_IS_ERROR(fd))
		return fd;
	while (used + 1 < bytes) {
		got = sys_read((int)fd, buffer + used, bytes - 1 - used);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	buffer[used] = '\0';
	sys_close((int)fd);
	return got < 0 ? got : (long)used;
}

uint64_t sys_memory_bytes(void)
{
	struct sysinfo machine;

	if (sys_call(SYS_sysinfo, &machine))
		return (uint64_t)1 << 30;
	return (uint64_t)machine.totalram * machine.mem_unit;
}

uint64_t sys_limit(int resource)
{
	uint64_t soft_and_hard[2];

	if (sys_call(SYS_prlimit64, 0, resource, 0, soft_and_hard))
		return UINT64_MAX;
	return soft_and_hard[0];
}

/* The parts after the first `bytes` bytes. */
static struct iovec *skip_bytes(struct iovec *parts, const struct iovec *end, size_t bytes)
{
	while (parts < end && bytes >= parts->iov_len)
		bytes -= parts++->iov_len;
	if (parts < end) {
		parts->iov_base = (char *)parts->iov_base + bytes;
		parts->iov_len -= bytes;
	}
	return parts;
}

int sys_writev(int fd, struct iovec *parts, int count)
{
	const struct iovec *const end = parts + count;
	long wrote = 0;

	for (int i = 0; i < TRIES_MAX; i++) {
		wrote = sys_without_signal(SYS_writev, fd, (long)parts, end - parts, 0, 0, 0);
		if (wrote == -EINTR)
			continue;
		if (SYS_IS_ERROR(wrote))
			break;
		parts = skip_bytes(parts, end, (size_t)wrote);
		if (parts == end)
			return 0;
	}
	return SYS_IS_ERROR(wrote) ? (int)wrote : -ENOSPC;
}

/* The kernel never refuses this call; the retry is for a test in which it does. Hot: see
 * calls/fork.c. */
__attribute__((hot)) void sys_restore_signals(const uint64_t *before)
{
	if (sys_block_signals(before, NULL))
		sys_block_signals(before, NULL);
}

/* rt_sigprocmask reads the new mask before it checks its first argument. */
static bool can_read_word(uintptr_t address)
{
	return sys_call(SYS_rt_sigprocmask, -1, address, 0, sizeof(uint64_t)) != -EFAULT;
}

bool sys_can_read(const void *address, size_t bytes)
{
	const size_t page_bytes = 4096; /* the smallest page size of any kernel */
	uintptr_t at = (uintptr_t)address, last = at + bytes - sizeof(uint64_t);

	for (; at < last; at = (at | (page_bytes - 1)) + 1)
		if (!can_read_word(at))
			return false;
	return can_read_word(last);
}

unsigned int sys_count_tasks(void)
{
	struct statx task = {0};
	long failed = sys_call(SYS_statx, AT_FDCWD, "/proc/self/task", 0, STATX_NLINK, &task);

	/* One link for ".", one from the parent, and one for each thread's directory. */
	return failed || task.stx_nlink <= 3 ? 1 : task.stx_nlink - 2;
}

/*
 * In a process with other threads, unshare(2) of a thread group only fails, and takes a tenth of
 * the time of creating a directory in /proc. A seccomp filter may kill the process for it.
 */
bool sys_is_only_task(void)
{
	return (!sys_is_filtered() && !sys_call(SYS_unshare, CLONE_THREAD)) ||
	       sys_count_tasks() == 1;
}

long sys_without_signal(long number, long a, long b, long c, long d, long e, long f)
{
	static const uint64_t deadly = 1ull << (SIGPIPE - 1) | 1ull << (SIGXFSZ - 1);
	uint64_t before, ours, waiting = 0;
	bool blocked = !sys_block_more_signals(&deadly, &before);
	long result;

	/* A signal that the program has blocked and that is already pending belongs to the
	 * program. */
	if (blocked && before & deadly)
		sys_pending_signals(&waiting);
	result = sys_call(number, a, b, c, d, e, f);
	if (!blocked)
		return result;
	ours = deadly & ~waiting;
	if (ours && (result == -EPIPE || result == -EFBIG))
		sys_take_signal(&ours);
	sys_restore_signals(&before);
	return result;
}
