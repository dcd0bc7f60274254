/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public API from a program that is linked with the library: each function with good and bad
 * arguments. One argument: which part to run; the rest depends on the part.
 */
#include <fcntl.h>
#include <hugetlbfs.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test.h"

#define PAGE_2M (2 * MEGABYTE)

/* The call fails with that errno. */
#define CHECK_FAILS(call, failure, error)                                                 \
	do {                                                                              \
		errno = 0;                                                                \
		CHECK((call) == (failure) && errno == (error), "errno %d, not %d", errno, \
		      (error));                                                           \
	} while (0)

static struct hugetlbfs_backing backing_of(const void *address, size_t bytes)
{
	struct hugetlbfs_backing backing;

	CHECK(!hugetlbfs_backing(address, bytes, &backing), "errno %d", errno);
	return backing;
}

static void check_on_hugetlb(const void *address, size_t bytes, size_t page_bytes)
{
	struct hugetlbfs_backing backing = backing_of(address, bytes);

	CHECK(backing.hugetlb_bytes == bytes && backing.mapped_bytes == bytes && backing.exact,
	      "%zu of %zu bytes", backing.hugetlb_bytes, bytes);
	CHECK(backing.hugetlb[0].page_bytes == page_bytes && backing.hugetlb[0].bytes == bytes &&
		      !backing.hugetlb[1].page_bytes,
	      "pages of %zu bytes", backing.hugetlb[0].page_bytes);
	CHECK(!backing.small_bytes && !backing.transparent_bytes, "%zu small", backing.small_bytes);
	/* bytes, not pages */
	backing = backing_of((const char *)address + 5, 100);
	CHECK(backing.mapped_bytes == 100 && backing.hugetlb_bytes == 100 &&
		      backing.hugetlb[0].bytes == 100,
	      "%zu of 100 bytes", backing.hugetlb_bytes);
}

/*
 * With no descriptor left nobody knows what the machine has: that is the error, not that it has
 * nothing, and what needs no file works. Comes first: what was read once is known.
 */
static void test_without_descriptors(void)
{
	struct hugetlbfs_backing backing;
	struct hugetlbfs_given given;
	struct rlimit limit, none;
	void *region;
	long sizes[4];
	int last;

	CHECK(!getrlimit(RLIMIT_NOFILE, &limit), "errno %d", errno);
	last = dup(0);
	CHECK(last > 0 && !close(last), "no descriptor");
	none = limit;
	none.rlim_cur = (rlim_t)last;
	CHECK(!setrlimit(RLIMIT_NOFILE, &none), "errno %d", errno);
	CHECK_FAILS(gethugepagesize(), -1, EMFILE);
	CHECK_FAILS(gethugepagesizes(NULL, 0), -1, EMFILE);
	CHECK_FAILS(getpagesizes(sizes, 4), -1, EMFILE);
	CHECK_FAILS(hugetlbfs_find_path(), NULL, EMFILE);
	CHECK_FAILS(hugetlbfs_find_path_for_size(PAGE_2M), NULL, EMFILE);
	CHECK_FAILS(hugetlbfs_unlinked_fd(), -1, EMFILE);
	CHECK_FAILS(get_huge_pages(PAGE_2M, GHP_DEFAULT), NULL, EMFILE);
	CHECK_FAILS(get_hugepage_region(1, GHR_STRICT), NULL, EMFILE);
	CHECK_FAILS(hugetlbfs_map(1, 0, HUGETLBFS_ANY_NODE, 0, NULL), NULL, EMFILE);
	CHECK_FAILS(hugetlbfs_map(1, PAGE_2M, HUGETLBFS_ANY_NODE, 0, NULL), NULL, EMFILE);
	CHECK_FAILS(hugetlbfs_backing(&limit, 1, &backing), -1, EMFILE);
	region = get_hugepage_region(5000, GHR_FALLBACK);
	CHECK(region, "errno %d", errno);
	memset(region, 1, 5000);
	free_hugepage_region(region);
	region = hugetlbfs_map(5000, 0, HUGETLBFS_ANY_NODE, HUGETLBFS_OR_SMALL, &given);
	CHECK(region && given.kind == HUGETLBFS_SMALL, "errno %d", errno);
	CHECK(!hugetlbfs_unmap(region), "errno %d", errno);
	/* one is enough for /proc/self/smaps, and not for what counts parts of mappings */
	none.rlim_cur++;
	CHECK(!setrlimit(RLIMIT_NOFILE, &none), "errno %d", errno);
	CHECK_FAILS(hugetlbfs_backing(&limit, 1, &backing), -1, EMFILE);
	CHECK(!setrlimit(RLIMIT_NOFILE, &limit), "errno %d", errno);
	CHECK(gethugepagesize() > 0 && gethugepagesizes(NULL, 0) > 0, "errno %d", errno);
}

