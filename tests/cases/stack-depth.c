/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No call needs much more stack under the library than without it: programs run coroutines on 4 kB
 * and threads on 16 kB. Each call is made on a painted stack, here and in this program without the
 * library.
 *
 * stack-depth [library to dlopen]
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include "test.h"

#ifndef SYS_process_madvise
#define SYS_process_madvise 440 /* glibc before 2.33 has no name for it */
#endif

#define HUGE           (2 * MEGABYTE)
#define BASE           4096
#define STACK_BYTES    (64 * 1024)
#define MORE_BYTES_MAX 512
#define PAINT          0xa5

static char *pages; /* sixteen huge ones */
static const char *library;

static void by_mmap(void)
{
	char *at = mmap(NULL, 4 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED && munmap(at, 4 * HUGE) == 0, "%m");
}

static void by_munmap(void)
{
	CHECK(munmap(pages + BASE, BASE) == 0, "%m");
}

static void by_mprotect(void)
{
	CHECK(mprotect(pages + HUGE + BASE, BASE, PROT_READ) == 0, "%m");
}

static void by_dontneed(void)
{
	CHECK(madvise(pages + 2 * HUGE + BASE, BASE, MADV_DONTNEED) == 0, "%m");
}

static void by_dontdump(void)
{
	CHECK(madvise(pages + 3 * HUGE + BASE, BASE, MADV_DONTDUMP) == 0, "%m");
}

static void by_mlock(void)
{
	CHECK(mlock(pages + 4 * HUGE + BASE, BASE) == 0, "%m");
}

static void by_mremap_whole(void)
{
	CHECK(mremap(pages + 5 * HUGE, HUGE, 2 * HUGE, MREMAP_MAYMOVE) != MAP_FAILED, "%m");
}

static void by_mremap_part(void)
{
	CHECK(mprotect(pages + 6 * HUGE, BASE, PROT_READ) == 0, "%m");
	CHECK(mprotect(pages + 6 * HUGE, BASE, PROT_READ | PROT_WRITE) == 0, "%m");
	CHECK(mremap(pages + 6 * HUGE, 2 * HUGE, 3 * HUGE, MREMAP_MAYMOVE) != MAP_FAILED, "%m");
}

