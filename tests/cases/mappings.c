/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MMAP moves the eligible mappings to huge pages and leaves every other kind alone. The
 * shares are checked only under the library, and only for memory that was touched.
 */
#include "heap_share.h"

#define RW (PROT_READ | PROT_WRITE)

/* How much of [at, at + bytes) is on pages of each kind, as smaps has it, by whole mappings. */
static struct heap_share share_at(const char *at, size_t bytes)
{
	struct heap_share share = {0};
	unsigned long from = 0, to = 0, kb;
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[512], rights[8];

	CHECK(file, "smaps");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3)
			continue;
		if (to <= (uintptr_t)at || from >= (uintptr_t)at + bytes)
			continue;
		if (sscanf(line, "Rss: %lu", &kb) == 1)
			share.total_kb += kb;
		else if (sscanf(line, "AnonHugePages: %lu", &kb) == 1)
			share.thp_kb += kb;
		else if (sscanf(line, "Private_Hugetlb: %lu", &kb) == 1) {
			share.hugetlb_kb += kb;
			share.total_kb += kb;
		}
	}
	fclose(file);
	return share;
}

static void expect_huge(const char *what, const char *at, size_t bytes, bool huge)
{
	struct heap_share share = share_at(at, bytes);
	unsigned long on_huge = share.hugetlb_kb + share.thp_kb;

	if (!getenv("HUGETLB_MMAP"))
		return;
	CHECK(huge ? on_huge >= bytes / 1024 / 10 * 9 : !share.hugetlb_kb,
	      "%s: of %zu kB %lu are on hugetlb pages, %lu on transparent ones", what, bytes / 1024,
	      share.hugetlb_kb, share.thp_kb);
}

