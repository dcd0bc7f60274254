/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files <what> <file> [<directory>]: a file that is mapped to be read, by the library or by hand on
 * anonymous hugetlb pages, and prints how many nanoseconds it took. What:
 *
 *   map            maps the file
 *   first          deletes all files of the directory, the copies, and maps the file
 *   fill           reads the file to hugetlb pages by hand; it is in the page cache for both
 *   first-disk     as first, but the file is not in the page cache
 *   fill-disk      the same by hand, past the page cache, by four threads
 *   random         reads words at random places of the mapped file
 *   random-hand    the same of a copy by hand
 *   threads        four threads read the mapped file: two as it comes, two at random places
 *   threads-hand   the same of a copy by hand
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nanoseconds.h"

enum {
	READS = 5000000,
	READ_BYTES = 2 << 20,
	THREADS = 4,
};

static size_t bytes;
static unsigned char *memory_by_hand;
static int direct = -1;
static const unsigned char *shared;

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
static void fill_pieces(int fd, size_t first, size_t step)
{
	for (size_t at = first * READ_BYTES; at < bytes; at += step * READ_BYTES)
		if (pread(fd, memory_by_hand + at, READ_BYTES, (off_t)at) <= 0)
			fail("read");
}

static void *fill_directly(void *number)
{
	fill_pieces(direct, (uintptr_t)number, THREADS);
	return NULL;
}

static void in_threads(void *(*work)(void *number))
{
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i))
			fail("threads");
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static const unsigned char *fill_by_hand(int fd)
{
	memory_by_hand = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (memory_by_hand == MAP_FAILED)
		fail("hugetlb pages");
	if (direct >= 0)
		in_threads(fill_directly);
	else
		fill_pieces(fd, 0, 1);
	return memory_by_hand;
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
static uint64_t read_at_random(const unsigned char *memory, uint64_t random)
{
	uint64_t word = 0;

	for (long i = 0; i < READS; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&word, memory + (random + (word & 1)) % (bytes - sizeof(word)),
		       sizeof(word));
	}
	return word;
}

static uint64_t read_all(const unsigned char *memory)
{
	uint64_t sum = 0, word;

	for (size_t at = 0; at + sizeof(word) <= bytes; at += sizeof(word)) {
		memcpy(&word, memory + at, sizeof(word));
		sum += word;
	}
	return sum;
}

static void *read_in_thread(void *number)
{
	const uintptr_t self = (uintptr_t)number;
	const uint64_t result =
		self % 2 ? read_at_random(shared, 88172645463325252u + self) : read_all(shared);

	return (void *)(uintptr_t)result;
}

static void read_all_ways(const unsigned char *memory, bool by_threads)
{
	shared = memory;
	if (by_threads)
		in_threads(read_in_thread);
	else if (read_at_random(memory, 88172645463325252u) == 1)
		fputs("a word of the file is 1\n", stderr);
}

/* The file leaves the page cache, and is read past it. */
static void begin_on_disk(const char *name, int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	direct = open(name, O_RDONLY | O_DIRECT);
	if (direct < 0)
		fail("O_DIRECT");
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
	if (strstr(what, "-disk"))
		begin_on_disk(arguments[2], fd);
	else if (*what == 'f')
		read_once(fd);
	if (!strncmp(what, "first", 5) && count > 3)
		delete_all(arguments[3]);
	begin = nanoseconds_now();
	if (*what == 'r' || *what == 't') {
		memory = strstr(what, "-hand") ? fill_by_hand(fd) : map_file(fd);
		for (size_t at = 0; at < bytes; at += 4096)
			*(volatile const unsigned char *)(memory + at);
		begin = nanoseconds_now();
		read_all_ways(memory, *what == 't');
	} else if (!strncmp(what, "fill", 4)) {
		fill_by_hand(fd);
	} else {
		map_file(fd);
	}
	printf("%.0f\n", nanoseconds_now() - begin);
	return 0;
}