static void by_fixed_mmap(void)
{
	CHECK(mmap(pages + 8 * HUGE + BASE, BASE, PROT_READ,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED,
	      "%m");
}

static void by_fork(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(0);
	CHECK(child > 0 && waitpid(child, &status, 0) == child && !status, "%m");
}

static void by_malloc(void)
{
	/* the main heap, and a block of its own */
	for (int i = 0; i < 40; i++)
		need(malloc(100000));
	need(malloc(40 * MEGABYTE));
}

static void by_sbrk(void)
{
	CHECK(sbrk(3 * (intptr_t)HUGE) != (void *)-1, "%m");
}

static void by_userfault(void)
{
	struct uffdio_register enrol = {
		.range = {.start = (uintptr_t)pages + 9 * HUGE, .len = HUGE},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	ioctl(-1, UFFDIO_REGISTER, &enrol);
}

static void by_process_madvise(void)
{
	struct iovec part = {pages + 10 * HUGE, BASE};

	syscall(SYS_process_madvise, 0, &part, 1l, MADV_COLD, 0);
}

static void by_mbind(void)
{
	unsigned long nodes = 1;

	syscall(SYS_mbind, pages + 11 * HUGE + BASE, BASE, 2, &nodes, 64l, 0);
}

static void by_prctl(void)
{
	prctl(PR_SET_SECCOMP, 2, 8, 0, 0);
}

static void by_shmat(void)
{
	int id = shmget(IPC_PRIVATE, HUGE, IPC_CREAT | 0600);

	CHECK(id >= 0 && shmat(id, pages + 12 * HUGE, SHM_REMAP) != (void *)-1, "%m");
	CHECK(shmctl(id, IPC_RMID, NULL) == 0, "%m");
}

static void by_dlopen(void)
{
	if (library)
		CHECK(dlopen(library, RTLD_NOW) != NULL, "%s", dlerror());
}

static void by_reservation(void)
{
	char *at = mmap(NULL, 32 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED && mprotect(at, 4 * HUGE, PROT_READ | PROT_WRITE) == 0, "%m");
	CHECK(mprotect(at + 4 * HUGE, BASE, PROT_READ | PROT_WRITE) == 0, "%m");
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{"mmap", by_mmap},
	{"munmap", by_munmap},
	{"mprotect", by_mprotect},
	{"MADV_DONTNEED", by_dontneed},
	{"MADV_DONTDUMP", by_dontdump},
	{"mlock", by_mlock},
	{"mremap", by_mremap_whole},
	{"mremap of parts", by_mremap_part},
	{"mmap with MAP_FIXED", by_fixed_mmap},
	{"fork", by_fork},
	{"malloc", by_malloc},
	{"sbrk", by_sbrk},
	{"UFFDIO_REGISTER", by_userfault},
	{"process_madvise", by_process_madvise},
	{"mbind", by_mbind},
	{"prctl", by_prctl},
	{"shmget and shmat", by_shmat},
	{"mprotect of reserved space", by_reservation},
	{"dlopen", by_dlopen},
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static ucontext_t here, there;

static size_t depth_of(void (*call)(void))
{
	unsigned char *stack =
		mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t unused = 0;

	CHECK(stack != MAP_FAILED && madvise(stack, STACK_BYTES, MADV_NOHUGEPAGE) == 0, "%m");
	memset(stack, PAINT, STACK_BYTES);
	CHECK(getcontext(&there) == 0, "%m");
	there.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK_BYTES};
	there.uc_link = &here;
	makecontext(&there, call, 0);
	CHECK(swapcontext(&here, &there) == 0, "%m");
	while (unused < STACK_BYTES && stack[unused] == PAINT)
		unused++;
	return STACK_BYTES - unused;
}

static void measure(size_t depths[CALLS])
{
	pages = mmap(NULL, 17 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(pages != MAP_FAILED, "%m");
	pages = (char *)(((uintptr_t)pages + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
	memset(pages, 1, 16 * HUGE);
	for (size_t i = 0; i < CALLS; i++)
		depths[i] = depth_of(calls[i].call);
}

/* This program without the library. */
static void measure_plain(char **argv, size_t depths[CALLS])
{
	int ends[2], status;
	pid_t child;

	CHECK(pipe(ends) == 0, "%m");
	child = vfork();
	if (child == 0) {
		dup2(ends[1], 3);
		unsetenv("LD_PRELOAD");
		setenv("STACK_DEPTH_PLAIN", "1", 1);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	close(ends[1]);
	CHECK(read(ends[0], depths, CALLS * sizeof(depths[0])) == CALLS * sizeof(depths[0]), "%m");
	CHECK(waitpid(child, &status, 0) == child && !status, "status %#x", status);
	close(ends[0]);
}

int main(int argc, char **argv)
{
	size_t plain[CALLS], ours[CALLS];
	int failed = 0;

	library = argc > 1 ? argv[1] : NULL;
	if (getenv("STACK_DEPTH_PLAIN")) {
		measure(plain);
		return write(3, plain, sizeof(plain)) != sizeof(plain);
	}
	measure_plain(argv, plain);
	measure(ours);
	for (size_t i = 0; i < CALLS; i++) {
		if (getenv("STACK_DEPTH_PRINT"))
			printf("%-28s %6zu %6zu\n", calls[i].name, plain[i], ours[i]);
		if (ours[i] <= plain[i] + MORE_BYTES_MAX)
			continue;
		fprintf(stderr, "%s: %zu bytes of stack, %zu without the library\n", calls[i].name,
			ours[i], plain[i]);
		failed = 1;
	}
	puts("measured");
	return failed;
}
