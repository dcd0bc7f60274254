/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program whose file changes while it has it mapped: truncated-file FILE private|shared. The
 * file, of five huge pages and a half, becomes shorter, longer again, and is written to, each time
 * by another descriptor; prints what the mapping holds at some places: the old byte, another, zero,
 * or SIGBUS. Then the same of a new mapping.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include "test.h"

#define PAGE       ((size_t)4096)
#define HUGE       (2 * MEGABYTE)
#define FILE_BYTES (5 * HUGE + HUGE / 2)
#define SHORT      (2 * HUGE + 5 * PAGE + 100)

static sigjmp_buf jump;

static void handler(int number)
{
	(void)number;
	siglongjmp(jump, 1);
}

static const char *byte_of(const volatile char *map, size_t at)
{
	char byte;

	if (sigsetjmp(jump, 1))
		return "SIGBUS";
	byte = map[at];
	return byte == 'o' ? "old" : byte == 'n' ? "new" : byte ? "other" : "zero";
}

static void show(const char *when, const volatile char *map)
{
	static const struct {
		const char *name;
		size_t at;
	} places[] = {
		{"start", PAGE},
		{"before the end", SHORT - 1},
		{"in the last page", SHORT},
		{"in the last huge page", SHORT + PAGE},
		{"beyond", 4 * HUGE},
		{"in the tail", 5 * HUGE + PAGE},
	};

	printf("%s:", when);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		printf(" %s %s%s", places[i].name, byte_of(map, places[i].at),
		       i + 1 < sizeof(places) / sizeof(places[0]) ? "," : "\n");
}

static char *map_file(const char *name, int flags)
{
	int fd = open(name, O_RDONLY);
	char *map;

	CHECK(fd >= 0, "%s: %m", name);
	map = mmap(NULL, FILE_BYTES, PROT_READ, flags, fd, 0);
	CHECK(map != MAP_FAILED, "%m");
	close(fd);
	return map;
}

static void fill(const char *name, char byte)
{
	static char bytes[FILE_BYTES];
	int fd = open(name, O_CREAT | O_RDWR, 0644);

	memset(bytes, byte, sizeof(bytes));
	CHECK(fd >= 0 && pwrite(fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
		      !fsync(fd),
	      "%m");
	close(fd);
	/* what was changed a moment ago is not copied */
	usleep(250000);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = handler};
	char *map;
	int flags;

	CHECK(argc == 3, "usage: truncated-file FILE private|shared");
	flags = strcmp(argv[2], "private") ? MAP_SHARED : MAP_PRIVATE;
	sigaction(SIGBUS, &action, NULL);
	fill(argv[1], 'o');
	map = map_file(argv[1], flags);
	show("at first", map);
	CHECK(!truncate(argv[1], SHORT), "%m");
	show("shorter", map);
	/* parts that the program changes are the file itself */
	CHECK(!mprotect(map + 4 * HUGE, PAGE, PROT_READ | PROT_EXEC), "%m");
	CHECK(!mprotect(map + 2 * HUGE, PAGE, PROT_READ | PROT_EXEC), "%m");
	show("shorter, in parts", map);
	CHECK(!truncate(argv[1], FILE_BYTES), "%m");
	show("longer again", map);
	fill(argv[1], 'n');
	show("written to", map);
	CHECK(!munmap(map, FILE_BYTES), "%m");
	map = map_file(argv[1], flags);
	show("mapped again", map);
	CHECK(!munmap(map, FILE_BYTES), "%m");
	return 0;
}
