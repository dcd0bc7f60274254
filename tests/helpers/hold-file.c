/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hold-file FILE: maps the file, locks it in memory as it is in the page cache, prints a line, and
 * waits to be killed.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "test.h"

int main(int argc, char **argv)
{
	struct stat status;
	void *map;
	int fd;

	CHECK(argc == 2, "usage: hold-file FILE");
	fd = open(argv[1], O_RDONLY);
	CHECK(fd >= 0 && !fstat(fd, &status), "%s: %m", argv[1]);
	map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED && !mlock(map, (size_t)status.st_size), "%m");
	puts("holding");
	fflush(stdout);
	for (;;)
		pause();
}
