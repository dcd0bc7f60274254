/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heap under auto: watched while it is small, and its break, which begins as the kernel's: see
 * adaptive.h.
 */
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "base/align.h"
#include "base/log.h"
#include "base/program.h"
#include "base/sys.h"
#include "calls/brk.h"
#include "calls/mmap.h"
#include "calls/start.h"
#include "heap/adaptive.h"
#include "heap/blocks.h"
#include "heap/foreign_break.h"
#include "heap/heap.h"
#include "heap/owner.h"
#include "heap/policy.h"
#include "region/pool_share.h"
#include "region/process.h"

/* The huge page size of nearly all machines; the real one is read when the heap begins. */
#define USUAL_PAGE_BYTES ((size_t)2 << 20)

static struct {
	enum { WATCHING, BEGUN, DECLINED } state;
	const struct options *options;
	int (*begin)(const struct options *options);
	void (*then)(const struct options *options);
	uintptr_t break_start, break_end; /* of the kernel's break; where it shall end */

	/*
	 * Valid once the heap has begun: the kernel's break ends where the region starts, and the
	 * heap's break is at `low` if it is below that. Memory above `low` is zero.
	 */
	bool joined;
	uintptr_t low;

	bool shares_blocks; /* no other feature serves malloc's blocks */
} watched;

/*
 * Raises the kernel's break up to the region, which takes only address space. If something is in
 * between, that is impossible, and the break jumps, as it does if another library has taken a part
 * of it.
 */
static void join_breaks(void)
{
	uintptr_t unused;

	heap.main.base_start = watched.break_start;
	watched.low = (uintptr_t)sys_brk(0);
	unused = align_up(watched.low, process_base_bytes);
	watched.joined = heap.main.region.start - watched.low < 2 * heap.main.region.page_bytes &&
			 (uintptr_t)sys_brk(heap.main.region.start) == heap.main.region.start;
	if (!watched.joined)
		heap.main.base_start = heap.main.region.start;
	else if (heap.source.thp_unasked)
		sys_madvise(unused, heap.main.region.start - unused, MADV_NOHUGEPAGE);
}

/* Begins the heap; true if it has begun. No signal handler runs meanwhile. */
static bool begin_heap(void)
{
	const uint64_t all = UINT64_MAX;
	int error = errno;
	uint64_t before;

	if (watched.state != WATCHING || sys_sandboxed || sys_block_signals(&all, &before))
		return watched.state == BEGUN;
	watched.state = DECLINED;
	if (!watched.begin(watched.options)) {
		join_breaks();
		watched.state = BEGUN;
		if (watched.then)
			watched.then(watched.options);
	}
	sys_restore_signals(&before);
	errno = error;
	return watched.state == BEGUN;
}

void adaptive_then(void (*then)(const struct options *options))
{
	watched.then = then;
}

static uintptr_t break_now(void)
{
	if (heap.main.now > heap.main.region.start || !watched.joined)
		return heap.main.now;
	return watched.low;
}

static int grow_to(uintptr_t to)
{
	int failed = 0;

	if (to > heap.main.region.start)
		failed = break_brk(&heap.main, to);
	if (!failed)
		watched.low = to < heap.main.region.start ? to : heap.main.region.start;
	return failed;
}

/* Like the kernel: below the break's start nothing changes, which libc takes for success. */
static int shrink_to(uintptr_t to)
{
	const uintptr_t start = heap.main.region.start;
	const uintptr_t page = align_up(to, heap.main.region.base_bytes);

	if (to < (watched.joined ? watched.break_start : start))
		return 0;
	if (heap.main.now > start)
		break_brk(&heap.main, to > start ? to : start);
	if (to >= start)
		return 0;
	if (page > to)
		memset((void *)to, 0, (page < watched.low ? page : watched.low) - to);
	if (page < watched.low && sys_madvise(page, start - page, MADV_DONTNEED))
		memset((void *)page, 0, watched.low - page);
	watched.low = to;
	return 0;
}

/* Half way to huge pages: see pool_share.h. */
static void count_peers(uintptr_t end)
{
	static bool counted;

	if (counted || sys_sandboxed ||
	    end < watched.break_end - (watched.break_end - watched.break_start) / 2)
		return;
	counted = true;
	pool_share_count_peers();
}

static long adaptive_sbrk(intptr_t delta)
{
	uintptr_t now, to;
	int failed;

	/* a moment to look at the blocks so far */
	if (libc_calls.watch && delta > 0)
		libc_calls.watch(0, 0, PROT_NONE, 0, 0, true);
	if (watched.state == WATCHING && delta > 0) {
		now = (uintptr_t)brk_kernel_sbrk(0);
		count_peers(now + (uintptr_t)delta);
		if (now + (uintptr_t)delta > watched.break_end)
			begin_heap();
	}
	/* it belongs to another library by now, or never belonged to this one */
	if (watched.state != BEGUN || foreign_break_in_use())
		return brk_kernel_sbrk(delta);
	now = break_now();
	to = now + (uintptr_t)delta;
	if (!delta)
		return (long)now;
	if ((delta > 0) != (to > now))
		return -ENOMEM;
	failed = delta > 0 ? grow_to(to) : shrink_to(to);
	return failed ? failed : (long)now;
}

