/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A SIGSEGV handler opens parts of reserved address space, by mprotect or ("map") by mmap, while
 * several threads write their own words there: none is lost.
 */
#include <signal.h>
#include <sys/mman.h>
#include "heap_share.h"

#define HUGE    (2 * MEGABYTE)
#define PARTS   96
#define WRITERS 4
#define WORDS   40

static char *arena;
static pthread_barrier_t barrier;
static volatile char opened[PARTS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int by_map;

static void open_part(int number, siginfo_t *info, void *context)
{
	const size_t part = (size_t)((char *)info->si_addr - arena) / HUGE;
	char *at = arena + part * HUGE;

	(void)number, (void)context;
	if (!by_map) {
		if (part >= PARTS || mprotect(at, HUGE, PROT_READ | PROT_WRITE))
			_exit(78);
		return;
	}
	/* mapped again, it would be empty */
	pthread_mutex_lock(&mutex);
	if (!opened[part] && mmap(at, HUGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		_exit(78);
	opened[part] = 1;
	pthread_mutex_unlock(&mutex);
}

static volatile long *words_of(size_t part, uintptr_t writer)
{
	return (volatile long *)(arena + part * HUGE + writer * 4096);
}

static void *write_words(void *argument)
{
	const uintptr_t self = (uintptr_t)argument;

	for (size_t part = 0; part < PARTS; part++) {
		pthread_barrier_wait(&barrier);
		for (volatile uintptr_t wait = 0; wait < self * 3000; wait++)
			;
		for (int i = 0; i < WORDS; i++)
			words_of(part, self)[i] = (long)self + 1;
	}
	return NULL;
}

int main(int count, char **arguments)
{
	struct sigaction action = {.sa_sigaction = open_part, .sa_flags = SA_SIGINFO};
	pthread_t writer[WRITERS];
	char *reserved = mmap(NULL, (PARTS + 1) * HUGE, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(reserved != MAP_FAILED, "%m");
	by_map = count > 1 && !strcmp(arguments[1], "map");
	arena = reserved + (-(uintptr_t)reserved & (HUGE - 1));
	sigaction(SIGSEGV, &action, NULL);
	pthread_barrier_init(&barrier, NULL, WRITERS);
	for (uintptr_t i = 0; i < WRITERS; i++)
		writer[i] = start_thread(write_words, (void *)i);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writer[i], NULL);
	for (size_t part = 0; part < PARTS; part++)
		for (uintptr_t i = 0; i < WRITERS; i++)
			for (int word = 0; word < WORDS; word++)
				CHECK(words_of(part, i)[word] == (long)i + 1,
				      "part %zu lost a word of thread %zu", part, (size_t)i);
	puts("no write was lost");
	return 0;
}
