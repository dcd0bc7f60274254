/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of a huge page can be protected at any moment of another thread's end, and of the start of
 * another program. The kernel says for a moment that others use the memory, who are then gone.
 *
 *   ends      the only other thread ends meanwhile
 *   beside    the same beside a third thread, which stays
 *   spawned   a child has just begun another program
 */
#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "test.h"

#define HUGE  (2 * MEGABYTE)
#define PAGES 100
#define TURNS 20

static char *const no_environment[] = {NULL};
static unsigned int spins;

static void *end(void *unused)
{
	for (volatile unsigned int i = 0; i < spins; i++)
		;
	return unused;
}

static void *stay(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void protect(char *part)
{
	CHECK(mprotect(part, 4096, PROT_READ) == 0, "after %u spins: mprotect: %m", spins);
}

static void beside_thread(char *part)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, end, NULL), "no thread");
	protect(part);
	CHECK(!pthread_join(thread, NULL), "join");
}

static void beside_child(char *part)
{
	char *const arguments[] = {"true", NULL};
	pid_t child;
	int status;

	CHECK(!posix_spawnp(&child, "true", NULL, NULL, arguments, no_environment), "spawn");
	protect(part);
	CHECK(waitpid(child, &status, 0) == child && !status, "a child: %#x", status);
}

int main(int count, char **arguments)
{
	const char *what = count > 1 ? arguments[1] : "ends";
	pthread_t third;

	if (!strcmp(what, "beside"))
		CHECK(!pthread_create(&third, NULL, stay, NULL), "no thread");
	for (int turn = 0; turn < TURNS; turn++) {
		char *memory = mmap(NULL, (PAGES + 1) * HUGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char *first = (char *)(((uintptr_t)memory + HUGE - 1) & ~(uintptr_t)(HUGE - 1));

		CHECK(memory != MAP_FAILED, "mmap");
		for (size_t page = 0; page < PAGES; page++) {
			char *part = first + page * HUGE + 8 * 4096;

			*part = (char)page;
			/* from before the look at other tasks until after they have been stopped */
			spins = (unsigned int)(page * TURNS + (size_t)turn) * 50;
			if (!strcmp(what, "spawned"))
				beside_child(part);
			else
				beside_thread(part);
			CHECK(*part == (char)page, "page %zu", page);
		}
		CHECK(!munmap(memory, (PAGES + 1) * HUGE), "munmap");
	}
	printf("done\n");
	return 0;
}
