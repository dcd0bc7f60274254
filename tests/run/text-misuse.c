/*
 * Treats small pages of its own big text as programs do that patch themselves: rights, advice,
 * mappings over it, holes; in a child of fork and, with the argument "threads", while other threads
 * run the rest. With "emptied" also by MADV_DONTNEED, after which text is read again from its file.
 * EXPECT_HUGE_KB: so much of the text is on huge pages at the start, and all but a few pages of it
 * at the end.
 */
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "big_text.h"

#define STEP ((size_t)4096)

static volatile bool stop;

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
		else if (sscanf(line, "AnonHugePages: %lu", &kb) == 1)
			huge += kb;
	}
	fclose(smaps);
	return huge;
}

static void expect_huge(unsigned long less_kb)
{
	const char *expected = getenv("EXPECT_HUGE_KB");
	unsigned long found = huge_kb(), wanted = expected ? strtoul(expected, NULL, 10) : 0;

	CHECK(found + less_kb >= wanted, "%lu kB of text are huge", found);
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

/* Copies the function of one page over that of another, whose page then returns its number. */
static void patch(int number, int from)
{
	SHOW(number, mprotect(at, STEP, PROT_READ | PROT_WRITE));
	memcpy(page_at(number), page_at(from), 16);
	SHOW(number, mprotect(at, STEP, PROT_READ | PROT_EXEC));
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
		patch(1601, 1);
		fflush(stdout);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child, "no child");
	printf("the child's status: %d; page 1601 returns %d\n", status, call(page_at(1601)));
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

static bool has_argument(char **arguments, const char *wanted)
{
	while (*++arguments)
		if (!strcmp(*arguments, wanted))
			return true;
	return false;
}

static void misuse(void)
{
	char *whole = (char *)(((uintptr_t)page_at(2600) + 0x1fffff) & ~(uintptr_t)0x1fffff);
	char code[16];

	patch(1, 1000);
	in_child();
	SHOW(1002, madvise(at, STEP, MADV_RANDOM));
	SHOW(1002, madvise(at, STEP, MADV_DONTDUMP));
	SHOW(1002, madvise(at, STEP, MADV_DONTFORK));
	SHOW(1002, madvise(at, STEP, MADV_DOFORK));
	printf("page 1002 returns %d\n", call(page_at(1002)));
	memcpy(code, page_at(1000), sizeof(code));
	SHOW(501, mmap(at, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		       -1, 0) == at);
	memcpy(page_at(501), code, sizeof(code));
	SHOW(501, mprotect(at, STEP, PROT_READ | PROT_EXEC));
	printf("page 501 returns %d\n", call(page_at(501)));
	SHOW(502, munmap(at, STEP));
	SHOW(502, msync(at, STEP, MS_ASYNC));
	SHOW(502, mmap(at, STEP, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at);
	SHOW(503, mlock(at, STEP));
	SHOW(503, munlock(at, STEP));
	/* a whole huge page; nobody else runs it if it is executable at all times */
	CHECK(!mprotect(whole, 0x200000, PROT_READ | PROT_WRITE | PROT_EXEC), "%m");
	memcpy(whole + 64, code, sizeof(code)); /* behind the page's function, which others run */
	CHECK(!mprotect(whole, 0x200000, PROT_READ | PROT_EXEC), "%m");
	printf("the whole page's function returns %d\n", call(whole + 64));
}

int main(int count, char **arguments)
{
	const bool threads = has_argument(arguments, "threads");
	pthread_t thread[2];

	(void)count;
	check_big_text(VERSION);
	expect_huge(0);
	for (int i = 0; threads && i < 2; i++)
		CHECK(!pthread_create(&thread[i], NULL, run_rest, NULL), "no thread");
	misuse();
	if (has_argument(arguments, "emptied"))
		empty();
	stop = true;
	for (int i = 0; threads && i < 2; i++)
		pthread_join(thread[i], NULL);
	expect_huge(7 * 2048);
	printf("done\n");
	return 0;
}
