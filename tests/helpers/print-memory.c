/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * print-memory <megabytes> [<bytes of a block> [<threads>]]: fills that much memory by malloc, in
 * each of that many threads (or without threads), and prints how many kB of the process are in
 * memory, on transparent huge pages, and on hugetlb pages, as the kernel counts them. With HOLD in
 * the environment it ends when its standard input does; with START=<fifo> it prints a line and
 * begins when somebody opens that for writing.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room for what lies at the start of a thread's stack, and none for a transparent huge page, which
 * a stack of 8M has or has not as its address happens to be. */
#define STACK_BYTES ((size_t)256 << 10)

static size_t megabytes, block_bytes = 1000;
static pthread_barrier_t filled, printed;

static void fill(void)
{
	for (size_t done = 0; done < megabytes << 20; done += block_bytes) {
		char *block = malloc(block_bytes);

		if (!block)
			exit(1);
		memset(block, 1, block_bytes);
	}
}

static void *fill_in_thread(void *unused)
{
	fill();
	pthread_barrier_wait(&filled);
	pthread_barrier_wait(&printed);
	return unused;
}

static void print(void)
{
	unsigned long kb, rss = 0, thp = 0, hugetlb = 0;
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Rss: %lu", &kb) == 1)
			rss = kb;
		else if (sscanf(line, "AnonHugePages: %lu", &kb) == 1)
			thp = kb;
		else if (sscanf(line, "Private_Hugetlb: %lu", &kb) == 1)
			hugetlb = kb;
	}
	printf("%lu %lu %lu\n", rss + hugetlb, thp, hugetlb);
	fflush(stdout);
}

/* A system call, and no stdio: nothing may be allocated before all begin. */
static void wait_for_start(const char *fifo)
{
	if (write(STDOUT_FILENO, "ready\n", 6) != 6 || open(fifo, O_RDONLY | O_CLOEXEC) < 0)
		exit(1);
}

int main(int count, char **arguments)
{
	const unsigned int threads = count > 3 ? (unsigned int)atoi(arguments[3]) : 0;
	static char in[BUFSIZ], out[BUFSIZ];
	pthread_attr_t attributes;
	pthread_t thread;

	/* stdio allocates nothing after the figures are taken, with which others' are compared */
	setvbuf(stdin, in, _IOFBF, sizeof(in));
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	megabytes = count > 1 ? strtoul(arguments[1], NULL, 10) : 0;
	if (count > 2)
		block_bytes = strtoul(arguments[2], NULL, 10);
	if (getenv("START"))
		wait_for_start(getenv("START"));
	if (!threads)
		fill();
	pthread_barrier_init(&filled, NULL, threads + 1);
	pthread_barrier_init(&printed, NULL, threads + 1);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (unsigned int i = 0; i < threads; i++)
		if (pthread_create(&thread, &attributes, fill_in_thread, NULL))
			return 1;
	pthread_barrier_wait(&filled);
	print();
	while (getenv("HOLD") && getchar() != EOF)
		;
	pthread_barrier_wait(&printed);
	return 0;
}