static void test_sizes(void)
{
	long huge[16] = {0}, all[17] = {0}, one[2] = {-5, -5};
	int count;

	errno = 77;
	count = gethugepagesizes(NULL, 0);
	CHECK(count > 0 && count <= 16, "%d sizes", count);
	CHECK(gethugepagesizes(huge, 16) == count, "another count");
	CHECK(getpagesizes(NULL, 0) == count + 1, "another count");
	CHECK(getpagesizes(all, 17) == count + 1, "another count");
	CHECK(all[0] == sysconf(_SC_PAGESIZE), "%ld", all[0]);
	for (int i = 0; i < count; i++)
		CHECK(all[i + 1] == huge[i] && all[i] < all[i + 1], "%ld, %ld", all[i + 1],
		      huge[i]);
	CHECK(gethugepagesizes(one, 1) == 1 && one[0] == huge[0] && one[1] == -5, "%ld", one[1]);
	CHECK(getpagesizes(one, 1) == 1 && one[0] == all[0] && one[1] == -5, "%ld", one[1]);
	CHECK(gethugepagesizes(one, 0) == 0, "stored into nothing");
	CHECK(gethugepagesize() == huge[0], "%ld", gethugepagesize());
	CHECK(errno == 77, "errno changed to %d", errno);
	CHECK_FAILS(gethugepagesizes(huge, -1), -1, EINVAL);
	CHECK_FAILS(gethugepagesizes(NULL, -1), -1, EINVAL);
	CHECK_FAILS(gethugepagesizes(NULL, 1), -1, EINVAL);
	CHECK_FAILS(getpagesizes(all, -1), -1, EINVAL);
	CHECK_FAILS(getpagesizes(NULL, 3), -1, EINVAL);
}

/* Told the mount of 2M pages that must be found, or "none". */
static void test_paths(const char *expected)
{
	const char *found = hugetlbfs_find_path();
	struct stat file;
	char name[64];
	void *at;
	int fd;

	CHECK_FAILS(hugetlbfs_find_path_for_size(12345), NULL, EINVAL);
	CHECK_FAILS(hugetlbfs_find_path_for_size(-1), NULL, EINVAL);
	CHECK_FAILS(hugetlbfs_find_path_for_size(0), NULL, EINVAL);
	CHECK_FAILS(hugetlbfs_unlinked_fd_for_size(4096), -1, EINVAL);
	CHECK_FAILS(hugetlbfs_test_path("/nowhere/at/all"), -1, ENOENT);
	CHECK_FAILS(hugetlbfs_test_path(NULL), -1, EFAULT);
	CHECK(hugetlbfs_test_path("/proc") == 0, "/proc is a hugetlbfs");
	if (!strcmp(expected, "none")) {
		CHECK_FAILS(hugetlbfs_find_path(), NULL, ENOENT);
	} else {
		CHECK(found && !strcmp(found, expected), "found %s", found);
		CHECK(found == hugetlbfs_find_path(), "another string each time");
		CHECK(found == hugetlbfs_find_path_for_size(PAGE_2M), "another path");
		CHECK(hugetlbfs_test_path(found) == 1, "is no hugetlbfs");
	}
	fd = hugetlbfs_unlinked_fd();
	CHECK(fd >= 0, "errno %d", errno);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC, "left open by exec");
	CHECK(!fstat(fd, &file) && file.st_size == 0 && file.st_nlink == 0, "not unlinked");
	CHECK((size_t)file.st_blksize == PAGE_2M, "pages of %ld", (long)file.st_blksize);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK(hugetlbfs_test_path(name) == 1, "no huge pages");
	CHECK(!ftruncate(fd, (off_t)PAGE_2M), "errno %d", errno);
	at = mmap(NULL, PAGE_2M, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(at != MAP_FAILED, "errno %d", errno);
	close(fd);
	memset(at, 1, PAGE_2M);
	check_on_hugetlb(at, PAGE_2M, PAGE_2M);
	munmap(at, PAGE_2M);
}

