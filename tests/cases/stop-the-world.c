/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread maps or allocates, and protects; another stops it by a signal and makes such calls
 * itself while the first one stands, as garbage collectors do. The argument: mappings or heap.
 */
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include "heap_share.h"

#define BYTES (4 * MEGABYTE)
#define STOPS 1000

static sem_t stopped;
static volatile int number;
static int in_heap;

static char *get(void)
{
	char *block = in_heap ? aligned_alloc(4096, BYTES)
			      : mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(block && block != MAP_FAILED, "%m");
	return block;
}

static void give(char *block)
{
	if (!in_heap) {
		munmap(block, BYTES);
		return;
	}
	mprotect(block + 4096, 4096, PROT_READ | PROT_WRITE);
	free(block);
}

static void on_stop(int signal_number)
{
	const int mine = number;
	sigset_t most;

	(void)signal_number;
	sigfillset(&most);
	sigdelset(&most, SIGUSR2);
	sem_post(&stopped);
	while (number == mine)
		sigsuspend(&most);
}

static void on_go(int signal_number)
{
	(void)signal_number;
}

static void *mutate(void *unused)
{
	for (;;) {
		char *block = get();

		block[0] = 1;
		CHECK(mprotect(block + 4096, 4096, PROT_READ) == 0, "%m");
		give(block);
	}
	return unused;
}

int main(int count, char **arguments)
{
	struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
	struct sigaction go = {.sa_handler = on_go};
	pthread_t mutator;
	char *heap;

	in_heap = count > 1 && !strcmp(arguments[1], "heap");
	heap = get();
	sigfillset(&stop.sa_mask);
	sigaction(SIGUSR1, &stop, NULL);
	sigaction(SIGUSR2, &go, NULL);
	sem_init(&stopped, 0, 0);
	alarm(60);
	mutator = start_thread(mutate, NULL);
	while (number < STOPS) {
		pthread_kill(mutator, SIGUSR1);
		while (sem_wait(&stopped))
			;
		CHECK(mprotect(heap, 65536, PROT_READ) == 0, "%m");
		CHECK(mprotect(heap, 65536, PROT_READ | PROT_WRITE) == 0, "%m");
		number++;
		pthread_kill(mutator, SIGUSR2);
	}
	puts("never stuck");
	fflush(stdout);
	_exit(0);
}
