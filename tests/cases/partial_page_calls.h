/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The actions of partial-page-calls.c. Each gets the address of one small page inside malloced
 * memory, filled with pattern_at(seed 1), may leave it with any content, and must leave it readable
 * and writable.
 */
#ifndef PARTIAL_PAGE_CALLS_H
#define PARTIAL_PAGE_CALLS_H

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "heap_share.h"

/* The largest base page in use, so that the same addresses work everywhere. */
#if defined(__aarch64__) || defined(__powerpc64__)
#define SMALL_PAGE 65536L
#else
#define SMALL_PAGE 4096L
#endif

static sigjmp_buf partial_recovered;
static void *volatile partial_fault;
static volatile int partial_signal;

static inline void partial_on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	partial_fault = info->si_addr;
	partial_signal = number;
	siglongjmp(partial_recovered, 1);
}

/* Says whether a touch at an address works or which signal it gives, and whether there. */
static inline void partial_touch(const char *what, char *at, int write_too)
{
	struct sigaction action = {.sa_sigaction = partial_on_fault, .sa_flags = SA_SIGINFO};
	struct sigaction old_segv, old_bus;

	sigaction(SIGSEGV, &action, &old_segv);
	sigaction(SIGBUS, &action, &old_bus);
	if (sigsetjmp(partial_recovered, 1) == 0) {
		char byte = *(volatile char *)at;

		if (write_too)
			*(volatile char *)at = byte;
		printf("%s: touched\n", what);
	} else {
		printf("%s: signal %d %s\n", what, partial_signal,
		       partial_fault == at ? "there" : "elsewhere");
	}
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
}

