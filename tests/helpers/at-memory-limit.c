/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * at-memory-limit split|fork|fork-sparse: fills 48M, which is on hugetlb pages and so does not
 * count towards the limit of the cgroup that it runs in, and then needs more base pages than that
 * limit allows.
 *
 * split: protects a part of each page. Some calls may fail with ENOMEM; nothing is lost. Prints how
 * many succeeded. fork: a child reads everything. fork-sparse: fills only 4M of the 48M; parent and
 * child then write.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "test.h"

#define HUGE  (2 * MEGABYTE)
#define PAGES 24

static void split(char *page)
{
	int done = 0;

	for (size_t i = 0; i < PAGES; i++, page += HUGE) {
		if (mprotect(page + 4096, 4096, PROT_READ) == 0)
			done++;
		else
			CHECK(errno == ENOMEM, "%m");
	}
	printf("%d\n", done);
}

static void in_child(const char *page)
{
	int status;
	pid_t child = fork();

	CHECK(child >= 0, "%m");
	if (!child) {
		check_pattern(page, PAGES * HUGE, 1);
		_exit(7);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	      "the child ended with %d", status);
	puts("forked");
}

static void sparse(char *page)
{
	const size_t filled = 2 * HUGE;
	pid_t child = fork();
	int status;

	CHECK(child >= 0, "%m");
	if (!child) {
		check_pattern(page, filled, 1);
		check_zero(page + filled, PAGES * HUGE - filled);
		fill_pattern(page, 2 * filled, 2);
		check_pattern(page, 2 * filled, 2);
		_exit(7);
	}
	fill_pattern(page, PAGES * HUGE, 1);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	      "the child ended with %d", status);
	puts("forked");
}

int main(int count, char **arguments)
{
	char *page = mmap(NULL, (PAGES + 1) * HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED && count == 2, "%m");
	page += -(uintptr_t)page & (HUGE - 1);
	fill_pattern(page, strcmp(arguments[1], "fork-sparse") ? PAGES * HUGE : 2 * HUGE, 1);
	if (!strcmp(arguments[1], "split"))
		split(page);
	else if (!strcmp(arguments[1], "fork-sparse"))
		sparse(page);
	else
		in_child(page);
	check_pattern(page, PAGES * HUGE, 1);
	return 0;
}
