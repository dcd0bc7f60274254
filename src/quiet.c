/*
 * Writes that raise no signal: see quiet.h. The signals are kept back while the call runs; one that
 * it raised is the thread's own, and is taken off again.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "quiet.h"
#include "sys.h"

#define BIT_OF(signal) ((uint64_t)1 << ((signal)-1))

static const uint64_t raised_by_writes = BIT_OF(SIGPIPE) | BIT_OF(SIGXFSZ);

struct held {
	bool any;
	uint64_t mask;    /* the thread's, before */
	uint64_t pending; /* the program's own, which it blocks */
};

static long hold(struct held *held)
{
	uint64_t mask;
	long failed = sys_block_signals(NULL, &held->mask);

	held->any = true;
	held->pending = 0;
	mask = held->mask | raised_by_writes;
	if (!failed && held->mask & raised_by_writes)
		failed = sys_pending_signals(&held->pending);
	return failed ? failed : sys_block_signals(&mask, NULL);
}

/* Where the kernel doesn't tell there is none. */
static uint64_t file_bytes_max(void)
{
	struct rlimit64 limit;

	return sys_get_limit(RLIMIT_FSIZE, &limit) ? RLIM64_INFINITY : limit.rlim_cur;
}

bool quiet_file_fits(size_t bytes)
{
	return bytes <= file_bytes_max();
}

/* As a rule there is no limit, and nothing is kept back: a file of ours is no pipe. */
static long hold_for_file(struct held *held)
{
	held->any = false;
	return file_bytes_max() == RLIM64_INFINITY ? 0 : hold(held);
}

static long let_go(const struct held *held, long result)
{
	uint64_t ours = 0;

	if (!held->any)
		return result;
	if (result == -EPIPE)
		ours = BIT_OF(SIGPIPE);
	else if (result == -EFBIG)
		ours = BIT_OF(SIGXFSZ);
	ours &= ~held->pending;
	if (ours)
		sys_take_signal(&ours);
	sys_restore_signals(&held->mask);
	return result;
}

long quiet_write(int fd, const void *buffer, size_t bytes)
{
	struct held held;
	long failed = hold(&held);

	return failed ? failed : let_go(&held, sys_write(fd, buffer, bytes));
}

long quiet_file_write(int fd, const void *buffer, size_t bytes)
{
	struct held held;
	long failed = hold_for_file(&held);

	return failed ? failed : let_go(&held, sys_write(fd, buffer, bytes));
}

long quiet_file_pwrite(int fd, const void *buffer, size_t bytes, size_t offset)
{
	struct held held;
	long failed = hold_for_file(&held);

	return failed ? failed : let_go(&held, sys_pwrite(fd, buffer, bytes, offset));
}

long quiet_file_set_size(int fd, size_t bytes)
{
	struct held held;
	long failed = hold_for_file(&held);

	return failed ? failed : let_go(&held, sys_set_size(fd, bytes));
}

long quiet_file_allocate(int fd, uint64_t offset, uint64_t bytes)
{
	struct held held;
	long failed = hold_for_file(&held);

	return failed ? failed : let_go(&held, sys_fallocate(fd, offset, bytes));
}
