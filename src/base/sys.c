/*
 * Small things that take more than one system call: no stdio, no malloc.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/sys.h"

bool sys_sandboxed;

/* What is interrupted is tried so often. */
#define TRIES_MAX 5

/*
 * Returns the number of bytes read, or -errno; the buffer ends by a zero byte in both cases. Files
 * of /proc and /sys come in pieces, so it reads until the end or until the buffer is full.
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

uint64_t sys_limit(int resource)
{
	uint64_t soft_and_hard[2];

	if (sys_gate(SYS_prlimit64, 0, resource, 0, (long)soft_and_hard, 0, 0))
		return UINT64_MAX;
	return soft_and_hard[0];
}

/* The parts behind the first so many bytes. */
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

/* The kernel never refuses it, so one more try is for a test that does. */
void sys_restore_signals(const uint64_t *before)
{
	if (sys_block_signals(before, NULL))
		sys_block_signals(before, NULL);
}

/*
 * unshare(2) of a thread group does nothing but fail where there are other threads, and takes a
 * tenth of the time that a directory of /proc takes to appear. A filter may kill for it.
 */
bool sys_single_threaded(void)
{
	struct statx task = {0};
	long failed;

	if (!sys_is_filtered() && !sys_gate(SYS_unshare, CLONE_THREAD, 0, 0, 0, 0, 0))
		return true;
	failed = sys_gate(SYS_statx, AT_FDCWD, (long)"/proc/self/task", 0, STATX_NLINK, (long)&task,
			  0);
	/* A link for "." and one from the parent, and one for each thread's directory. */
	return failed || task.stx_nlink <= 3;
}

long sys_without_signal(long number, long a, long b, long c, long d, long e, long f)
{
	static const uint64_t deadly = 1ull << (SIGPIPE - 1) | 1ull << (SIGXFSZ - 1);
	uint64_t before, ours, waiting = 0;
	bool blocked = !sys_block_more_signals(&deadly, &before);
	long result;

	/* One that the program blocks and that waits already is the program's. */
	if (blocked && before & deadly)
		sys_pending_signals(&waiting);
	result = sys_gate(number, a, b, c, d, e, f);
	if (!blocked)
		return result;
	ours = deadly & ~waiting;
	if (ours && (result == -EPIPE || result == -EFBIG))
		sys_take_signal(&ours);
	sys_restore_signals(&before);
	return result;
}