#define SHOW(call)                                                       \
	do {                                                             \
		long result_;                                            \
                                                                         \
		errno = 0;                                               \
		result_ = (long)(call);                                  \
		printf("%s: %ld %s\n", #call, result_, strerror(errno)); \
	} while (0)

static inline void partial_make_usable(char *at)
{
	CHECK(mprotect(at, SMALL_PAGE, PROT_READ | PROT_WRITE) == 0, "%m");
	partial_touch("usable again", at, 1);
}

static inline void partial_protect_none(char *at)
{
	SHOW(mprotect(at, SMALL_PAGE, PROT_NONE));
	partial_touch("first byte", at, 0);
	partial_touch("last byte", at + SMALL_PAGE - 1, 0);
	partial_touch("before", at - 1, 1);
	partial_touch("behind", at + SMALL_PAGE, 1);
	partial_make_usable(at);
	check_pattern(at, SMALL_PAGE, 1);
}

static inline void partial_protect_read(char *at)
{
	SHOW(mprotect(at, SMALL_PAGE, PROT_READ));
	check_pattern(at, SMALL_PAGE, 1);
	partial_touch("read", at, 0);
	partial_touch("write", at, 1);
	partial_touch("write behind", at + SMALL_PAGE, 1);
	partial_make_usable(at);
	check_pattern(at, SMALL_PAGE, 1);
}

/* A function that returns 42, in memory that is executable and no longer writable. */
static inline void partial_protect_execute(char *at)
{
#if defined(__x86_64__) || defined(__i386__)
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
#elif defined(__aarch64__)
	static const uint32_t code[] = {0x52800540, 0xd65f03c0};
#else
	static const unsigned char code[] = "";
#endif
	int (*function)(void);

	if (sizeof(code) == 1)
		SKIP("no machine code for this CPU in the test");
	memcpy(at, code, sizeof(code));
	SHOW(mprotect(at, SMALL_PAGE, PROT_READ | PROT_EXEC));
	__builtin___clear_cache(at, at + sizeof(code));
	*(void **)&function = at;
	printf("the function returns %d\n", function());
	partial_touch("write to code", at, 1);
	partial_touch("write behind", at + SMALL_PAGE, 1);
	partial_make_usable(at);
}

static inline void partial_protect_keys(char *at)
{
	int key = pkey_alloc(0, 0);

	SHOW(pkey_mprotect(at, SMALL_PAGE, PROT_READ, -1));
	partial_touch("write", at, 1);
	SHOW(pkey_mprotect(at, SMALL_PAGE, PROT_READ | PROT_WRITE, 14));
	if (key >= 0) {
		SHOW(pkey_mprotect(at, SMALL_PAGE, PROT_READ, key));
		partial_touch("write with key", at, 1);
		SHOW(pkey_mprotect(at, SMALL_PAGE, PROT_READ | PROT_WRITE, 0));
		pkey_free(key);
	}
	partial_make_usable(at);
}

/* A range that begins in one huge page and ends in another. */
static inline void partial_protect_across(char *at)
{
	char *from = (char *)(((uintptr_t)at | 0x1fffff) + 1) - 3 * SMALL_PAGE;
	uint64_t first, last;

	/* Where the next 2M boundary is beyond the blocks, the page alone has to do. */
	if (from < at || from > at + 20 * 65536 - 8 * SMALL_PAGE)
		from = at;
	first = *(uint64_t *)from;
	last = *(uint64_t *)(from + 4 * SMALL_PAGE);
	CHECK(mprotect(from, 5 * SMALL_PAGE, PROT_READ) == 0, "%m");
	partial_touch("write to the first", from, 1);
	partial_touch("write to the last", from + 5 * SMALL_PAGE - 1, 1);
	CHECK(*(uint64_t *)from == first && *(uint64_t *)(from + 4 * SMALL_PAGE) == last, "lost");
	CHECK(mprotect(from, 5 * SMALL_PAGE, PROT_READ | PROT_WRITE) == 0, "%m");
	partial_touch("write again", from, 1);
}

static inline void partial_protect_errors(char *at)
{
	SHOW(mprotect(at + 1, SMALL_PAGE, PROT_READ));
	SHOW(mprotect(at, 0, PROT_NONE));
	SHOW(mprotect(at, SMALL_PAGE, 0x1000000));
	SHOW(mprotect(at, 1, PROT_READ));
	partial_touch("a byte protects its page", at + SMALL_PAGE - 1, 1);
	SHOW(mprotect(at, (size_t)-SMALL_PAGE, PROT_READ));
	partial_make_usable(at);
}

static inline void partial_advise_dontneed(char *at)
{
	SHOW(madvise(at, SMALL_PAGE, MADV_DONTNEED));
	check_zero(at, SMALL_PAGE);
	memset(at, 1, SMALL_PAGE);
	/* a length that is no multiple of the page */
	SHOW(madvise(at, 100, MADV_DONTNEED));
	check_zero(at, SMALL_PAGE);
	SHOW(posix_madvise(at, SMALL_PAGE, POSIX_MADV_DONTNEED));
}

static inline void partial_advise_free(char *at)
{
	SHOW(madvise(at, SMALL_PAGE, MADV_FREE));
	/* old or zero: both are allowed; once written, it stays */
	memset(at, 3, SMALL_PAGE);
	CHECK(at[0] == 3 && at[SMALL_PAGE - 1] == 3, "lost");
}

static inline void partial_advise_harmless(char *at)
{
	SHOW(madvise(at, SMALL_PAGE, MADV_NORMAL));
	SHOW(madvise(at, SMALL_PAGE, MADV_RANDOM));
	SHOW(madvise(at, SMALL_PAGE, MADV_SEQUENTIAL));
	SHOW(madvise(at, SMALL_PAGE, MADV_WILLNEED));
	SHOW(madvise(at, SMALL_PAGE, MADV_HUGEPAGE));
	SHOW(madvise(at, SMALL_PAGE, MADV_NOHUGEPAGE));
	SHOW(madvise(at, SMALL_PAGE, MADV_DONTDUMP));
	SHOW(madvise(at, SMALL_PAGE, MADV_DODUMP));
	SHOW(madvise(at, SMALL_PAGE, MADV_MERGEABLE));
	SHOW(madvise(at, SMALL_PAGE, MADV_UNMERGEABLE));
	SHOW(madvise(at, SMALL_PAGE, 20 /* MADV_COLD */));
	SHOW(madvise(at, SMALL_PAGE, 21 /* MADV_PAGEOUT */));
	SHOW(madvise(at, SMALL_PAGE, 22 /* MADV_POPULATE_READ */));
	SHOW(madvise(at, SMALL_PAGE, 23 /* MADV_POPULATE_WRITE */));
	check_pattern(at, SMALL_PAGE, 1);
}

/* Runs in a child what shall be shown of it. */
static inline void partial_in_child(void (*show)(char *at), char *at)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		show(at);
		fflush(stdout);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child, "no child");
	printf("the child's status: %d\n", status);
}

static inline void partial_child_touches(char *at)
{
	partial_touch("child before", at - 1, 1);
	partial_touch("child there", at, 1);
	partial_touch("child behind", at + SMALL_PAGE, 1);
}

static inline void partial_advise_dontfork(char *at)
{
	SHOW(madvise(at, SMALL_PAGE, MADV_DONTFORK));
	partial_in_child(partial_child_touches, at);
	check_pattern(at, SMALL_PAGE, 1);
	SHOW(madvise(at, SMALL_PAGE, MADV_DOFORK));
	partial_in_child(partial_child_touches, at);
	check_pattern(at, SMALL_PAGE, 1);
}

static inline void partial_child_reads(char *at)
{
	printf("child reads %s\n", *(uint64_t *)at ? "content" : "zero");
	check_pattern(at + SMALL_PAGE, 64, 1);
}

static inline void partial_advise_wipeonfork(char *at)
{
	SHOW(madvise(at, SMALL_PAGE, MADV_WIPEONFORK));
	partial_in_child(partial_child_reads, at);
	check_pattern(at, SMALL_PAGE, 1);
	SHOW(madvise(at, SMALL_PAGE, MADV_KEEPONFORK));
	partial_in_child(partial_child_reads, at);
	check_pattern(at, SMALL_PAGE, 1);
}

