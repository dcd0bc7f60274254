/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * forks <megabytes> exit|parent|child: what fork costs a program with that much heap. Prints
 * nanoseconds, the median of some forks:
 *
 *   exit    from fork to the end of a child that only leaves, as the parent sees it
 *   parent  the parent's first writes after a fork, while the child lives
 *   child   the child's first writes
 *
 * The writes go to 256 places spread evenly over the heap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nanoseconds.h"

enum {
	BLOCK_BYTES = 64000, /* below malloc's limit for an mmap of its own */
	PLACES = 256,
	FORKS = 7,
};

static char **block;
static size_t blocks;

static double write_places(void)
{
	double start_ns = nanoseconds_now();

	for (size_t place = 0; place < PLACES; place++)
		block[place * blocks / PLACES][place * BLOCK_BYTES / PLACES]++;
	return nanoseconds_now() - start_ns;
}

static void leave(const char *why)
{
	perror(why);
	exit(1);
}

/* One fork. *child_ns is shared with the child. */
static double fork_once(char what, double *child_ns)
{
	double start_ns, end_ns;
	int hold[2], status;
	pid_t child;
	char byte;

	if (pipe(hold))
		leave("pipe");
	start_ns = nanoseconds_now();
	child = fork();
	if (child < 0)
		leave("fork");
	if (!child) {
		if (what == 'c')
			*child_ns = write_places();
		close(hold[1]);
		/* Lives until the parent has written. */
		if (what == 'p' && read(hold[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	if (what == 'p')
		*child_ns = write_places();
	close(hold[1]);
	if (waitpid(child, &status, 0) < 0)
		leave("waitpid");
	end_ns = nanoseconds_now();
	close(hold[0]);
	if (status) {
		fprintf(stderr, "forks: the child ended with status %#x\n", status);
		exit(1);
	}
	return what == 'e' ? end_ns - start_ns : *child_ns;
}

static int compare(const void *left, const void *right)
{
	double difference = *(const double *)left - *(const double *)right;

	return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	double taken_ns[FORKS], *shared;

	if (argc < 3 || atol(argv[1]) < 1 || !strchr("epc", argv[2][0])) {
		fputs("usage: forks <megabytes> exit|parent|child\n", stderr);
		return 2;
	}
	blocks = atol(argv[1]) * (1u << 20) / BLOCK_BYTES;
	block = calloc(blocks, sizeof(*block));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (!block || shared == MAP_FAILED)
		leave("memory");
	for (size_t number = 0; number < blocks; number++) {
		block[number] = malloc(BLOCK_BYTES);
		if (!block[number])
			leave("malloc");
		memset(block[number], 1, BLOCK_BYTES);
	}
	for (int number = 0; number < FORKS; number++)
		taken_ns[number] = fork_once(argv[2][0], shared);
	qsort(taken_ns, FORKS, sizeof(*taken_ns), compare);
	printf("%.0f\n", taken_ns[FORKS / 2]);
	return 0;
}
