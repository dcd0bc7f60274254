/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls-past-libc inline|function|in-valgrind: the program changes whole huge pages of its memory
 * by system calls that do not go through libc's functions for memory, and then parts of them by
 * libc's functions. What it mapped, protected and wrote stays as it is. `inline` makes the calls by
 * the CPU's instruction, `function` by syscall(2). `in-valgrind` is `inline`, but addresses may
 * differ.
 */
#include <fcntl.h>
#include <kernel.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include "test.h"

#define HUGE (2 * MEGABYTE)
#define BASE 4096

static int by_function;
static int in_valgrind; /* which chooses addresses by itself */

/* Returns a value or -errno. */
static long call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;

	if (!by_function)
		return cpu_system_call(number, a, b, c, d, e, f);
	result = syscall(number, a, b, c, d, e, f);
	return result == -1 ? -errno : result;
}

static char *map_pages(size_t count)
{
	char *at = mmap(NULL, (count + 1) * HUGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED, "%m");
	at = (char *)(((uintptr_t)at + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
	memset(at, 1, count * HUGE);
	return at;
}

/* A part is protected and opened again, which splits the page where it is a huge one. */
static void touch_part(char *page)
{
	CHECK(mprotect(page + 2 * BASE, BASE, PROT_READ) == 0, "%m");
	CHECK(mprotect(page + 2 * BASE, BASE, PROT_READ | PROT_WRITE) == 0, "%m");
}

static void shared_file_stays_shared(void)
{
	char *at = map_pages(4), name[] = "/tmp/calls-past-libc-XXXXXX", read_back[6] = "";
	int fd = mkstemp(name);

	CHECK(fd >= 0 && unlink(name) == 0 && ftruncate(fd, (off_t)(2 * HUGE)) == 0, "%m");
	CHECK(call(CPU_MMAP_NUMBER, (long)(at + HUGE), 2 * (long)HUGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, fd, 0) == (long)(at + HUGE),
	      "no mapping");
	touch_part(at + HUGE);
	memcpy(at + HUGE, "hello", 5);
	CHECK(pread(fd, read_back, 5, 0) == 5 && !strcmp(read_back, "hello"), "the file has \"%s\"",
	      read_back);
	CHECK(madvise(at + HUGE + BASE, 3 * BASE, MADV_DONTNEED) == 0, "%m");
	touch_part(at);
	CHECK(at[0] == 1 && at[3 * HUGE] == 1, "other pages changed");
	close(fd);
}

static int writes_fault(char *at)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		*(volatile char *)at = 9;
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child, "%m");
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void rights_stay(void)
{
	char *at = map_pages(3);

	CHECK(call(SYS_mprotect, (long)(at + HUGE), (long)HUGE, PROT_READ, 0, 0, 0) == 0,
	      "mprotect");
	CHECK(mprotect(at + HUGE + BASE, BASE, PROT_READ | PROT_WRITE) == 0, "%m");
	at[HUGE + BASE] = 2;
	CHECK(writes_fault(at + HUGE), "a page without write access is written to");
	CHECK(!writes_fault(at + HUGE + BASE), "a page with write access is not writable");
}

static void hole_stays_a_hole(void)
{
	char *at = map_pages(3);
	unsigned char there;

	CHECK(call(SYS_munmap, (long)(at + HUGE), (long)HUGE, 0, 0, 0, 0) == 0, "munmap");
	CHECK(mprotect(at + HUGE + BASE, BASE, PROT_READ) == -1 && errno == ENOMEM, "%m");
	CHECK(mincore(at + HUGE, BASE, &there) == -1 && errno == ENOMEM, "%m");
	CHECK(madvise(at + HUGE, HUGE, MADV_DONTNEED) == -1 && errno == ENOMEM, "%m");
	CHECK(at[0] == 1 && at[2 * HUGE] == 1, "other pages changed");
}

static void attached_segment_stays_attached(void)
{
	char *at = map_pages(4), *other;
	int id = shmget(IPC_PRIVATE, 2 * HUGE, IPC_CREAT | 0600);

	CHECK(id >= 0, "%m");
	other = shmat(id, NULL, 0);
	CHECK(other != (void *)-1, "%m");
	CHECK(shmat(id, at + HUGE, SHM_REMAP) == at + HUGE, "%m");
	CHECK(shmctl(id, IPC_RMID, NULL) == 0, "%m");
	touch_part(at + HUGE);
	strcpy(at + HUGE, "hello");
	CHECK(!strcmp(other, "hello"), "the other attachment has \"%s\"", other);
	/* and over parts of huge pages */
	id = shmget(IPC_PRIVATE, 2 * BASE, IPC_CREAT | 0600);
	CHECK(shmat(id, at + BASE, SHM_REMAP) == at + BASE, "%m");
	CHECK(shmctl(id, IPC_RMID, NULL) == 0, "%m");
	CHECK(at[0] == 1 && at[BASE] == 0 && at[3 * BASE] == 1, "the wrong part was replaced");
}

/* What it was attached over is free for the next mapping, so that addresses do not run away. */
static void detached_segment_leaves_its_place(void)
{
	const size_t bytes = 32 * HUGE;
	uintptr_t low = UINTPTR_MAX, high = 0;
	int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);

	CHECK(id >= 0, "%m");
	for (int i = 0; i < 100; i++) {
		char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);
		uintptr_t address = (uintptr_t)at;
		unsigned char there;

		CHECK(at != MAP_FAILED, "%m");
		CHECK(shmat(id, at, SHM_REMAP) == at, "%m");
		CHECK(munmap(at + HUGE, HUGE) == 0, "%m");
		CHECK(i & 1 && by_function ? call(SYS_shmdt, (long)at, 0, 0, 0, 0, 0) == 0
					   : shmdt(at) == 0,
		      "shmdt");
		CHECK(mincore(at, BASE, &there) == -1 && errno == ENOMEM, "still there");
		low = address < low ? address : low;
		high = address > high ? address : high;
	}
	CHECK(in_valgrind || high - low <= 8 * bytes, "100 mappings at %zu places",
	      (high - low) / bytes);
	CHECK(shmdt((void *)high) == -1 && errno == EINVAL, "%m");
	CHECK(shmctl(id, IPC_RMID, NULL) == 0, "%m");
}

