/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * soft-dirty [open|fopen]: after the program has cleared its soft-dirty bits, a page that it writes
 * to is dirty, and no other is; in the heap and in a mapping.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include "test.h"

#define BASE  4096
#define BYTES (8 * MEGABYTE)

static int pagemap;

static int is_dirty(const char *at)
{
	uint64_t entry = 0;

	CHECK(pread(pagemap, &entry, sizeof(entry), (off_t)((uintptr_t)at / BASE * 8)) ==
		      (ssize_t)sizeof(entry),
	      "%m");
	return entry >> 55 & 1;
}

static void clear(const char *how)
{
	if (!strcmp(how, "fopen")) {
		FILE *file = fopen("/proc/self/clear_refs", "w");

		CHECK(file && fputs("4", file) >= 0 && fclose(file) == 0, "%m");
	} else {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/clear_refs", getpid());
		fd = open(path, O_WRONLY | O_CLOEXEC);
		CHECK(fd >= 0 && write(fd, "4", 1) == 1 && close(fd) == 0, "%m");
	}
}

static void check(const char *name, char *at)
{
	at[5 * MEGABYTE] = 2;
	CHECK(is_dirty(at + 5 * MEGABYTE), "%s: the page that was written to is clean", name);
	CHECK(!is_dirty(at + 2 * MEGABYTE), "%s: another page is dirty", name);
	CHECK(at[0] == 1 && at[BYTES - 1] == 1, "%s: its content is lost", name);
}

int main(int argc, char **argv)
{
	char *heap = need(aligned_alloc(2 * MEGABYTE, BYTES)), *later;
	char *map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(map != MAP_FAILED, "%m");
	memset(heap, 1, BYTES);
	memset(map, 1, BYTES);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	CHECK(pagemap >= 0, "%m");
	if (!is_dirty(map))
		SKIP("needs a kernel with soft-dirty bits");
	clear(argc > 1 ? argv[1] : "open");
	check("heap", heap);
	check("mapping", map);
	/* what comes later, too */
	later = need(aligned_alloc(2 * MEGABYTE, BYTES));
	memset(later, 1, BYTES);
	clear("open");
	check("later block", later);
	puts("dirty where written");
	return 0;
}