static inline void partial_advise_errors(char *at)
{
	SHOW(madvise(at + 1, SMALL_PAGE, MADV_DONTNEED));
	SHOW(madvise(at, 0, MADV_DONTNEED));
	SHOW(madvise(at, SMALL_PAGE, 12345));
	SHOW(madvise(at, SMALL_PAGE, MADV_REMOVE));
	check_pattern(at, SMALL_PAGE, 1);
}

static inline void partial_lock(char *at)
{
	SHOW(mlock(at, SMALL_PAGE));
	SHOW(mlock(at + 10, 10));
	check_pattern(at, SMALL_PAGE, 1);
	SHOW(munlock(at, SMALL_PAGE));
	SHOW(mlock2(at, SMALL_PAGE, MLOCK_ONFAULT));
	SHOW(mlock2(at, SMALL_PAGE, 0x100));
	SHOW(munlock(at, SMALL_PAGE));
	SHOW(munlock(at - SMALL_PAGE, 3 * SMALL_PAGE));
	SHOW(munlock((void *)SMALL_PAGE, SMALL_PAGE));
	check_pattern(at, SMALL_PAGE, 1);
}

static inline void partial_mincore(char *at)
{
	long small = sysconf(_SC_PAGESIZE);
	unsigned char resident[3] = {0xfe, 0xfe, 0xfe};

	SHOW(mincore(at, (size_t)(3 * small), resident));
	printf("resident %d %d %d\n", resident[0] & 1, resident[1] & 1, resident[2] & 1);
	SHOW(mincore(at + 1, SMALL_PAGE, resident));
	check_pattern(at, SMALL_PAGE, 1);
}

static inline void partial_map_anonymous(char *at)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	CHECK(mmap(at, SMALL_PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) == at, "%m");
	check_zero(at, SMALL_PAGE);
	memset(at, 1, SMALL_PAGE);
	CHECK(mmap(at, SMALL_PAGE, PROT_NONE, flags, -1, 0) == at, "%m");
	partial_touch("reserved", at, 0);
	partial_make_usable(at);
	check_zero(at, SMALL_PAGE);
}

static inline void partial_map_file(char *at)
{
	char name[] = "/tmp/partial-page-XXXXXX", text[] = "of the file";
	int fd = mkstemp(name);

	CHECK(fd >= 0 && unlink(name) == 0 && ftruncate(fd, SMALL_PAGE) == 0, "%m");
	CHECK(pwrite(fd, text, sizeof(text), 100) == sizeof(text), "%m");
	CHECK(mmap(at, SMALL_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == at,
	      "%m");
	printf("reads: %s\n", at + 100);
	memcpy(at + 100, "OF", 2);
	SHOW(msync(at, SMALL_PAGE, MS_SYNC));
	CHECK(pread(fd, text, sizeof(text), 100) == sizeof(text), "%m");
	printf("the file has: %s\n", text);
	close(fd);
	CHECK(mmap(at, SMALL_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) == at,
	      "%m");
}

static inline void partial_map_noreplace(char *at)
{
	SHOW(mmap(at, SMALL_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0));
	SHOW(mmap(at + 1, SMALL_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	check_pattern(at, SMALL_PAGE, 1);
}

static inline void partial_unmap(char *at)
{
	SHOW(munmap(at, SMALL_PAGE));
	partial_touch("unmapped", at, 0);
	partial_touch("behind", at + SMALL_PAGE, 1);
	SHOW(munmap(at, SMALL_PAGE));
	SHOW(munmap(at + 1, SMALL_PAGE));
	SHOW(munmap(at, 0));
	SHOW(mprotect(at, SMALL_PAGE, PROT_READ));
	SHOW(madvise(at, SMALL_PAGE, MADV_DONTNEED));
	partial_map_anonymous(at);
}

static inline void partial_move_away(char *at)
{
	char *elsewhere = mmap(NULL, SMALL_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t first = *(uint64_t *)at;

	CHECK(mremap(at, SMALL_PAGE, SMALL_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) ==
		      elsewhere,
	      "%m");
	partial_touch("where it was", at, 0);
	printf("content %s\n", *(uint64_t *)elsewhere == first ? "moved" : "lost");
	partial_touch("where it is", elsewhere, 1);
	/* back to where it was */
	CHECK(mremap(elsewhere, SMALL_PAGE, SMALL_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at,
	      "%m");
	check_pattern(at, SMALL_PAGE, 1);
	SHOW(mremap(at + 1, SMALL_PAGE, SMALL_PAGE, MREMAP_MAYMOVE));
	SHOW(mremap(at, SMALL_PAGE, 2 * SMALL_PAGE, 0));
	check_pattern(at, SMALL_PAGE, 1);
}

static inline void partial_synchronize(char *at)
{
	SHOW(msync(at, SMALL_PAGE, MS_SYNC));
	SHOW(msync(at, SMALL_PAGE, MS_ASYNC));
	SHOW(msync(at, SMALL_PAGE, MS_SYNC | MS_INVALIDATE));
	SHOW(msync(at + 1, SMALL_PAGE, MS_SYNC));
	check_pattern(at, SMALL_PAGE, 1);
}

#endif
