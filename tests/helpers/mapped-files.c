/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program can do with a file that it has mapped to read it: mapped-files DIRECTORY. Prints
 * what each call gave; the same with files on huge pages as without. EXPECT_NAME: part of a line of
 * /proc/self/maps that must be there for the first mapping, as proof that it is on such pages.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "test.h"

#define PAGE       ((size_t)4096)
#define HUGE       (2 * MEGABYTE)
#define FILE_BYTES (5 * HUGE + 3 * PAGE + 1234)
#define PAGED      (5 * HUGE + 4 * PAGE)

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static const char *directory;
static char path[512], other[512];
static sigjmp_buf jump;
static volatile int caught;

static void handler(int number)
{
	caught = number;
	siglongjmp(jump, 1);
}

/* The byte, or the negative signal that reading it gave. */
static int peek(const volatile unsigned char *at)
{
	if (sigsetjmp(jump, 1))
		return -caught;
	return *at;
}

static int poke(volatile unsigned char *at, unsigned char value)
{
	if (sigsetjmp(jump, 1))
		return -caught;
	*at = value;
	return 0;
}

static unsigned char byte_at(size_t offset, unsigned int seed)
{
	return offset < FILE_BYTES ? (unsigned char)((offset >> 3) * 2654435761u + seed + offset)
				   : 0;
}

static void write_file(const char *name, unsigned int seed)
{
	unsigned char *bytes = malloc(FILE_BYTES);
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	CHECK(fd >= 0 && bytes, "%m");
	for (size_t i = 0; i < FILE_BYTES; i++)
		bytes[i] = byte_at(i, seed);
	CHECK(write(fd, bytes, FILE_BYTES) == (ssize_t)FILE_BYTES, "%m");
	close(fd);
	free(bytes);
	/* what was changed a moment ago is not copied */
	usleep(250000);
}

/* Is [from, to) of a mapping of the file from `offset` on what the file holds? */
static bool is_file(const unsigned char *map, size_t offset, size_t from, size_t to,
		    unsigned int seed)
{
	for (size_t i = from; i < to; i++)
		if (map[i] != byte_at(offset + i, seed))
			return false;
	return true;
}

static bool maps_have(const char *text)
{
	char line[1024];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "r");

	CHECK(maps, "%m");
	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, text) != NULL;
	fclose(maps);
	return found;
}

static unsigned char *map_part(int flags, size_t offset, size_t bytes)
{
	int fd = open(path, O_RDONLY);
	unsigned char *map;

	CHECK(fd >= 0, "%m");
	map = mmap(NULL, bytes, PROT_READ, flags, fd, (off_t)offset);
	CHECK(map != MAP_FAILED, "%m");
	close(fd);
	return map;
}

static unsigned char *map_file(int flags)
{
	return map_part(flags, 0, FILE_BYTES);
}

static void expect_copy(void)
{
	const char *name = getenv("EXPECT_NAME");

	if (name)
		CHECK(maps_have(name), "no mapping has %s in its name", name);
}

/* The result of a call, with its errno. */
static void say(const char *what, long result)
{
	printf("%s: %ld%s%s\n", what, result, result == -1 ? " " : "",
	       result == -1 ? strerror(errno) : "");
}

static void drop(unsigned char *map, size_t bytes)
{
	CHECK(munmap(map, bytes) == 0, "%m");
	if (getenv("EXPECT_NAME"))
		CHECK(!maps_have(getenv("EXPECT_NAME")), "something is left of the mapping");
}

static void test_ranges(int flags)
{
	static const struct {
		size_t offset, bytes;
	} parts[] = {
		{0, FILE_BYTES},
		{0, PAGED},
		{0, 5 * HUGE},
		{PAGE, PAGED - PAGE},
		{HUGE + 3 * PAGE, 4 * HUGE - PAGE},
		{HUGE, 4 * HUGE},
		{0, 3 * HUGE + 17},
		{4 * HUGE, HUGE + 4 * PAGE},
		{0, 8 * HUGE},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		unsigned char *map = map_part(flags, parts[i].offset, parts[i].bytes);
		size_t there = FILE_BYTES - parts[i].offset;

		if (there > parts[i].bytes)
			there = parts[i].bytes;
		printf("part %zu: %s", i,
		       is_file(map, parts[i].offset, 0, there, 1) ? "same" : "OTHER");
		/* zero to the end of the page, then SIGBUS, then nothing */
		printf(" %d %d\n",
		       parts[i].offset + parts[i].bytes >= PAGED ? peek(map + there) : 0,
		       parts[i].bytes >= 8 * HUGE ? peek(map + PAGED) : 0);
		CHECK(munmap(map, parts[i].bytes) == 0, "%m");
	}
}

