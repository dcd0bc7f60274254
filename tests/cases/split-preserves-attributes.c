/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Splitting a huge page preserves locks, advice, the NUMA policy and the protection key of all its
 * pages. The program locks a small page of text, of data and of bss, sets the attributes of the
 * huge page around it, and then changes the rights of another small page of it; the kernel's
 * figures are compared to the page.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "big_text.h"

#define STEP  ((size_t)4096)
#define HUGE_ ((size_t)2 << 20)

static char data[8 * MEGABYTE] = {1}, bss[8 * MEGABYTE];
static int key;

static char *huge_page(char *start)
{
	return (char *)(((uintptr_t)start + HUGE_ - 1) & ~(HUGE_ - 1)) + HUGE_;
}

static void show_number(const char *path, const char *name)
{
	FILE *file = need(fopen(path, "re"));
	char line[512];

	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			fputs(line, stdout);
	fclose(file);
}

/* The marks that the program gave, and the key; what the kernel has for huge pages is left out. */
static void show_marks(const char *what, const char *at)
{
	static const char *const marks[] = {" lo", " dc", " dd", " mg"};
	FILE *smaps = need(fopen("/proc/self/smaps", "re"));
	unsigned long start, end, nodes[64] = {0};
	bool inside = false;
	char line[512];
	int policy = -1;

	printf("%s:", what);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start <= (uintptr_t)at && end > (uintptr_t)at;
		if (inside && !strncmp(line, "ProtectionKey", 13))
			printf(" key %d", atoi(line + 14));
		for (int i = 0; inside && !strncmp(line, "VmFlags", 7) && i < 4; i++)
			if (strstr(line, marks[i]))
				printf("%s", marks[i]);
	}
	fclose(smaps);
	syscall(SYS_get_mempolicy, &policy, nodes, 64 * 64, at, 2ul);
	printf(", policy %d on %lx\n", policy, nodes[0]);
}

static void expect_huge(const char *at)
{
	FILE *smaps = need(fopen("/proc/self/smaps", "re"));
	unsigned long start, end, kb, huge = 0;
	bool inside = false;
	char line[512];

	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start <= (uintptr_t)at && end > (uintptr_t)at;
		if (inside && (sscanf(line, "KernelPageSize: %lu", &kb) == 1 ||
			       sscanf(line, "AnonHugePages: %lu", &kb) == 1))
			huge = kb > huge ? kb : huge;
	}
	fclose(smaps);
	CHECK(!getenv("EXPECT_HUGE") || huge >= 2048, "%p is on pages of %lu kB", at, huge);
}

/* Before anything is set; the policy is that of node 0, which all machines have. */
static void give(char *page, int rights)
{
	const unsigned long node = 1;

	expect_huge(page);
	CHECK(!mlock(page + 3 * STEP, STEP), "%m");
	CHECK(!mlock(page + 20 * STEP, 4 * STEP) && !munlock(page + 21 * STEP, STEP), "%m");
	syscall(SYS_mbind, page, HUGE_, 2 /* MPOL_BIND */, &node, 8ul, 0ul);
	CHECK(!madvise(page, HUGE_, MADV_DONTDUMP), "%m");
	CHECK(!madvise(page, HUGE_, MADV_DONTFORK) && !madvise(page, HUGE_, MADV_DOFORK), "%m");
	if (key > 0)
		CHECK(!pkey_mprotect(page, HUGE_, rights, key), "%m");
}

static void treat(const char *name, char *page, int rights)
{
	char first = page[8 * STEP];

	printf("%s\n", name);
	give(page, rights);
	if (key > 0)
		CHECK(!pkey_set(key, PKEY_DISABLE_ACCESS), "%m");
	CHECK(!mprotect(page + 100 * STEP, STEP, PROT_READ), "%m");
	if (key > 0)
		CHECK(!pkey_set(key, 0), "%m");
	CHECK(page[8 * STEP] == first, "content is lost");
	show_marks("locked", page + 3 * STEP);
	show_marks("behind it", page + 4 * STEP);
	show_marks("locked", page + 20 * STEP);
	show_marks("unlocked again", page + 21 * STEP);
	show_marks("locked", page + 22 * STEP);
	show_marks("changed", page + 100 * STEP);
	show_number("/proc/self/status", "VmLck");
}

/* A child has what the parent has, and nothing of it is locked. */
static void in_child(char *page)
{
	pid_t child;
	int status;

	CHECK(!mlock(page + 3 * STEP, STEP), "%m");
	fflush(stdout);
	child = fork();
	if (!child) {
		CHECK(!mprotect(page + 100 * STEP, STEP, PROT_READ), "%m");
		show_marks("not locked in a child", page + 3 * STEP);
		show_number("/proc/self/status", "VmLck");
		fflush(stdout);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && !status, "the child's status: %d", status);
}

/* All that there is: and what becomes small later is locked by then. */
static void lock_all(char *page)
{
	CHECK(!mlockall(MCL_CURRENT), "%m");
	CHECK(!mprotect(page + 100 * STEP, STEP, PROT_READ), "%m");
	show_marks("all is locked", page + 4 * STEP);
	CHECK(!munlockall(), "%m");
	show_marks("nothing is", page + 4 * STEP);
	show_number("/proc/self/status", "VmLck");
}

int main(void)
{
	char *pages[] = {huge_page(big_text), huge_page(data), huge_page(bss)};

	for (size_t i = 0; i < sizeof(bss); i += STEP)
		bss[i] = data[i] = (char)i;
	key = pkey_alloc(0, 0);
	treat("text", pages[0], PROT_READ | PROT_EXEC);
	treat("data", pages[1], PROT_READ | PROT_WRITE);
	treat("bss", pages[2], PROT_READ | PROT_WRITE);
	in_child(pages[1] + HUGE_);
	lock_all(pages[2] + HUGE_);
	printf("done\n");
	return 0;
}
