/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program can change single pages of its own text, as the kernel allows it for a file's text:
 * every advice, protection, moves, mappings over it, holes. It does so in a child of fork and, with
 * the argument "threads", while other threads run the rest; with "early" these start before the
 * constructors of linked libraries, though after the library's. With "mapped" it never makes memory
 * executable that it wrote to, as policies require. An emptied page is read again from its file.
 * EXPECT_HUGE_KB is the least text on huge pages at the start; at the end all but a few pages (of
 * EXPECT_PAGE_KB) of it must still be there. EXPECT_MAPPED is its name in /proc/PID/maps.
 */
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "big_text.h"

#define STEP ((size_t)4096)

static volatile bool stop;
static bool by_mapping;

static char *page_at(int number)
{
	return big_text + STEP * (size_t)number;
}

static int call(char *at)
{
	return ((int (*)(void))(uintptr_t)at)();
}

/* Of pages that nobody changes. */
static void *run_rest(void *nothing)
{
	while (!stop)
		for (int number = 0; number < TEXT_PAGES; number += 7)
			CHECK(call(page_at(number)) == VERSION + 16 * number, "page %d", number);
	return nothing;
}

static void check_rest(int first, int end)
{
	for (int number = first; number < end; number++)
		CHECK(call(page_at(number)) == VERSION + 16 * number, "page %d", number);
}

/* Pages on huge pages, by their kernel's page size or as transparent ones. */
static unsigned long huge_kb(void)
{
	FILE *smaps = need(fopen("/proc/self/smaps", "re"));
	unsigned long start, end, kb, size = 0, huge = 0;
	char line[512];
	bool inside = false;

	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside =
				start < (uintptr_t)page_at(TEXT_PAGES) && end > (uintptr_t)big_text;
		if (!inside)
			continue;
		if (sscanf(line, "Size: %lu", &kb) == 1)
			size = kb;
		else if (sscanf(line, "KernelPageSize: %lu", &kb) == 1 && kb > 64)
			huge += size;
		else if (sscanf(line, "AnonHugePages: %lu", &kb) == 1 ||
			 sscanf(line, "ShmemPmdMapped: %lu", &kb) == 1 ||
			 sscanf(line, "FilePmdMapped: %lu", &kb) == 1)
			huge += kb;
	}
	fclose(smaps);
	return huge;
}

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
	const char *value = getenv(variable);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

/* All that was expected to be, except for some pages. */
static void expect_huge(unsigned long less_pages)
{
	unsigned long found = huge_kb(), less_kb = less_pages * number_of("EXPECT_PAGE_KB", 2048);

	CHECK(found + less_kb >= number_of("EXPECT_HUGE_KB", 0), "%lu kB of text are huge", found);
}

#define SHOW(number, work)                                                              \
	do {                                                                            \
		char *at = page_at(number);                                             \
		long result_;                                                           \
                                                                                        \
		errno = 0;                                                              \
		result_ = (long)(work);                                                 \
		printf("%s: %ld %s\n", #work, result_, result_ ? strerror(errno) : ""); \
	} while (0)

static void map_patched(int number, int from)
{
	char page[STEP];
	int fd = memfd_create("patched", MFD_CLOEXEC);

	memcpy(page, page_at(number), STEP);
	memcpy(page, page_at(from), 16);
	CHECK(write(fd, page, STEP) == (ssize_t)STEP, "%m");
	SHOW(number, mmap(at, STEP, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) == at);
	close(fd);
}

/* Copies the function of one page over that of another, whose page then returns its number. */
static void patch(int number, int from)
{
	if (by_mapping) {
		map_patched(number, from);
	} else {
		SHOW(number, mprotect(at, STEP, PROT_READ | PROT_WRITE));
		memcpy(page_at(number), page_at(from), 16);
		SHOW(number, mprotect(at, STEP, PROT_READ | PROT_EXEC));
	}
	__builtin___clear_cache(page_at(number), page_at(number) + STEP);
	printf("page %d returns %d\n", number, call(page_at(number)));
}

static void in_child(void)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		CHECK(call(page_at(1)) == VERSION + 16 * 1000, "the patch is lost");
		CHECK(call(page_at(1601)) == VERSION + 16 * 1601, "text is lost");
		SHOW(1602, madvise(at, STEP, MADV_DONTNEED));
		SHOW(2600, madvise(at, 600 * STEP, MADV_DONTNEED));
		check_rest(1603, TEXT_PAGES);
		patch(1601, 1);
		fflush(stdout);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child, "no child");
	printf("the child's status: %d; page 1601 returns %d\n", status, call(page_at(1601)));
}

