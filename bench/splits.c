/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * splits <threads>: what the library needs to split a huge page of malloc's, beside that many
 * threads that sleep in epoll_wait. A split and a memcpy of another such page are timed in turn.
 * Prints three medians: a split's time over its memcpy's, and the nanoseconds of both. Exit status
 * 77: the process may not split pages (HUGETLB_EXACT).
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "nanoseconds.h"

enum {
	SPLITS = 41,
	HUGE_BYTES = 2 << 20,
	PART_BYTES = 4096,
	STACK_BYTES = 64 << 10,
};

static void leave(const char *why)
{
	perror(why);
	exit(1);
}

static void *sleep_in_epoll(void *unused)
{
	struct epoll_event event;
	int fd = epoll_create1(0);

	while (fd >= 0)
		epoll_wait(fd, &event, 1, -1);
	return unused;
}

static void start_threads(int count)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	while (count--)
		if (pthread_create(&thread, &attributes, sleep_in_epoll, NULL))
			leave("pthread_create");
}

static double time_of_copy(void *to, const void *from)
{
	double start_ns = nanoseconds_now();

	memcpy(to, from, HUGE_BYTES);
	/* The compiler could leave out what nobody reads. */
	__asm__ volatile("" ::"r"(to) : "memory");
	return nanoseconds_now() - start_ns;
}

static double time_of_split(char *page)
{
	double start_ns = nanoseconds_now();

	if (mprotect(page + HUGE_BYTES / 2, PART_BYTES, PROT_READ))
		exit(errno == ENOMEM ? 77 : 1);
	return nanoseconds_now() - start_ns;
}

static int compare(const void *left, const void *right)
{
	double difference = *(const double *)left - *(const double *)right;

	return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

static double median(double *values)
{
	qsort(values, SPLITS, sizeof(*values), compare);
	return values[SPLITS / 2];
}

int main(int argc, char **argv)
{
	double split_ns[SPLITS], copy_ns[SPLITS], ratio[SPLITS];
	char *block, *page;

	if (argc != 2) {
		fputs("usage: splits <threads>\n", stderr);
		return 2;
	}
	block = malloc((2 * SPLITS + 2) * (size_t)HUGE_BYTES);
	if (!block)
		leave("malloc");
	page = block + (-(uintptr_t)block & (HUGE_BYTES - 1));
	memset(page, 1, (2 * SPLITS + 1) * (size_t)HUGE_BYTES);
	start_threads(atoi(argv[1]));
	for (int i = 0; i < SPLITS; i++) {
		char *copied = page + (2 * i + 1) * (size_t)HUGE_BYTES;

		copy_ns[i] = time_of_copy(page, copied);
		split_ns[i] = time_of_split(copied + HUGE_BYTES);
		ratio[i] = split_ns[i] / copy_ns[i];
	}
	printf("%.1f %.0f %.0f\n", median(ratio), median(split_ns), median(copy_ns));
	return 0;
}
