/*
 * fork: parent and child both keep a heap that they can write to: see fork.h.
 *
 * In the child: system calls and memory copies only; other threads' locks may be held for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

#include "heap/fork.h"
#include "heap/heap.h"
#include "heap/keep.h"
#include "heap/redirect.h"
#include "sys.h"

/* Up to here a child copies, whatever the pool holds: it takes milliseconds, and is always safe. */
#define SMALL_HEAP_BYTES ((size_t)64 << 20)
/* A bigger heap is copied into small pages only while it is at most this share of the memory. */
#define MEMORY_SHARE 4
/* What is copied in one piece: the old pages go back to the parent as soon as it is done. */
#define PIECE_BYTES ((size_t)32 << 20)

static pid_t (*real_fork)(void);

/* What one fork agreed on before it happened. Under the heap's lock. */
static struct {
	bool locked, copy;
	int ends[2]; /* of a pipe: the child closes its end when its heap is its own; -1: none */
	bool others; /* the parent has other threads, which go on writing */
} agreed;

static size_t huge_bytes(const struct region *region)
{
	size_t bytes = 0;
	size_t end = region->start ? (region->limit - region->start) / region->page_bytes : 0;

	/* Only the states of what was ever in use are there; the rest reads as zero, for free. */
	if (region == &heap.main.region)
		end = region_page(region, heap.main.mapped_end + region->page_bytes - 1);
	for (size_t page = 0; page < end; page++)
		if (region->pages[page] & PAGE_HUGE)
			bytes += region->page_bytes;
	return bytes;
}

/* Could the pool give a copy of so many bytes just now? Two system calls, no page is touched. */
static bool pool_serves(size_t bytes)
{
	int shift = __builtin_ctzl(heap.source.page_bytes);
	long mapped = sys_mmap(
		0, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (shift << MAP_HUGE_SHIFT), -1, 0);

	if (SYS_IS_ERROR(mapped))
		return false;
	sys_munmap((uintptr_t)mapped, bytes);
	return true;
}

static bool child_shall_copy(size_t bytes)
{
	if (heap.fork != FORK_AUTO)
		return heap.fork == FORK_COPY;
	if (bytes <= SMALL_HEAP_BYTES)
		return true;
	return !pool_serves(bytes) && bytes <= heap.memory_bytes / MEMORY_SHARE;
}

/* Before the fork, in the parent. */
static void agree(void)
{
	size_t bytes;

	agreed.ends[0] = agreed.ends[1] = -1;
	agreed.copy = false;
	agreed.locked = heap.active && heap_lock();
	if (!agreed.locked)
		return;
	bytes = huge_bytes(&heap.main.region) + huge_bytes(&heap.zone.region);
	agreed.copy = bytes && child_shall_copy(bytes);
	/* In a sandbox the calls for it may be forbidden. */
	agreed.others = !heap.source.sandboxed && !heap_single_threaded();
	if (!agreed.copy || heap.source.sandboxed)
		return;
	/* Without descriptors to spare the parent does not wait; its writes may cost the child a
	 * page. */
	if (SYS_IS_ERROR(sys_pipe2(agreed.ends, O_CLOEXEC)))
		agreed.ends[0] = agreed.ends[1] = -1;
}

/*
 * Copies a page of the parent's heap as it is in this child. Where other threads of the parent
 * write and the pool is empty, the kernel may have taken it away meanwhile: then -EFAULT, not
 * SIGBUS, for a call is told what a touch would be killed for.
 */
static int copy_pages(uintptr_t to, uintptr_t from, size_t bytes)
{
	struct iovec local = {(void *)to, bytes}, remote = {(void *)from, bytes};

	if (!agreed.others) {
		memcpy((void *)to, (void *)from, bytes);
		return 0;
	}
	while (local.iov_len) {
		long got = sys_gate(SYS_process_vm_readv, sys_getpid(), (long)&local, 1,
				    (long)&remote, 1, 0);

		if (got <= 0)
			return -EFAULT;
		local.iov_base = (char *)local.iov_base + got;
		remote.iov_base = (char *)remote.iov_base + got;
		local.iov_len -= (size_t)got;
		remote.iov_len -= (size_t)got;
	}
	return 0;
}