static char *map(size_t bytes, int rights, int flags)
{
	char *at = mmap(NULL, bytes, rights, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	CHECK(at != MAP_FAILED, "mmap of %zu: %s", bytes, strerror(errno));
	return at;
}

static void whole_pages(void)
{
	char *at = map(20 * MEGABYTE, RW, 0);

	check_zero(at, 20 * MEGABYTE);
	memset(at, 1, 20 * MEGABYTE);
	expect_huge("a mapping", at, 20 * MEGABYTE, true);
	CHECK(!munmap(at, 20 * MEGABYTE), "munmap");
}

/* Address space in reserve, opened by rights and by a mapping over it, closed, and opened again. */
static void reservations(void)
{
	char *reserve = map(66 * MEGABYTE, PROT_NONE, MAP_NORESERVE);
	char *at = (char *)(((uintptr_t)reserve + 2 * MEGABYTE - 1) & -(2 * MEGABYTE));

	CHECK(!mprotect(at, 6 * MEGABYTE, RW), "mprotect");
	check_zero(at, 6 * MEGABYTE);
	memset(at, 2, 6 * MEGABYTE);
	expect_huge("what mprotect opened", at, 6 * MEGABYTE, true);
	at += 16 * MEGABYTE;
	CHECK(mmap(at, 6 * MEGABYTE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at,
	      "mmap");
	check_zero(at, 6 * MEGABYTE);
	memset(at, 3, 6 * MEGABYTE);
	expect_huge("what was mapped over", at, 6 * MEGABYTE, true);
	/* closed by rights it keeps what it held, closed by a mapping it does not */
	CHECK(!mprotect(at, 6 * MEGABYTE, PROT_NONE) && !mprotect(at, 6 * MEGABYTE, RW),
	      "mprotect");
	CHECK(at[0] == 3 && at[6 * MEGABYTE - 1] == 3, "it lost what it held");
	CHECK(mmap(at, 6 * MEGABYTE, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == at &&
		      !mprotect(at, 6 * MEGABYTE, RW),
	      "closing");
	check_zero(at, 6 * MEGABYTE);
	memset(at, 4, 6 * MEGABYTE);
	expect_huge("what was closed and opened", at, 6 * MEGABYTE, true);
	CHECK(!munmap(reserve, 66 * MEGABYTE), "munmap");
}

/* Ten times the machine's memory; one page of it is touched. */
static void over_commitment(void)
{
	size_t bytes = sizeof(void *) == 8 ? (size_t)256 << 30 : (size_t)1 << 30;
	char *at = map(bytes, RW, MAP_NORESERVE);
	struct heap_share share;

	at[bytes / 2] = 1;
	share = share_at(at, bytes);
	CHECK(share.total_kb <= 2048, "%lu kB in memory", share.total_kb);
	CHECK(!munmap(at, bytes), "munmap");
}

static void left_alone(void)
{
	static const struct {
		const char *what;
		int rights, flags;
	} rows[] = {
		{"a stack", RW, MAP_STACK},        {"a stack that grows", RW, MAP_GROWSDOWN},
		{"code", RW | PROT_EXEC, 0},       {"memory for reading", PROT_READ, 0},
		{"locked memory", RW, MAP_LOCKED}, {"populated memory", RW, MAP_POPULATE},
#ifdef MAP_32BIT
		{"low memory", RW, MAP_32BIT},
#endif
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *at = map(4 * MEGABYTE, rows[i].rights, rows[i].flags);

		if (rows[i].rights & PROT_WRITE)
			memset(at, 1, 4 * MEGABYTE);
		expect_huge(rows[i].what, at, 4 * MEGABYTE, false);
#ifdef MAP_32BIT
		CHECK(rows[i].flags != MAP_32BIT || (uint64_t)(uintptr_t)at >> 32 == 0,
		      "%p is not low", (void *)at);
#endif
		CHECK(!munmap(at, 4 * MEGABYTE), "munmap");
	}
}

/* What a locked mapping grows by is locked as well: then a part of it is a mapping of its own. */
static void growth_of_locked_memory(void)
{
	char *at = map(6 * MEGABYTE, RW, 0);

	CHECK(!munmap(at + MEGABYTE, 5 * MEGABYTE) && !mlock(at, MEGABYTE), "mlock: %s",
	      strerror(errno));
	CHECK(mremap(at, MEGABYTE, 3 * MEGABYTE, 0) == at, "mremap: %s", strerror(errno));
	CHECK(!munlock(at + 5 * MEGABYTE / 2, MEGABYTE / 2), "munlock: %s", strerror(errno));
	errno = 0;
	CHECK(mremap(at + 2 * MEGABYTE, MEGABYTE, 2 * MEGABYTE, MREMAP_MAYMOVE) == MAP_FAILED &&
		      errno == EFAULT,
	      "mremap of what is locked in part: %s", strerror(errno));
	CHECK(!munmap(at, 3 * MEGABYTE), "munmap");
}

/* Small ones share huge pages, if the threshold says so; one goes without the others. */
static void small_ones(void)
{
	const char *setting = getenv("HUGETLB_MMAP");
	char *piece[16];

	for (int i = 0; i < 16; i++) {
		piece[i] = map(MEGABYTE, RW, 0);
		check_zero(piece[i], MEGABYTE);
		memset(piece[i], i + 1, MEGABYTE);
	}
	if (setting && !strncmp(setting, "256K", 4))
		for (int i = 0; i < 16; i++)
			expect_huge("a piece", piece[i], MEGABYTE, true);
	for (int i = 0; i < 16; i += 2) {
		unsigned char resident;

		CHECK(!munmap(piece[i], MEGABYTE), "munmap");
		CHECK(mincore(piece[i], 1, &resident) == -1 && errno == ENOMEM,
		      "it is still there");
	}
	for (int i = 1; i < 16; i += 2)
		CHECK(piece[i][0] == i + 1 && piece[i][MEGABYTE - 1] == i + 1, "piece %d", i);
	for (int i = 0; i < 16; i += 2) {
		piece[i] = map(MEGABYTE, RW, 0);
		check_zero(piece[i], MEGABYTE);
	}
	for (int i = 0; i < 16; i++)
		CHECK(!munmap(piece[i], MEGABYTE), "munmap");
}

/* What the kernel refuses, whoever maps. */
static void refused(void)
{
	static const struct {
		const char *what;
		size_t bytes;
		int flags;
		off_t offset;
		int error;
	} rows[] = {
		{"an offset within a page", 4 * MEGABYTE, MAP_PRIVATE, 5, EINVAL},
		{"neither private nor shared", 4 * MEGABYTE, 0, 0, EINVAL},
		{"no bytes", 0, MAP_PRIVATE, 0, EINVAL},
		{"more than there can be", SIZE_MAX - 5, MAP_PRIVATE, 0, ENOMEM},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		errno = 0;
		CHECK(mmap(NULL, rows[i].bytes, RW, MAP_ANONYMOUS | rows[i].flags, -1,
			   rows[i].offset) == MAP_FAILED &&
			      errno == rows[i].error,
		      "%s: %s", rows[i].what, strerror(errno));
	}
}

int main(void)
{
	if (!getenv("HUGETLB_MMAP_LIMIT"))
		whole_pages();
	reservations();
	over_commitment();
	left_alone();
	growth_of_locked_memory();
	small_ones();
	refused();
	printf("all kinds\n");
	return 0;
}
