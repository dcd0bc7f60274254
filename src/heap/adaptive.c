/*
 * The heap under auto, while it is small: see adaptive.h.
 */
#include <errno.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/sys.h"
#include "calls/brk.h"
#include "calls/start.h"
#include "heap/adaptive.h"
#include "heap/heap.h"
#include "heap/owner.h"
#include "heap/policy.h"

/* The stack on which posix_spawn starts its child is smaller than any thread's. */
#define STACK_BYTES_MIN ((size_t)256 << 10)

/* The page size of nearly all machines: which one it is gets read when the heap begins. */
#define USUAL_PAGE_BYTES ((size_t)2 << 20)

static struct {
	enum { WATCHING, BEGUN, DECLINED } state;
	const struct options *options;
	int (*begin)(const struct options *options);
	uintptr_t first_break; /* 0: malloc has not asked for it yet */
} watched;

/* Begins the heap; true where it has begun. Blocks signals: a handler may call malloc's functions. */
static bool begin_heap(void)
{
	const uint64_t all = UINT64_MAX;
	int error = errno;
	uint64_t before;

	if (watched.state != WATCHING || sys_sandboxed || sys_block_signals(&all, &before))
		return watched.state == BEGUN;
	watched.state = DECLINED;
	if (!watched.begin(watched.options))
		watched.state = BEGUN;
	sys_restore_signals(&before);
	errno = error;
	return watched.state == BEGUN;
}

/* Until the heap begins: the kernel's break. */
static long watch_sbrk(intptr_t delta)
{
	if (!watched.first_break)
		watched.first_break = (uintptr_t)brk_kernel_sbrk(0);
	if (delta > 0 && watched.state == WATCHING &&
	    (uintptr_t)brk_kernel_sbrk(0) - watched.first_break + (uintptr_t)delta >
		    POLICY_KERNEL_BREAK_BYTES &&
	    begin_heap())
		return libc_calls.own_break->sbrk(delta);
	return brk_kernel_sbrk(delta);
}

static bool watch_brk(uintptr_t address, int *result)
{
	(void)address;
	(void)result;
	return false;
}

/* Another library takes malloc's break over: it stays the kernel's. */
static void watch_text(uintptr_t from, uintptr_t to)
{
	(void)from;
	(void)to;
	watched.state = DECLINED;
}

static bool is_threads_stack(size_t bytes, int protection, int flags)
{
	return flags & MAP_STACK && (protection == PROT_NONE || bytes >= STACK_BYTES_MIN);
}

static bool is_large_block(size_t bytes, int protection, int flags)
{
	return protection == (PROT_READ | PROT_WRITE) && flags == (MAP_PRIVATE | MAP_ANONYMOUS) &&
	       policy_block_is_huge(bytes, USUAL_PAGE_BYTES);
}

static uintptr_t watch_map(uintptr_t hint, size_t bytes, int protection, int flags, bool by_libc)
{
	if (by_libc && watched.state == WATCHING &&
	    (is_threads_stack(bytes, protection, flags) ||
	     is_large_block(bytes, protection, flags)))
		begin_heap();
	return watched.state == BEGUN ? owner_map(hint, bytes, protection, flags, by_libc) : 0;
}

static const struct calls_break watched_break = {
	.sbrk = watch_sbrk,
	.brk = watch_brk,
	.text_opened = watch_text,
};

int adaptive_start(const struct options *options, int (*begin)(const struct options *options))
{
	int failed = calls_watch(options, "heap", "the heap stays on small pages");

	if (failed)
		return failed;
	heap.adaptive = true;
	watched.options = options;
	watched.begin = begin;
	libc_calls.own_break = &watched_break;
	calls_add_mapper(watch_map);
	return 0;
}