static void test_get_huge_pages(void)
{
	const size_t page = (size_t)gethugepagesize();
	char *block, *other;

	CHECK_FAILS(get_huge_pages(0, GHP_DEFAULT), NULL, EINVAL);
	CHECK_FAILS(get_huge_pages(page - 1, GHP_DEFAULT), NULL, EINVAL);
	CHECK_FAILS(get_huge_pages(page + 4096, GHP_DEFAULT), NULL, EINVAL);
	CHECK_FAILS(get_huge_pages(-page, GHP_DEFAULT), NULL, ENOMEM);
	CHECK_FAILS(get_huge_pages(SIZE_MAX, GHP_DEFAULT), NULL, EINVAL);
	block = need(get_huge_pages(4 * page, GHP_DEFAULT));
	other = need(get_huge_pages(page, GHP_DEFAULT));
	CHECK((uintptr_t)block % page == 0, "%p", (void *)block);
	check_on_hugetlb(block, 4 * page, page);
	check_zero(block, 4 * page);
	fill_pattern(block, 4 * page, 1);
	fill_pattern(other, page, 2);
	check_pattern(block, 4 * page, 1);
	free_huge_pages(block);
	CHECK(!backing_of(block, 4 * page).mapped_bytes, "still there");
	check_pattern(other, page, 2);
	free_huge_pages(other);
	free_huge_pages(NULL);
}

/* Told whether huge pages are there for it. */
static void test_regions(bool pool)
{
	static const ghr_t flags[] = {
		GHR_DEFAULT, GHR_FALLBACK,           GHR_FALLBACK | GHR_COLOR, 0,
		GHR_STRICT,  GHR_STRICT | GHR_COLOR, GHR_STRICT | GHR_FALLBACK};
	static const size_t lengths[] = {1,       4095,        100000,           PAGE_2M - 1,
					 PAGE_2M, PAGE_2M + 1, 3 * PAGE_2M - 300};

	CHECK_FAILS(get_hugepage_region(0, GHR_DEFAULT), NULL, EINVAL);
	CHECK_FAILS(get_hugepage_region(SIZE_MAX, GHR_DEFAULT), NULL, ENOMEM);
	CHECK_FAILS(get_hugepage_region(SIZE_MAX - PAGE_2M, GHR_DEFAULT), NULL, ENOMEM);
	CHECK_FAILS(get_hugepage_region(SIZE_MAX - 4096, GHR_STRICT), NULL, ENOMEM);
	CHECK_FAILS(get_hugepage_region(SIZE_MAX - 16 * PAGE_2M, GHR_DEFAULT), NULL, ENOMEM);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			bool strict = (flags[i] & GHR_STRICT) || !flags[i];
			char *region;

			errno = 0;
			region = get_hugepage_region(lengths[j], flags[i]);
			if (!pool && strict) {
				CHECK(!region && errno == ENOMEM, "errno %d", errno);
				continue;
			}
			need(region);
			CHECK((uintptr_t)region % ((flags[i] & GHR_COLOR) ? 256 : 4096) == 0, "%p",
			      (void *)region);
			check_zero(region, lengths[j]);
			memset(region, 1, lengths[j]);
			if (pool)
				CHECK(backing_of(region, lengths[j]).hugetlb[0].page_bytes ==
					      PAGE_2M,
				      "no huge pages");
			else
				CHECK(!backing_of(region, lengths[j]).hugetlb_bytes, "a huge page");
			free_hugepage_region(region);
			CHECK(!backing_of(region, lengths[j]).mapped_bytes, "still there");
		}
}

