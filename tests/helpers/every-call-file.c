/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One of everything that makes the library call the kernel for a mapped file: its bytes must be
 * right and its output the same whichever of the library's calls fails. The file is
 * EVERY_CALL_FILE, of whole words of 8 bytes, each its own index. Results of the program's own
 * calls are ignored where ENOMEM is an honest result.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test.h"

#define PAGE ((size_t)4096)
#define HUGE (2 * MEGABYTE)

static size_t bytes;

/* Reads one word of each page. */
static void check(const unsigned char *map, size_t from, size_t to)
{
	for (size_t at = from; at + 8 <= to; at += PAGE) {
		const size_t place = at + (at / PAGE * 8) % PAGE;

		CHECK(place + 8 > to || *(const uint64_t *)(map + place) == place / 8,
		      "another word at %zu", place);
	}
}

static unsigned char *map_file(int flags)
{
	int fd = open(getenv("EVERY_CALL_FILE"), O_RDONLY);
	struct stat status;
	unsigned char *map;

	CHECK(fd >= 0 && !fstat(fd, &status), "EVERY_CALL_FILE: %m");
	bytes = (size_t)status.st_size;
	map = mmap(NULL, bytes, PROT_READ, flags, fd, 0);
	CHECK(map != MAP_FAILED, "%m");
	close(fd);
	return map;
}

static void use_file(int flags)
{
	unsigned char *map = map_file(flags), *moved;
	int status;

	check(map, 0, bytes);
	madvise(map + HUGE + PAGE, PAGE, MADV_RANDOM);
	mprotect(map + PAGE, PAGE, PROT_READ | PROT_EXEC);
	check(map, 0, bytes);
	if (!fork()) {
		check(map, 0, bytes);
		_exit(7);
	}
	wait(&status);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the child: %#x",
	      (unsigned int)status);
	if (!munmap(map + 2 * HUGE + PAGE, PAGE)) {
		check(map, 0, 2 * HUGE + PAGE);
		check(map, 2 * HUGE + 2 * PAGE, bytes);
	} else {
		check(map, 0, bytes);
	}
	moved = mremap(map, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       mmap(NULL, HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	check(moved == MAP_FAILED ? map : moved, 0, HUGE);
	check(map, HUGE, 2 * HUGE + PAGE);
	munmap(map, bytes);
}

int main(void)
{
	use_file(MAP_SHARED);
	use_file(MAP_PRIVATE);
	printf("%zu bytes are right\n", bytes);
	return 0;
}