struct advice {
	const char *name;
	int advice;
};

static const char *answer(long result)
{
	return result ? strerror(errno) : "done";
}

/* What the kernel answers for a part, and for more than a whole huge page; text is what it was. */
static void advise(const struct advice *advice)
{
	static int number = 5;
	const int first = number++;
	const char *part = answer(madvise(page_at(first), STEP, advice->advice));
	const char *whole = answer(madvise(page_at(1700), 1100 * STEP, advice->advice));

	printf("%s: %s, %s; pages return %d %d %d\n", advice->name, part, whole,
	       call(page_at(first)), call(page_at(1700)), call(page_at(2500)));
}

/* The numbers are the kernel's: not all libcs have the names. */
static void advise_all(void)
{
	static const struct advice all[] = {
		{"normal", 0},
		{"random", 1},
		{"sequential", 2},
		{"willneed", 3},
		{"dontneed", 4},
		{"free", 8},
		{"remove", 9},
		{"dofork", 11},
		{"mergeable", 12},
		{"unmergeable", 13},
		{"hugepage", 14},
		{"dodump", 17},
		{"wipeonfork", 18},
		{"keeponfork", 19},
		{"cold", 20},
		{"pageout", 21},
		{"populate to read", 22},
		{"populate to write", 23},
		{"dontneed, locked, too", 24},
		{"none that there is", 77},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		advise(&all[i]);
	for (int i = 0; i < 5; i++)
		SHOW(40, posix_madvise(at, STEP, i));
	printf("page 40 returns %d\n", call(page_at(40)));
}

/* In glibc since 2.36. */
extern __attribute__((weak)) ssize_t process_madvise(int process, const struct iovec *parts,
						     size_t count, int advice, unsigned int flags);

/* As advice, by a descriptor of this very process: since Linux 5.10, and all of it since 6.13. */
static void advise_process(void)
{
	struct iovec parts[] = {{page_at(41), STEP}, {page_at(1702), 600 * STEP}};
	const int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
	static const int advices[] = {MADV_WILLNEED, MADV_DONTNEED, 20, 21, 77};

	for (size_t i = 0; process_madvise && i < sizeof(advices) / sizeof(advices[0]); i++) {
		const ssize_t bytes = process_madvise(process, parts, 2, advices[i], 0);

		printf("process_madvise %d: %zd %s; pages return %d, %d\n", advices[i], bytes,
		       answer(bytes < 0), call(page_at(41)), call(page_at(1702)));
	}
	close(process);
}

/* There and back again, a page and more than a huge one; of the page the rest is what it was. */
static void move(int number, size_t bytes)
{
	char *place = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SHOW(number, mremap(at, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
	printf("moved, page %d returns %d\n", number, call(place));
	SHOW(number, mremap(place, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
	printf("back, pages %d returns %d, %d\n", number, call(page_at(number)),
	       call(page_at(number + (int)(bytes / STEP) - 1)));
}

/* Where arm64 lets indirect branches end only on landing pads, it still does. */
static void look_for_guard(int number)
{
	FILE *smaps = need(fopen("/proc/self/smaps", "re"));
	unsigned long start, end;
	char line[512];
	bool inside = false, guarded = false;

	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start <= (uintptr_t)page_at(number) &&
				 end > (uintptr_t)page_at(number);
		if (inside && !strncmp(line, "VmFlags", 7))
			guarded = strstr(line, " bt");
	}
	fclose(smaps);
	printf("page %d: branches are %s\n", number, guarded ? "guarded" : "free");
}

static void look(void)
{
	unsigned char resident[4];
	int there = 0;

	SHOW(44, msync(at, STEP, MS_SYNC));
	SHOW(44, msync(at, 600 * STEP, MS_ASYNC | MS_INVALIDATE));
	call(page_at(45));
	SHOW(45, mincore(at, STEP, resident));
	there += resident[0] & 1;
	printf("%d pages are there\n", there);
	look_for_guard(2);
	look_for_guard(2000);
}

static void empty(void)
{
	SHOW(2, madvise(at, STEP, MADV_DONTNEED));
	SHOW(1002, madvise(at, 600 * STEP, MADV_DONTNEED));
	printf("pages return %d, %d, %d\n", call(page_at(2)), call(page_at(1002)),
	       call(page_at(1500)));
	SHOW(1, madvise(at, STEP, MADV_DONTNEED)); /* the patch goes */
	printf("page 1 returns %d\n", call(page_at(1)));
}

static void expect_name(void)
{
	const char *wanted = getenv("EXPECT_MAPPED");
	FILE *maps = need(fopen("/proc/self/maps", "re"));
	unsigned long start, end;
	char line[512];
	bool found = !wanted;

	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2 &&
		    start <= (uintptr_t)page_at(2000) && end > (uintptr_t)page_at(2000) && wanted)
			found = strstr(line, wanted);
	fclose(maps);
	CHECK(found, "text is not mapped as %s", wanted);
}

static bool has_argument(char **arguments, const char *wanted)
{
	while (*++arguments)
		if (!strcmp(*arguments, wanted))
			return true;
	return false;
}

/* Of anonymous memory, or a whole huge page; nobody else runs it if it is executable at all times.
 */
static void write_and_execute(void)
{
	char *whole = (char *)(((uintptr_t)page_at(2600) + 0x1fffff) & ~(uintptr_t)0x1fffff);
	char code[16];

	memcpy(code, page_at(1000), sizeof(code));
	SHOW(501, mmap(at, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		       -1, 0) == at);
	memcpy(page_at(501), code, sizeof(code));
	SHOW(501, mprotect(at, STEP, PROT_READ | PROT_EXEC));
	__builtin___clear_cache(page_at(501), page_at(501) + sizeof(code));
	printf("page 501 returns %d\n", call(page_at(501)));
	CHECK(!mprotect(whole, 0x200000, PROT_READ | PROT_WRITE | PROT_EXEC), "%m");
	memcpy(whole + 64, code, sizeof(code)); /* behind the page's function, which others run */
	__builtin___clear_cache(whole + 64, whole + 64 + sizeof(code));
	CHECK(!mprotect(whole, 0x200000, PROT_READ | PROT_EXEC), "%m");
	printf("the whole page's function returns %d\n", call(whole + 64));
}

static void change_pages(void)
{
	patch(1, 1000);
	look();
	advise_all();
	advise_process();
	in_child();
	move(43, STEP);
	SHOW(1002, madvise(at, STEP, MADV_RANDOM));
	SHOW(1002, madvise(at, STEP, MADV_DONTDUMP));
	SHOW(1002, madvise(at, STEP, MADV_DONTFORK));
	SHOW(1002, madvise(at, STEP, MADV_DOFORK));
	printf("page 1002 returns %d\n", call(page_at(1002)));
	SHOW(502, munmap(at, STEP));
	SHOW(502, msync(at, STEP, MS_ASYNC));
	SHOW(502, mmap(at, STEP, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at);
	SHOW(503, mlock(at, STEP));
	SHOW(503, munlock(at, STEP));
	if (!by_mapping)
		write_and_execute();
}

static pthread_t threads[2];

static void start_threads(void)
{
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&threads[i], NULL, run_rest, NULL), "no thread");
}

static __attribute__((unused)) void before_all(int count, char **arguments, char **environment)
{
	(void)count;
	(void)environment;
	if (has_argument(arguments, "early"))
		start_threads();
}

#ifndef LIBRARY /* which has no such functions */
__attribute__((section(".preinit_array"), used)) static void (*preinit[])(int, char **,
									  char **) = {before_all};
#endif

int main(int count, char **arguments)
{
	const bool early = has_argument(arguments, "early");
	const bool others = early || has_argument(arguments, "threads");

	(void)count;
	setvbuf(stdout, NULL, _IOLBF, 0); /* what was said before a crash is seen */
	by_mapping = has_argument(arguments, "mapped");
	check_big_text(VERSION);
	expect_huge(0);
	expect_name();
	if (others && !early)
		start_threads();
	change_pages();
	empty();
	stop = true;
	for (int i = 0; others && i < 2; i++)
		pthread_join(threads[i], NULL);
	if (!others)
		move(1010, 580 * STEP); /* one mapping, which nobody else runs */
	expect_huge(9);
	printf("done\n");
	return 0;
}