static void test_unmap(int flags)
{
	unsigned char *map = map_file(flags);

	expect_copy();
	say("munmap of a page", munmap(map + HUGE + 5 * PAGE, PAGE));
	printf("hole %d %d %d\n", peek(map + HUGE + 5 * PAGE - 1), peek(map + HUGE + 5 * PAGE),
	       peek(map + HUGE + 6 * PAGE));
	printf("rest %d %d\n", is_file(map, 0, 0, HUGE + 5 * PAGE, 1),
	       is_file(map, 0, HUGE + 6 * PAGE, FILE_BYTES, 1));
	CHECK(mmap(map + HUGE + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == map + HUGE + 5 * PAGE,
	      "%m");
	printf("in the hole %d %d\n", poke(map + HUGE + 5 * PAGE, 7), peek(map + HUGE + 5 * PAGE));
	say("munmap of two huge pages", munmap(map + 2 * HUGE, 2 * HUGE));
	printf("%d %d %d\n", peek(map + 2 * HUGE - 1), peek(map + 3 * HUGE), peek(map + 4 * HUGE));
	say("munmap of the start", munmap(map, PAGE));
	say("munmap of the end", munmap(map + 5 * HUGE - PAGE, 5 * PAGE));
	printf("rest %d %d\n", is_file(map, 0, PAGE, HUGE + 5 * PAGE, 1),
	       is_file(map, 0, 4 * HUGE, 5 * HUGE - PAGE, 1));
	drop(map, PAGED);
}

static void test_protect(int flags)
{
	unsigned char *map = map_file(flags);
	int fd;
	unsigned char byte;

	expect_copy();
	say("mprotect none", mprotect(map + HUGE + PAGE, PAGE, PROT_NONE));
	printf("%d %d %d\n", peek(map + HUGE), peek(map + HUGE + PAGE),
	       peek(map + HUGE + 2 * PAGE));
	say("mprotect read", mprotect(map + HUGE + PAGE, PAGE, PROT_READ));
	say("mprotect read of all", mprotect(map, PAGED, PROT_READ));
	printf("%d\n", is_file(map, 0, 0, FILE_BYTES, 1));
	say("write", poke(map + 3 * HUGE, 9));
	say("mprotect write", mprotect(map + 3 * HUGE, HUGE, PROT_READ | PROT_WRITE));
	say("write", poke(map + 3 * HUGE, 9));
	printf("%d %d\n", peek(map + 3 * HUGE), is_file(map, 0, 3 * HUGE + 1, FILE_BYTES, 1));
	fd = open(path, O_RDONLY);
	CHECK(pread(fd, &byte, 1, 3 * HUGE) == 1, "%m");
	close(fd);
	printf("the file has %d\n", byte);
	say("mprotect exec", mprotect(map + 4 * HUGE, HUGE, PROT_READ | PROT_EXEC));
	printf("%d\n", is_file(map, 0, 4 * HUGE, FILE_BYTES, 1));
	drop(map, PAGED);
}

static void test_remap(int flags)
{
	unsigned char *map = map_file(flags), *moved, *target;

	expect_copy();
	moved = mremap(map, PAGED, 3 * HUGE + PAGE, 0);
	say("mremap smaller", moved == map);
	printf("%d %d\n", is_file(map, 0, 0, 3 * HUGE + PAGE, 1), peek(map + 3 * HUGE + PAGE));
	moved = mremap(map, 3 * HUGE + PAGE, 4 * HUGE, MREMAP_MAYMOVE);
	say("mremap larger", moved != MAP_FAILED);
	CHECK(moved != MAP_FAILED, "%m");
	printf("%d\n", is_file(moved, 0, 0, 4 * HUGE, 1));
	CHECK(munmap(moved, 4 * HUGE) == 0, "%m");

	map = map_file(flags);
	target = mmap(NULL, PAGED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	moved = mremap(map, PAGED, PAGED, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	say("mremap to a place", moved == target);
	CHECK(moved != MAP_FAILED, "%m");
	printf("%d %d\n", is_file(moved, 0, 0, FILE_BYTES, 1), peek(map + HUGE));
	CHECK(munmap(moved, PAGED) == 0, "%m");

	/* what a shared mapping maps can be mapped once more */
	map = map_file(flags);
	expect_copy();
	moved = mremap(map + HUGE, 0, HUGE + PAGE, MREMAP_MAYMOVE);
	say("mremap of no bytes", moved == MAP_FAILED ? -1 : moved != map + HUGE);
	printf("%d\n", is_file(map, 0, 0, FILE_BYTES, 1));
	if (moved != MAP_FAILED) {
		printf("%d\n", is_file(moved, HUGE, 0, HUGE + PAGE, 1));
		CHECK(munmap(moved, HUGE + PAGE) == 0, "%m");
	}
	say("mremap of no bytes to none", mremap(map + HUGE, 0, 0, MREMAP_MAYMOVE) == MAP_FAILED);
	drop(map, PAGED);

	map = map_file(flags);
	target = mmap(NULL, HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	moved = mremap(map + HUGE + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       target);
	say("mremap of a part", moved == target);
	printf("%d %d %d\n", is_file(moved, HUGE + PAGE, 0, 2 * PAGE, 1), peek(map + HUGE + PAGE),
	       is_file(map, 0, HUGE + 3 * PAGE, FILE_BYTES, 1));
	/* anonymous memory over a part of the mapping */
	moved = mremap(target + 4 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       map + 4 * HUGE + PAGE);
	say("mremap onto a part", moved == map + 4 * HUGE + PAGE);
	printf("%d %d\n", peek(map + 4 * HUGE), peek(map + 4 * HUGE + PAGE));
	munmap(target, HUGE);
	drop(map, PAGED);
}

static void test_advice(int flags)
{
	static const struct {
		const char *name;
		int advice;
	} all[] = {
		{"normal", MADV_NORMAL},         {"random", MADV_RANDOM},
		{"sequential", MADV_SEQUENTIAL}, {"willneed", MADV_WILLNEED},
		{"dontneed", MADV_DONTNEED},     {"free", MADV_FREE},
		{"remove", MADV_REMOVE},         {"dontdump", MADV_DONTDUMP},
		{"wipeonfork", MADV_WIPEONFORK},
	};
	unsigned char *map = map_file(flags);
	int status;

	expect_copy();
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		say(all[i].name, madvise(map + HUGE + PAGE, PAGE, all[i].advice));
		say(all[i].name, madvise(map, PAGED, all[i].advice));
		printf("%d\n", is_file(map, 0, 0, FILE_BYTES, 1));
	}
	say("posix_madvise", posix_madvise(map, PAGED, POSIX_MADV_WILLNEED));
	say("dontfork", madvise(map + 2 * HUGE, 2 * HUGE, MADV_DONTFORK));
	if (!fork()) {
		int in = peek(map + 3 * HUGE), before = peek(map + 2 * HUGE - 1);

		_exit(before == byte_at(2 * HUGE - 1, 1) ? -in : 99);
	}
	wait(&status);
	printf("the child got %d\n", WEXITSTATUS(status));
	printf("%d\n", is_file(map, 0, 0, FILE_BYTES, 1));
	drop(map, PAGED);
}

static void test_other_calls(int flags)
{
	unsigned char *map = map_file(flags), resident[PAGED / PAGE], buffer[64];
	struct iovec here = {buffer, sizeof(buffer)}, there = {map + HUGE, sizeof(buffer)};
	int fd, ends[2], status;

	expect_copy();
	say("msync", msync(map + PAGE, HUGE, MS_SYNC));
	say("msync async", msync(map, PAGED, MS_ASYNC));
	say("msync invalidate", msync(map, PAGED, MS_INVALIDATE));
	say("mincore", mincore(map, PAGED, resident));
	say("mlock", mlock(map + HUGE + PAGE, PAGE));
	say("munlock", munlock(map, PAGED));
	say("mlock", mlock(map, 2 * HUGE));
	say("munlock", munlock(map, PAGED));
	fd = open(path, O_RDONLY);
	say("read into it", read(fd, map + HUGE, PAGE));
	close(fd);
	fd = open(path, O_RDONLY | O_DIRECT);
	say("O_DIRECT into it", fd < 0 ? -1 : read(fd, map + HUGE, PAGE));
	close(fd);
	CHECK(pipe(ends) == 0, "%m");
	say("write from it", write(ends[1], map + HUGE - 100, 200));
	CHECK(read(ends[0], buffer, sizeof(buffer)) == sizeof(buffer), "%m");
	printf("%d\n", buffer[10] == byte_at(HUGE - 90, 1));
	close(ends[0]);
	close(ends[1]);
	say("process_vm_readv", process_vm_readv(getpid(), &here, 1, &there, 1, 0));
	printf("%d\n", buffer[10] == byte_at(HUGE + 10, 1));
	if (!fork()) {
		bool same = is_file(map, 0, 0, FILE_BYTES, 1);

		CHECK(munmap(map + HUGE, 3 * PAGE) == 0, "%m");
		same &= peek(map + HUGE) == -SIGSEGV &&
			is_file(map, 0, HUGE + 3 * PAGE, FILE_BYTES, 1);
		CHECK(munmap(map, PAGED) == 0, "%m");
		_exit(same ? 7 : 8);
	}
	wait(&status);
	printf("the child says %d\n", WEXITSTATUS(status));
	printf("%d\n", is_file(map, 0, 0, FILE_BYTES, 1));
	drop(map, PAGED);
}

/* Another file over a part, and the same one at another offset. */
static void test_fixed(int flags)
{
	unsigned char *map = map_file(flags);
	int fd = open(path, O_RDONLY);

	say("mmap fixed", mmap(map + HUGE + 2 * PAGE, 2 * PAGE, PROT_READ, flags | MAP_FIXED, fd,
			       0) == map + HUGE + 2 * PAGE);
	printf("%d %d %d\n", is_file(map, 0, 0, HUGE + 2 * PAGE, 1),
	       is_file(map + HUGE + 2 * PAGE, 0, 0, 2 * PAGE, 1),
	       is_file(map, 0, HUGE + 4 * PAGE, FILE_BYTES, 1));
	say("mmap fixed",
	    mmap(map + 2 * HUGE, 2 * HUGE, PROT_READ, flags | MAP_FIXED, fd, 0) == map + 2 * HUGE);
	printf("%d %d\n", is_file(map + 2 * HUGE, 0, 0, 2 * HUGE, 1),
	       is_file(map, 0, 4 * HUGE, FILE_BYTES, 1));
	close(fd);
	drop(map, PAGED);
}

static void test_changes(int flags)
{
	unsigned char *map = map_file(flags), *again, byte = 200;
	int fd;

	expect_copy();
	/* in its place */
	write_file(other, 2);
	CHECK(rename(other, path) == 0, "%m");
	printf("replaced: %d", is_file(map, 0, 0, FILE_BYTES, 1));
	again = map_file(flags);
	printf(" %d\n", is_file(again, 0, 0, FILE_BYTES, 2));
	munmap(map, PAGED);
	munmap(again, PAGED);

	/* written to, and closed, before it is mapped again */
	map = map_file(flags);
	munmap(map, PAGED);
	fd = open(path, O_WRONLY);
	CHECK(pwrite(fd, &byte, 1, HUGE) == 1, "%m");
	close(fd);
	map = map_file(flags);
	printf("written before: %d\n", map[HUGE]);
	munmap(map, PAGED);

	/* while somebody has it open for writing */
	fd = open(path, O_RDWR);
	map = map_file(flags);
	byte = 201;
	CHECK(pwrite(fd, &byte, 1, HUGE) == 1, "%m");
	printf("written while open: %d\n", map[HUGE]);
	munmap(map, PAGED);
	map = mmap(NULL, PAGED, PROT_READ, flags, fd, 0);
	CHECK(map != MAP_FAILED, "%m");
	say("mprotect of one that is open for writing",
	    mprotect(map, PAGED, PROT_READ | PROT_WRITE));
	say("write", poke(map + HUGE, 202));
	CHECK(pread(fd, &byte, 1, HUGE) == 1, "%m");
	printf("the file has %d\n", byte);
	munmap(map, PAGED);
	close(fd);

	/* unlinked, and nobody has it open */
	write_file(path, 1);
	map = map_file(flags);
	expect_copy();
	unlink(path);
	printf("unlinked: %d\n", is_file(map, 0, 0, FILE_BYTES, 1));
	say("munmap of a page", munmap(map + HUGE, PAGE));
	printf("%d\n", is_file(map, 0, HUGE + PAGE, FILE_BYTES, 1));
	drop(map, PAGED);
	write_file(path, 1);
}

static void test_kinds(void)
{
	int fd = open(other, O_CREAT | O_TRUNC | O_RDWR, 0600);
	unsigned char *map;
	bool zero = true;

	CHECK(fd >= 0 && ftruncate(fd, 4 * HUGE) == 0, "%m");
	close(fd);
	usleep(250000);
	fd = open(other, O_RDONLY);
	map = mmap(NULL, 4 * HUGE, PROT_READ, MAP_SHARED, fd, 0);
	for (size_t i = 0; i < 4 * HUGE; i += 512)
		zero &= !map[i];
	printf("a file of one hole: %d\n", zero);
	munmap(map, 4 * HUGE);
	close(fd);
	unlink(other);

	fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	CHECK(fd >= 0 && ftruncate(fd, 3 * HUGE) == 0 && pwrite(fd, "x", 1, HUGE) == 1, "%m");
	say("sealed",
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
	map = mmap(NULL, 3 * HUGE, PROT_READ, MAP_SHARED, fd, 0);
	printf("%d %d\n", map[HUGE], map[0]);
	say("mprotect", mprotect(map, 3 * HUGE, PROT_READ | PROT_WRITE));
	munmap(map, 3 * HUGE);
	close(fd);

	fd = open(path, O_RDONLY);
	say("without rights",
	    mmap(NULL, PAGED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	say("odd offset", mmap(NULL, PAGED, PROT_READ, MAP_SHARED, fd, 17) == MAP_FAILED);
	close(fd);
	fd = open(path, O_WRONLY);
	say("not readable", mmap(NULL, PAGED, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	close(fd);
	say("not open", mmap(NULL, PAGED, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	fd = open(directory, O_RDONLY);
	say("a directory", mmap(NULL, PAGED, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	close(fd);
}

static unsigned char *threads_map;
static volatile bool threads_end;

static void *read_all(void *state)
{
	uint64_t random = (uint64_t)(uintptr_t)state;

	while (!threads_end)
		for (int i = 0; i < 1000; i++) {
			size_t at = next_random(&random) % FILE_BYTES;

			CHECK(threads_map[at] == byte_at(at, 1), "a thread read something else");
		}
	return NULL;
}

/* Others read every byte while parts of it become small. */
static void test_threads(int flags)
{
	pthread_t threads[3];

	for (int round = 0; round < 5; round++) {
		threads_map = map_file(flags);
		threads_end = false;
		for (int i = 0; i < 3; i++)
			CHECK(!pthread_create(&threads[i], NULL, read_all,
					      (void *)(uintptr_t)(i + 1)),
			      "%m");
		for (int i = 0; i < 5; i++) {
			usleep(1000);
			CHECK(!madvise(threads_map + i * HUGE + PAGE, PAGE, MADV_DONTDUMP), "%m");
			CHECK(!madvise(threads_map + i * HUGE + 7 * PAGE, PAGE, MADV_DONTNEED),
			      "%m");
			CHECK(!mprotect(threads_map + i * HUGE + 9 * PAGE, PAGE,
					PROT_READ | PROT_EXEC),
			      "%m");
		}
		usleep(2000);
		threads_end = true;
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		drop(threads_map, PAGED);
	}
	printf("threads: ok\n");
}

int main(int argc, char **argv)
{
	static const int kinds[] = {MAP_SHARED, MAP_PRIVATE, MAP_SHARED | MAP_POPULATE,
				    MAP_PRIVATE | MAP_NORESERVE};
	struct sigaction action = {.sa_handler = handler};

	CHECK(argc == 2, "usage: mapped-files DIRECTORY");
	directory = argv[1];
	snprintf(path, sizeof(path), "%s/a file", directory);
	snprintf(other, sizeof(other), "%s/another", directory);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	write_file(path, 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		printf("--- kind %zu\n", i);
		test_ranges(kinds[i]);
		test_unmap(kinds[i]);
		test_protect(kinds[i]);
		write_file(path, 1);
		test_remap(kinds[i]);
		test_advice(kinds[i]);
		test_other_calls(kinds[i]);
		test_fixed(kinds[i]);
		test_changes(kinds[i]);
		test_threads(kinds[i]);
	}
	test_kinds();
	unlink(path);
	return 0;
}