/* Starts differ where there is room for it, and stay in the region. */
static void test_colours(void)
{
	char *regions[8];
	int different = 0;

	for (int i = 0; i < 8; i++) {
		regions[i] = need(get_hugepage_region(MEGABYTE, GHR_STRICT | GHR_COLOR));
		CHECK((uintptr_t)regions[i] % PAGE_2M <= MEGABYTE, "%p", (void *)regions[i]);
		memset(regions[i], i, MEGABYTE);
		for (int j = 0; j < i; j++)
			different += ((uintptr_t)regions[i] - (uintptr_t)regions[j]) % PAGE_2M != 0;
	}
	CHECK(different >= 25, "%d of 28 pairs differ", different);
	for (int i = 0; i < 8; i++)
		free_hugepage_region(regions[i]);
}

/* Regions that the program has cut, or that have neighbours of the same kind. */
static void test_torn(void)
{
	const size_t page = PAGE_2M;
	char *block = need(get_huge_pages(4 * page, GHP_DEFAULT)), *stranger, *before, *after;

	/* cut by protection: all of it goes */
	CHECK(!mprotect(block + page, page, PROT_READ), "errno %d", errno);
	free_huge_pages(block);
	CHECK(!backing_of(block, 4 * page).mapped_bytes, "still there");
	/* a part is unmapped, and somebody else moves in: he stays */
	block = need(get_huge_pages(4 * page, GHP_DEFAULT));
	CHECK(!munmap(block + page, page), "errno %d", errno);
	stranger = mmap(block + page, page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(stranger == block + page, "errno %d", errno);
	fill_pattern(stranger, page, 3);
	free_huge_pages(block);
	check_pattern(stranger, page, 3);
	CHECK(backing_of(block, 4 * page).mapped_bytes == page, "more than the stranger is left");
	munmap(stranger, page);
	/* small pages merge with their neighbours in the kernel's list; only the region goes */
	block = need(hugetlbfs_map(8 * page, 4096, HUGETLBFS_ANY_NODE, 0, NULL));
	before = mmap(block - page, page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	after = mmap(block + 8 * page, page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (before == block - page)
		fill_pattern(before, page, 4);
	if (after == block + 8 * page)
		fill_pattern(after, page, 5);
	CHECK(!hugetlbfs_unmap(block), "errno %d", errno);
	CHECK(!backing_of(block, 8 * page).mapped_bytes, "still there");
	if (before == block - page)
		check_pattern(before, page, 4);
	if (after == block + 8 * page)
		check_pattern(after, page, 5);
}

/* The program unmapped a region itself: it is not mixed up with the next one there. */
static void test_unmapped_by_hand(void)
{
	char *block = need(get_huge_pages(3 * PAGE_2M, GHP_DEFAULT)), *next;

	munmap(block, 3 * PAGE_2M);
	next = need(get_huge_pages(PAGE_2M, GHP_DEFAULT));
	for (int i = 0; i < 3 && next != block; i++) {
		free_huge_pages(next);
		next = need(get_huge_pages((size_t)(3 - i) * PAGE_2M, GHP_DEFAULT));
	}
	free_huge_pages(next);
	CHECK(hugetlbfs_unmap(next) == -1 && errno == EINVAL, "it was still known");
}

/* Many regions at once, freed in another order, and in a child. */
static void test_many(void)
{
	enum { COUNT = 1000 };
	static char *regions[COUNT];
	int status;

	for (int i = 0; i < COUNT; i++)
		regions[i] = need(hugetlbfs_map(4096, 4096, HUGETLBFS_ANY_NODE, 0, NULL));
	if (!fork()) {
		for (int i = 0; i < COUNT; i++)
			CHECK(!hugetlbfs_unmap(regions[i]), "in the child");
		_exit(0);
	}
	CHECK(wait(&status) > 0 && !status, "the child's status is %d", status);
	for (int i = 0; i < COUNT; i++)
		CHECK(!hugetlbfs_unmap(regions[(i * 7) % COUNT]), "errno %d", errno);
	for (int i = 0; i < COUNT; i++)
		CHECK_FAILS(hugetlbfs_unmap(regions[i]), -1, EINVAL);
}

static void test_bad_frees(void)
{
	char *block = need(get_huge_pages(2 * PAGE_2M, GHP_DEFAULT)), local;

	free_huge_pages(&local);
	free_huge_pages(block + 4096);
	free_hugepage_region((void *)1);
	CHECK_FAILS(hugetlbfs_unmap(NULL), -1, EINVAL);
	CHECK_FAILS(hugetlbfs_unmap((void *)1), -1, EINVAL);
	check_on_hugetlb(block, 2 * PAGE_2M, PAGE_2M);
	free_huge_pages(block);
	free_huge_pages(block);
}

static void check_given(const struct hugetlbfs_given *given, int kind, size_t bytes, size_t page)
{
	CHECK(given->kind == kind && given->bytes == bytes && given->page_bytes == page,
	      "kind %d, %zu bytes, pages of %zu", given->kind, given->bytes, given->page_bytes);
}

/* Maps, checks what is reported, and unmaps. */
static void check_map(size_t bytes, size_t page, int node, unsigned int fallback, int kind,
		      size_t page_given)
{
	size_t rounded = (bytes + page_given - 1) / page_given * page_given;
	struct hugetlbfs_given given;
	char *at = hugetlbfs_map(bytes, page, node, fallback, &given);

	CHECK(at, "errno %d", errno);
	check_given(&given, kind, rounded, page_given);
	CHECK((uintptr_t)at % page_given == 0, "%p", (void *)at);
	if (kind == HUGETLBFS_HUGETLB)
		check_on_hugetlb(at, rounded, page_given);
	if (kind == HUGETLBFS_HUGETLB)
		CHECK(given.huge_bytes == rounded, "%zu huge", given.huge_bytes);
	if (kind == HUGETLBFS_TRANSPARENT)
		CHECK(given.huge_bytes == backing_of(at, rounded).transparent_bytes, "%zu huge",
		      given.huge_bytes);
	check_zero(at, bytes);
	memset(at, 1, bytes);
	CHECK(!hugetlbfs_unmap(at), "errno %d", errno);
	CHECK(!backing_of(at, rounded).mapped_bytes, "still there");
}

static void test_map_arguments(void)
{
	struct hugetlbfs_given given = {.kind = 9};

	CHECK_FAILS(hugetlbfs_map(0, 0, -1, 0, &given), NULL, EINVAL);
	CHECK(!given.kind, "given is %d after a failure", given.kind);
	CHECK_FAILS(hugetlbfs_map(1, 12345, -1, 0, NULL), NULL, EINVAL);
	CHECK_FAILS(hugetlbfs_map(1, 4096, -2, 0, NULL), NULL, EINVAL);
	CHECK_FAILS(hugetlbfs_map(1, 4096, 1024, 0, NULL), NULL, EINVAL);
	CHECK_FAILS(hugetlbfs_map(1, 4096, 1000, 0, NULL), NULL, EINVAL);
	CHECK_FAILS(hugetlbfs_map(1, 0, -1, 0x10, NULL), NULL, EINVAL);
	CHECK_FAILS(hugetlbfs_map(SIZE_MAX, PAGE_2M, -1, HUGETLBFS_OR_ANY, NULL), NULL, ENOMEM);
	CHECK_FAILS(hugetlbfs_map(SIZE_MAX - 16 * PAGE_2M, 0, -1, HUGETLBFS_OR_ANY, NULL), NULL,
		    ENOMEM);
	check_map(5000, 4096, -1, 0, HUGETLBFS_SMALL, 4096);
	check_map(5000, 4096, 0, 0, HUGETLBFS_SMALL, 4096);
	check_map(5000, 4096, 999, HUGETLBFS_OR_OTHER_NODE, HUGETLBFS_SMALL, 4096);
	check_map(5000, 12345, -1, HUGETLBFS_OR_SMALL, HUGETLBFS_SMALL, 4096);
}

static void test_map_pool(void)
{
	check_map(1, 0, -1, 0, HUGETLBFS_HUGETLB, PAGE_2M);
	check_map(3 * PAGE_2M, PAGE_2M, -1, HUGETLBFS_OR_ANY, HUGETLBFS_HUGETLB, PAGE_2M);
	check_map(PAGE_2M + 1, 0, 0, 0, HUGETLBFS_HUGETLB, PAGE_2M);
	CHECK_FAILS(hugetlbfs_map(1, 0, 1000, 0, NULL), NULL, EINVAL);
	check_map(1, 0, 1000, HUGETLBFS_OR_OTHER_NODE, HUGETLBFS_HUGETLB, PAGE_2M);
}

static void test_map_no_pool(bool thp)
{
	CHECK_FAILS(get_huge_pages(PAGE_2M, GHP_DEFAULT), NULL, ENOMEM);
	CHECK_FAILS(hugetlbfs_map(1, 0, -1, 0, NULL), NULL, ENOMEM);
	CHECK_FAILS(hugetlbfs_map(1, PAGE_2M, -1, HUGETLBFS_OR_SMALLER_HUGE, NULL), NULL, ENOMEM);
	check_map(5000, PAGE_2M, -1, HUGETLBFS_OR_SMALL, HUGETLBFS_SMALL, 4096);
	if (!thp) {
		CHECK_FAILS(hugetlbfs_map(1, 0, -1, HUGETLBFS_OR_TRANSPARENT, NULL), NULL, ENOMEM);
		return;
	}
	check_map(4 * PAGE_2M, 0, -1, HUGETLBFS_OR_ANY, HUGETLBFS_TRANSPARENT, PAGE_2M);
	check_map(4 * PAGE_2M, 0, 0, HUGETLBFS_OR_TRANSPARENT, HUGETLBFS_TRANSPARENT, PAGE_2M);
}

/* Pages of 1G, of which there are few: the next request goes to the next smaller size. */
static void test_map_1g(size_t pages)
{
	const size_t gigabyte = 1024 * MEGABYTE;
	struct hugetlbfs_given given;
	char *first = hugetlbfs_map(pages * gigabyte, gigabyte, -1, 0, &given);

	CHECK(first, "errno %d", errno);
	check_given(&given, HUGETLBFS_HUGETLB, pages * gigabyte, gigabyte);
	CHECK_FAILS(hugetlbfs_map(1, gigabyte, -1, 0, NULL), NULL, ENOMEM);
	check_map(3 * MEGABYTE, gigabyte, -1, HUGETLBFS_OR_SMALLER_HUGE, HUGETLBFS_HUGETLB,
		  PAGE_2M);
	check_on_hugetlb(first, pages * gigabyte, gigabyte);
	CHECK(!hugetlbfs_unmap(first), "errno %d", errno);
	check_map(5, gigabyte, 0, 0, HUGETLBFS_HUGETLB, gigabyte);
}

static void test_backing(bool thp)
{
	const size_t bytes = 8 * PAGE_2M;
	struct hugetlbfs_backing backing = {0};
	char *area;

	CHECK_FAILS(hugetlbfs_backing(&backing, 0, &backing), -1, EINVAL);
	CHECK_FAILS(hugetlbfs_backing(&backing, 1, NULL), -1, EINVAL);
	CHECK_FAILS(hugetlbfs_backing(&backing, SIZE_MAX, &backing), -1, EINVAL);
	backing = backing_of(NULL, 4096);
	CHECK(!backing.mapped_bytes && backing.exact, "something at 0");
	/* untouched, then a page, then a part of what was touched */
	area = need(hugetlbfs_map(bytes, 4096, -1, 0, NULL));
	madvise(area, bytes, MADV_NOHUGEPAGE);
	backing = backing_of(area, bytes);
	CHECK(backing.mapped_bytes == bytes && !backing.small_bytes, "%zu", backing.small_bytes);
	area[10 * 4096] = 1;
	area[20 * 4096] = 1;
	CHECK(backing_of(area, bytes).small_bytes == 8192, "not two pages");
	backing = backing_of(area + 10 * 4096, 10 * 4096);
	CHECK(backing.small_bytes == 4096 && backing.mapped_bytes == 10 * 4096, "not one page");
	/* the end of a page that is there, and the beginning of one that is not */
	backing = backing_of(area + 11 * 4096 - 6, 20);
	CHECK(backing.small_bytes == 6 && backing.mapped_bytes == 20, "%zu", backing.small_bytes);
	CHECK(!hugetlbfs_unmap(area), "errno %d", errno);
	if (!thp)
		return;
	/* half of a mapping on transparent huge pages, half of that on small ones */
	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area += -(uintptr_t)area % PAGE_2M;
	madvise(area, 4 * PAGE_2M, MADV_HUGEPAGE);
	memset(area, 1, PAGE_2M);
	area[3 * PAGE_2M] = 1;
	madvise(area + PAGE_2M, 4096, MADV_NOHUGEPAGE);
	backing = backing_of(area, 4 * PAGE_2M);
	CHECK(backing.transparent_bytes == 2 * PAGE_2M && !backing.small_bytes && backing.exact,
	      "%zu", backing.transparent_bytes);
	backing = backing_of(area + 4096, PAGE_2M - 8192);
	CHECK(backing.transparent_bytes == PAGE_2M - 8192, "%zu", backing.transparent_bytes);
	backing = backing_of(area + 1, 7);
	CHECK(backing.transparent_bytes == 7 || !backing.exact, "%zu", backing.transparent_bytes);
}

static void *get_and_free(void *unused)
{
	(void)unused;
	for (int i = 0; i < 200; i++) {
		char *region = need(hugetlbfs_map(4096 + (size_t)i, 4096, -1, 0, NULL));

		memset(region, i, 4096);
		CHECK(!hugetlbfs_unmap(region), "errno %d", errno);
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		CHECK(!pthread_create(&threads[i], NULL, get_and_free, NULL), "no thread");
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
}

int main(int count, char **arguments)
{
	const char *part = count > 1 ? arguments[1] : "", *argument = count > 2 ? arguments[2] : "";
	bool thp = !strcmp(argument, "thp");

	if (!strcmp(part, "sizes"))
		test_sizes();
	else if (!strcmp(part, "no-descriptors"))
		test_without_descriptors();
	else if (!strcmp(part, "default"))
		CHECK(gethugepagesize() == atol(argument), "%ld", gethugepagesize());
	else if (!strcmp(part, "none"))
		CHECK_FAILS(gethugepagesize(), -1, ENOSYS);
	else if (!strcmp(part, "paths"))
		test_paths(argument);
	else if (!strcmp(part, "regions"))
		test_regions(!strcmp(argument, "pool"));
	else if (!strcmp(part, "bad-frees"))
		test_bad_frees();
	else if (!strcmp(part, "no-pool"))
		test_map_no_pool(thp);
	else if (!strcmp(part, "1G"))
		test_map_1g((size_t)atol(argument));
	else if (!strcmp(part, "small")) {
		test_map_arguments();
		test_many();
		test_threads();
		test_backing(thp);
	} else if (!strcmp(part, "pool")) {
		test_get_huge_pages();
		test_colours();
		test_torn();
		test_unmapped_by_hand();
		test_map_pool();
	} else {
		CHECK(0, "no part %s", part);
	}
	return 0;
}
