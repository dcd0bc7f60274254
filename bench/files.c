/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files <what> <file> [<directory>]: a file that is mapped to be read, by the library or by hand on
 * anonymous hugetlb pages, and prints how many nanoseconds it took. What:
 *
 *   map            maps the file
 *   first          deletes all files of the directory, the copies, and maps the file
 *   fill           reads the file to hugetlb pages by hand; it is in the page cache for both
 *   random         reads words at random places of the mapped file
 *   random-hand    the same of a copy by hand
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	READS = 5000000,
	READ_BYTES = 2 << 20,
};

static size_t bytes;

static double nanoseconds_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "files: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_file(const char *name)
{
	struct stat status;
	int fd = open(name, O_RDONLY);

	if (fd < 0 || fstat(fd, &status))
		fail(name);
	bytes = (size_t)status.st_size;
	return fd;
}

static const unsigned char *map_file(int fd)
{
	const void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		fail("mmap");
	return map;
}

/* A piece at a time, into pages that are there already or come with the first byte. */
static const unsigned char *fill_by_hand(int fd)
{
	unsigned char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED)
		fail("hugetlb pages");
	for (size_t at = 0; at < bytes; at += READ_BYTES)
		if (pread(fd, memory + at, READ_BYTES, (off_t)at) <= 0)
			fail("read");
	return memory;
}

/* Into the page cache. */
static void read_once(int fd)
{
	static char piece[READ_BYTES];

	for (size_t at = 0; at < bytes; at += READ_BYTES)
		if (pread(fd, piece, READ_BYTES, (off_t)at) <= 0)
			fail("read");
}

static void delete_all(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
}

/* Each place depends on the word before: reads do not overlap. */
static uint64_t read_at_random(const unsigned char *memory)
{
	uint64_t random = 88172645463325252u, word = 0;

	for (long i = 0; i < READS; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&word, memory + (random + (word & 1)) % (bytes - sizeof(word)),
		       sizeof(word));
	}
	return word;
}

int main(int count, char **arguments)
{
	const char *what = count > 2 ? arguments[1] : "";
	const unsigned char *memory;
	double begin;
	int fd;

	if (count < 3) {
		fputs("usage: files <what> <file> [<directory>]\n", stderr);
		return 2;
	}
	fd = open_file(arguments[2]);
	if (*what == 'f')
		read_once(fd);
	if (!strcmp(what, "first") && count > 3)
		delete_all(arguments[3]);
	begin = nanoseconds_now();
	if (!strncmp(what, "random", 6)) {
		memory = strcmp(what, "random") ? fill_by_hand(fd) : map_file(fd);
		for (size_t at = 0; at < bytes; at += 4096)
			*(volatile const unsigned char *)(memory + at);
		begin = nanoseconds_now();
		if (read_at_random(memory) == 1)
			fputs("a word of the file is 1\n", stderr);
	} else if (!strcmp(what, "fill")) {
		fill_by_hand(fd);
	} else {
		map_file(fd);
	}
	printf("%.0f\n", nanoseconds_now() - begin);
	return 0;
}