/* libc's function is hooked, so parts of huge pages can be changed by it. */
static void parts_change_by_function(void)
{
	char *at = map_pages(3);
	unsigned char there;

	CHECK(call(SYS_mprotect, (long)(at + BASE), BASE, PROT_READ, 0, 0, 0) == 0, "mprotect");
	CHECK(call(SYS_madvise, (long)(at + HUGE + BASE), BASE, MADV_DONTDUMP, 0, 0, 0) == 0,
	      "madvise");
	CHECK(call(SYS_munmap, (long)(at + 2 * HUGE), BASE, 0, 0, 0, 0) == 0, "munmap");
	CHECK(mincore(at + 2 * HUGE, BASE, &there) == -1 && errno == ENOMEM, "still there");
	CHECK(at[BASE] == 1 && at[HUGE + BASE] == 1 && at[2 * HUGE + BASE] == 1, "lost");
}

/* It changes mappings of files only: those that lie where huge pages were, not the pages. */
static void pages_of_a_file_are_remapped(void)
{
	char *at = map_pages(3), name[] = "/tmp/calls-past-libc-XXXXXX";
	int fd = mkstemp(name);

	CHECK(fd >= 0 && unlink(name) == 0 && ftruncate(fd, (off_t)HUGE) == 0, "%m");
	CHECK(pwrite(fd, "second", 6, BASE) == 6, "%m");
	CHECK(remap_file_pages(at, HUGE, 0, 0, 0) == -1 && errno == EINVAL, "%m");
	CHECK(mmap(at + HUGE, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
		      at + HUGE,
	      "%m");
	CHECK(remap_file_pages(at + HUGE, BASE, 0, 1, 0) == 0, "%m");
	touch_part(at + HUGE);
	CHECK(!memcmp(at + HUGE, "second", 6) && !memcmp(at + HUGE + BASE, "second", 6),
	      "other pages of the file");
	CHECK(at[HUGE - 1] == 1 && at[2 * HUGE] == 1, "pages beside it changed");
	close(fd);
}

/* libc's syscall(2) as such. */
static void other_calls_are_as_ever(void)
{
	char name[] = "/tmp/calls-past-libc-XXXXXX";
	int fd = mkstemp(name);
	loff_t from = 1, to = 5;
	char text[9] = "";

	CHECK(fd >= 0 && unlink(name) == 0 && write(fd, "abcd", 4) == 4, "%m");
	CHECK(syscall(SYS_copy_file_range, fd, &from, fd, &to, (size_t)3, 0u) == 3, "%m");
	CHECK(pread(fd, text, 8, 0) == 8 && !memcmp(text, "abcd\0bcd", 8), "six arguments");
	errno = 0;
	CHECK(syscall(SYS_close, -1) == -1 && errno == EBADF, "%m");
	CHECK(syscall(SYS_munmap, 1l, 1l) == -1 && errno == EINVAL, "%m");
	CHECK(syscall(SYS_getpid) == getpid(), "getpid");
	CHECK(syscall(-1l) == -1 && errno == ENOSYS, "%m");
	CHECK(syscall(0x7fffffffl) == -1 && errno == ENOSYS, "%m");
	close(fd);
}

/* What libnuma and hwloc do. The answer is the same as on small pages, whatever it is. */
static void policy_of_a_part(void)
{
	char *at = map_pages(3), *block = need(aligned_alloc(BASE, MEGABYTE));
	unsigned long nodes = 1;

	memset(block, 1, MEGABYTE);
	printf("policy: %ld", call(SYS_mbind, (long)block, MEGABYTE, 2, (long)&nodes, 64, 0));
	printf(" %ld", call(SYS_mbind, (long)(at + BASE), MEGABYTE, 2, (long)&nodes, 64, 2));
	printf(" %ld", call(SYS_mbind, (long)at, 2 * HUGE, 1, (long)&nodes, 64, 0));
	printf(" %ld", call(SYS_mbind, (long)(at + 1), BASE, 2, (long)&nodes, 64, 0));
	printf(" %ld\n", call(SYS_mbind, (long)at, BASE, 77, (long)&nodes, 64, 0));
	CHECK(at[0] == 1 && at[BASE] == 1 && at[2 * HUGE] == 1, "its content is lost");
}

int main(int argc, char **argv)
{
	CHECK(argc == 2, "calls-past-libc inline|function|in-valgrind");
	by_function = !strcmp(argv[1], "function");
	in_valgrind = !strcmp(argv[1], "in-valgrind");
	shared_file_stays_shared();
	rights_stay();
	hole_stays_a_hole();
	attached_segment_stays_attached();
	detached_segment_leaves_its_place();
	if (!in_valgrind) /* which does not have that call */
		pages_of_a_file_are_remapped();
	if (by_function)
		parts_change_by_function();
	if (by_function) {
		other_calls_are_as_ever();
		policy_of_a_part();
	}
	puts("as on small pages");
	return 0;
}