static bool adaptive_brk(uintptr_t address, int *result)
{
	const struct region *region = &heap.main.region;

	if (watched.state != BEGUN || address >= region->room ||
	    address < (watched.joined ? watched.break_start : region->start))
		return false;
	*result = address > break_now() ? grow_to(address) : shrink_to(address);
	return true;
}

static long adaptive_system_call(uintptr_t address)
{
	int failed;

	if (watched.state != BEGUN || foreign_break_expected())
		return sys_brk(address);
	if (!watched.joined)
		return heap_owner_system_call(address);
	adaptive_brk(address, &failed);
	return (long)break_now();
}

/* Another library is taking over malloc's break. */
static void adaptive_text_opened(uintptr_t from, uintptr_t to)
{
	if (watched.state == BEGUN)
		foreign_break_expect(from, to);
	else
		watched.state = DECLINED;
}

static uintptr_t adaptive_map(uintptr_t hint, size_t bytes, int protection, int flags, bool by_libc)
{
	const bool is_block = by_libc && protection == (PROT_READ | PROT_WRITE) &&
			      flags == (MAP_PRIVATE | MAP_ANONYMOUS);
	const bool waits = watched.shares_blocks && blocks_are_for(bytes, protection, flags);
	uintptr_t at = 0;

	/* before glibc 2.34 a thread's stack is mapped by libpthread */
	if (watched.state == WATCHING &&
	    (mmap_is_threads_stack(bytes, protection, flags) ||
	     (is_block && !waits && policy_block_is_huge(bytes, USUAL_PAGE_BYTES))))
		begin_heap();
	if (is_block && waits)
		at = blocks_map(bytes, begin_heap);
	if (!at && watched.state == BEGUN && (!is_block || !waits || blocks_are_dense()))
		at = heap_owner_map(hint, bytes, protection, flags, by_libc);
	return at;
}

static const struct calls_break adaptive_break = {
	.sbrk = adaptive_sbrk,
	.brk = adaptive_brk,
	.system_call = adaptive_system_call,
	.text_opened = adaptive_text_opened,
};

/*
 * Without randomization the break begins where the program's own memory ends. Programs that save
 * that memory in a file and load it again, as GCL's Lisp does, then expect nothing in between.
 */
static bool follows_program(const struct program_headers *program, uintptr_t address)
{
	uintptr_t end = 0;

	for (size_t i = 0; i < program->count; i++) {
		const ElfW(Phdr) *header = &program->at[i];

		if (header->p_type == PT_LOAD && header->p_vaddr + header->p_memsz > end)
			end = header->p_vaddr + header->p_memsz;
	}
	return address == align_up(program->bias + end, getauxval(AT_PAGESZ));
}

bool adaptive_is_required(void)
{
	const struct program_headers program = program_headers();
	char mode[4];

	return !program.bias && follows_program(&program, (uintptr_t)sys_brk(0)) &&
	       sys_read_file("/proc/sys/kernel/randomize_va_space", mode, sizeof(mode)) > 0 &&
	       *mode == '2';
}

/*
 * Moves the break to the start of a huge page, so that everything below the region can become huge
 * later. Takes only address space, and is done only if malloc has not used the break yet.
 */
static void place_break(void)
{
	const struct program_headers program = program_headers();
	const uintptr_t *libc_break =
		(const uintptr_t *)libc_symbol(&libc_calls.libc, "__curbrk", NULL);

	watched.break_start = (uintptr_t)sys_brk(0);
	watched.break_end = policy_break_end(watched.break_start, USUAL_PAGE_BYTES);
	if (libc_break && !*libc_break && !follows_program(&program, watched.break_start))
		sys_brk(align_up(watched.break_start, USUAL_PAGE_BYTES));
}

int adaptive_start(const struct options *options, int (*begin)(const struct options *options))
{
	/* a whole machine may be configured this way: log programs that cannot be served at INFO
	 * only */
	int failed = calls_watch(options, "heap", NULL);

	if (failed)
		return failed;
	heap.adaptive = true;
	watched.options = options;
	watched.begin = begin;
	watched.shares_blocks = options->mmap == HEAP_OFF || options->mmap == HEAP_AUTO;
	place_break();
	libc_calls.own_break = &adaptive_break;
	libc_calls.unmapping = blocks_unmapping;
	calls_add_mapper(adaptive_map);
	return 0;
}
