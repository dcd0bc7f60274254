/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory on every kind of page, for hugestat to look at: KIND=PAGES…, then waits for the end of its
 * standard input. Kinds: hugetlb, gigantic (1G), thp, shm (System V, hugetlb), shared (small),
 * file:PATH (a file's text as the kernel caches it, on huge pages if it can), stack (a thread's),
 * touching (small; a thread goes on touching the first eighth).
 * Prints "KIND yes" or "KIND no REASON" for each, then "ready".
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "test.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define M2 ((size_t)2 << 20)
#define G1 ((size_t)1 << 30)

static const char *map_hugetlb(size_t pages, size_t page_bytes)
{
	int log2 = __builtin_ctzl(page_bytes);
	void *memory = mmap(NULL, pages * page_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | log2 << 26, -1, 0);

	if (memory == MAP_FAILED)
		return strerror(errno);
	if (!madvise(memory, pages * page_bytes, MADV_POPULATE_WRITE))
		return NULL;
	if (errno != EINVAL)
		return strerror(errno);
	memset(memory, 1, pages * page_bytes); /* before 5.14 */
	return NULL;
}

/* An aligned range of that many bytes, and room around it, without access: otherwise the kernel may
 * join it and an arena of malloc, or a thread's stack, to one mapping. On a multiple of 64M, with
 * the room behind it, it would look like such an arena, as one of 32 addresses is. */
static char *aligned_range(size_t bytes)
{
	char *memory = mmap(NULL, bytes + 3 * M2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *range = (char *)(((uintptr_t)memory + M2) & ~(uintptr_t)(M2 - 1));

	if ((uintptr_t)range % (32 * M2) == 0)
		range += M2;
	CHECK(memory != MAP_FAILED && mprotect(range, bytes, PROT_READ | PROT_WRITE) == 0, "%m");
	return range;
}

static const char *map_thp(size_t pages)
{
	char *memory = aligned_range(pages * M2);

	if (madvise(memory, pages * M2, MADV_HUGEPAGE))
		return strerror(errno);
	memset(memory, 1, pages * M2);
	return NULL;
}

static const char *map_shm(size_t pages)
{
	int id = shmget(IPC_PRIVATE, pages * M2, SHM_HUGETLB | 0600);
	char *memory;

	if (id < 0)
		return strerror(errno);
	memory = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	if (memory == (void *)-1)
		return strerror(errno);
	memset(memory, 1, pages * M2);
	return NULL;
}

static const char *map_shared(size_t pages)
{
	char *memory =
		mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return strerror(errno);
	memset(memory, 1, pages * 4096);
	return NULL;
}

/* The file's pages must not be cached yet, or are on small pages and stay there. */
static const char *map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *memory;
	size_t bytes;

	if (fd < 0 || fstat(fd, &status))
		return strerror(errno);
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	bytes = (size_t)status.st_size / M2 * M2;
	memory = mmap(aligned_range(bytes), bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
		      fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return strerror(errno);
	madvise(memory, bytes, MADV_HUGEPAGE);
	if (madvise(memory, bytes, MADV_POPULATE_READ))
		return strerror(errno);
	return NULL;
}

static pid_t waiting_thread;

static void *wait_for_ever(void *unused)
{
	char block[100000];

	memset(block, 1, sizeof(block));
	/* A block of this thread's arena as well. */
	memset(need(malloc(100000)), 1, 100000);
	__asm__ volatile("" : : "r"(block) : "memory");
	__atomic_store_n(&waiting_thread, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	pause();
	return unused;
}

static bool sleeps(pid_t thread)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
	file = fopen(path, "re");
	CHECK(file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1, "%s", path);
	fclose(file);
	return state == 'S';
}

/* Its last touch of the stack is the call of pause(), which the dynamic linker may have to find. */
static const char *start_thread(void)
{
	pthread_t thread;
	pid_t id;

	CHECK(!pthread_create(&thread, NULL, wait_for_ever, NULL), "no thread");
	while (!(id = __atomic_load_n(&waiting_thread, __ATOMIC_ACQUIRE)) || !sleeps(id))
		usleep(1000);
	return NULL;
}

static char *touched;
static size_t touched_bytes;

/* An emulated CPU keeps translations until it has to forget them all, and marks a page as accessed
 * only when it makes one. The kernel has it forget all for more than 33 pages; not many more, as
 * most of the time is for touching: DAMON looks at a page for 5 ms, and sees what is touched in
 * them. */
static void forget_translations(void)
{
	const size_t bytes = 64 * 4096;
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED, "no memory");
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	memset(memory, 1, bytes);
	munmap(memory, bytes);
}

static void *touch(void *unused)
{
	for (;;) {
		forget_translations();
		for (size_t i = 0; i < touched_bytes; i += 4096)
			touched[i]++;
	}
	return unused;
}

static const char *map_touching(size_t pages)
{
	pthread_t thread;

	touched = aligned_range(pages * M2);
	madvise(touched, pages * M2, MADV_NOHUGEPAGE);
	memset(touched, 1, pages * M2);
	touched_bytes = pages * M2 / 8;
	CHECK(!pthread_create(&thread, NULL, touch, NULL), "no thread");
	return NULL;
}

int main(int argc, char **argv)
{
	char byte;

	for (int i = 1; i < argc; i++) {
		char *value = strpbrk(argv[i], "=:");
		const char *reason = "no such kind";
		size_t pages = value ? strtoul(value + 1, NULL, 10) : 0;

		if (value)
			*value++ = '\0';
		if (!strcmp(argv[i], "hugetlb"))
			reason = map_hugetlb(pages, M2);
		else if (!strcmp(argv[i], "gigantic"))
			reason = map_hugetlb(pages, G1);
		else if (!strcmp(argv[i], "thp"))
			reason = map_thp(pages);
		else if (!strcmp(argv[i], "shm"))
			reason = map_shm(pages);
		else if (!strcmp(argv[i], "shared"))
			reason = map_shared(pages);
		else if (!strcmp(argv[i], "file"))
			reason = map_file(value);
		else if (!strcmp(argv[i], "stack"))
			reason = start_thread();
		else if (!strcmp(argv[i], "touching"))
			reason = map_touching(pages);
		printf("%s %s %s\n", argv[i], reason ? "no" : "yes", reason ? reason : "");
	}
	puts("ready");
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}