/* Somewhere else: hugetlb pages if there are enough, else small memory. */
static long map_copy(const struct region *region, size_t bytes, bool *huge)
{
	int shift = __builtin_ctzl(region->page_bytes);
	long mapped = -ENOMEM;

	/* Before 5.16 such a mapping can't be moved; before 5.14 it can't be made safe. */
	if (*huge && heap.source.populate_write)
		mapped = sys_mmap(0, bytes, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
					  (shift << MAP_HUGE_SHIFT),
				  -1, 0);
	if (!SYS_IS_ERROR(mapped) && sys_madvise((uintptr_t)mapped, bytes, MADV_POPULATE_WRITE)) {
		sys_munmap((uintptr_t)mapped, bytes);
		mapped = -ENOMEM;
	}
	*huge = !SYS_IS_ERROR(mapped);
	return *huge ? mapped : keep_map_aside(region, bytes);
}

/* Gives the child pages of its own in place of [page, page + count). */
static int own_pages(struct region *region, size_t page, size_t count, bool *huge)
{
	uintptr_t address = region_page_address(region, page);
	size_t bytes = count * region->page_bytes;

	for (;;) {
		long copy = map_copy(region, bytes, huge), moved;

		if (SYS_IS_ERROR(copy))
			return -ENOMEM;
		if (copy_pages((uintptr_t)copy, address, bytes)) {
			sys_munmap((uintptr_t)copy, bytes);
			return -EFAULT;
		}
		moved = sys_mremap((uintptr_t)copy, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
				   address);
		if (!SYS_IS_ERROR(moved))
			break;
		sys_munmap((uintptr_t)copy, bytes);
		if (!*huge)
			return -ENOMEM;
		*huge = false; /* Linux before 5.16 */
	}
	for (size_t i = page; i < page + count && !*huge; i++)
		region_set_small(region, i, UNIT_MAPPED);
	return 0;
}

static void own_region(struct region *region)
{
	size_t end = region->start ? (region->limit - region->start) / region->page_bytes : 0;
	size_t piece = PIECE_BYTES < region->page_bytes ? 1 : PIECE_BYTES / region->page_bytes;
	bool huge = true;

	if (region == &heap.main.region)
		end = region_page(region, heap.main.mapped_end + region->page_bytes - 1);
	for (size_t page = 0; page < end;) {
		size_t run = page;

		/* What the program protected or keeps from children is left as the kernel has it.
		 */
		while (run < end && run < page + piece && region->pages[run] == PAGE_HUGE)
			run++;
		if (run == page) {
			page++;
			continue;
		}
		/* A page that the kernel took away must not hinder the others. */
		if (own_pages(region, page, run - page, &huge) && run - page > 1)
			for (size_t i = page; i < run; i++)
				own_pages(region, i, 1, &huge);
		page = run;
	}
}

static void after_in_child(void)
{
	if (agreed.locked)
		heap_unlock_in_child();
	if (agreed.copy) {
		own_region(&heap.main.region);
		own_region(&heap.zone.region);
	}
	for (int i = 0; i < 2; i++)
		if (agreed.ends[i] >= 0)
			sys_close(agreed.ends[i]);
}

/* Waits until the child has closed its end of the pipe, by saying so or by dying. */
static void after_in_parent(void)
{
	int ends[2] = {agreed.ends[0], agreed.ends[1]};
	bool locked = agreed.locked;
	char byte;

	if (ends[1] >= 0)
		sys_close(ends[1]);
	if (ends[0] >= 0) {
		while (sys_read(ends[0], &byte, 1) == -EINTR)
			;
		sys_close(ends[0]);
	}
	if (locked)
		heap_unlock();
}

/* Stands in for _Fork inside libc's fork. */
static pid_t fork_with_heap(void)
{
	pid_t child;

	agree();
	child = real_fork();
	if (!child)
		after_in_child();
	else
		after_in_parent();
	return child;
}

int fork_prepare(const struct libc *libc)
{
	int (*register_handlers)(void (*)(void), void (*)(void), void (*)(void), void *);
	uintptr_t callee;

	if (!redirect_call(libc, "fork", "_Fork", (uintptr_t)fork_with_heap, &callee)) {
		real_fork = (pid_t(*)(void))callee;
		return 0;
	}
	register_handlers = (int (*)(void (*)(void), void (*)(void), void (*)(void),
				     void *))libc_symbol(libc, "__register_atfork", NULL);
	if (!register_handlers)
		return -ENOENT;
	return register_handlers(agree, after_in_parent, after_in_child, NULL) ? -ENOMEM : 0;
}
