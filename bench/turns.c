/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * turns: times commands in turn, so that they can be compared.
 *
 *   turns [--own] [--warm <megabytes>] <rounds> <command> -- <command> [-- <command>]...
 *
 * where a command is [NAME=value]... <program> [argument]..., run without a shell, with the
 * assignments added to its environment. Each round runs every command once and each round begins
 * with another one, so that what drifts on the machine meets all alike. One round before is run
 * and not counted.
 *
 * With --own the time is not the process's from start to end, but the number of nanoseconds that
 * it prints on its standard output.
 *
 * With --warm that much memory is touched and freed before each run, from the pool, where it is as
 * big, and on transparent huge pages: what a host has taken back from the machine's free memory it
 * gives again then, not in the middle of a run.
 *
 * Prints one line of numbers a command: minimum, median and maximum of its time, median of its
 * user and system time, median of its page faults, and against the first command the median over
 * the rounds of the times' ratio and of their difference; then the median of the ratios of user and
 * system time, the paired test that the time and the user and system time are above those of the
 * first command (signed_rank.h), and the median of the largest resident memory in kB, without
 * hugetlb pages. Times are in nanoseconds. Exit status 1, with a line, when a command fails or is
 * ended by a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nanoseconds.h"
#include "signed_rank.h"

enum {
	COMMANDS_MAX = 16,
};

extern char **environ;

struct command {
	char **environment;
	char **arguments;
	double *time_ns;
	double *cpu_ns;
	double *faults;
	double *resident_kb;
	double ratio, cpu_ratio; /* to the first command */
	double difference_ns;
	double slower, more_cpu; /* how likely without a difference */
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "turns: %s: %s\n", what, why);
	exit(1);
}

static void *allocate(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory)
		fail("memory", strerror(errno));
	return memory;
}

static double nanoseconds_of(struct timeval time)
{
	return time.tv_sec * 1e9 + time.tv_usec * 1e3;
}

static void touch_and_free(size_t bytes, int flags)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		return;
	madvise(memory, bytes, MADV_HUGEPAGE);
	memset(memory, 1, bytes);
	munmap(memory, bytes);
}

/* Without a pool of this size that part is left out. */
static void warm(size_t bytes)
{
	if (!bytes)
		return;
	touch_and_free(bytes, MAP_HUGETLB);
	touch_and_free(bytes, 0);
}

/* Splits one command off the words: up to "--" or the end. Returns what follows. */
static char **take_command(struct command *command, char **words, int rounds)
{
	size_t assignments = 0, inherited = 0;

	while (words[assignments] && strchr(words[assignments], '='))
		assignments++;
	while (environ[inherited])
		inherited++;
	/* getenv finds the first of two, so the added ones come first. */
	command->environment = allocate(assignments + inherited + 1, sizeof(char *));
	memcpy(command->environment, words, assignments * sizeof(char *));
	memcpy(command->environment + assignments, environ, inherited * sizeof(char *));

	command->arguments = words + assignments;
	command->time_ns = allocate(rounds, sizeof(double));
	command->cpu_ns = allocate(rounds, sizeof(double));
	command->faults = allocate(rounds, sizeof(double));
	command->resident_kb = allocate(rounds, sizeof(double));

	words = command->arguments;
	while (*words && strcmp(*words, "--") != 0)
		words++;
	if (words == command->arguments)
		fail("usage", "a program is missing");
	if (!*words)
		return words;
	*words = NULL;
	return words + 1;
}

/* What the program printed: a number of nanoseconds. */
static double read_number(int descriptor, const char *program)
{
	char text[64] = "", *end;
	ssize_t bytes = read(descriptor, text, sizeof(text) - 1);
	double number = bytes > 0 ? strtod(text, &end) : -1;

	if (bytes <= 0 || end == text)
		fail(program, "printed no number");
	return number;
}

static void run(struct command *command, bool own, int round)
{
	const char *program = command->arguments[0];
	posix_spawn_file_actions_t actions;
	double start_ns, end_ns;
	struct rusage usage;
	int output[2], status, error;
	char why[64];
	pid_t child;

	if (pipe2(output, O_CLOEXEC))
		fail("pipe", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	if (own)
		posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

	start_ns = nanoseconds_now();
	error = posix_spawnp(&child, program, &actions, NULL, command->arguments,
			     command->environment);
	if (error)
		fail(program, strerror(error));
	while (wait4(child, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			fail("wait4", strerror(errno));
	}
	end_ns = nanoseconds_now();

	posix_spawn_file_actions_destroy(&actions);
	close(output[1]);
	if (status) {
		snprintf(why, sizeof(why),
			 WIFSIGNALED(status) ? "ended by signal %d" : "exit status %d",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		fail(program, why);
	}
	command->time_ns[round] = own ? read_number(output[0], program) : end_ns - start_ns;
	command->cpu_ns[round] = nanoseconds_of(usage.ru_utime) + nanoseconds_of(usage.ru_stime);
	command->faults[round] = usage.ru_minflt;
	command->resident_kb[round] = usage.ru_maxrss;
	close(output[0]);
}

static int compare(const void *left, const void *right)
{
	double difference = *(const double *)left - *(const double *)right;

	return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

/* Sorts the numbers as it goes: pairs are gone afterwards. */
static double median(double *numbers, int count)
{
	qsort(numbers, count, sizeof(double), compare);
	return (numbers[(count - 1) / 2] + numbers[count / 2]) / 2;
}

static double median_ratio(const double *first, const double *second, double *numbers, int rounds)
{
	for (int round = 0; round < rounds; round++)
		numbers[round] = first[round] > 0 ? second[round] / first[round] : 1;
	return median(numbers, rounds);
}

/* The paired test; leaves the differences in numbers. */
static double test_difference(const double *first, const double *second, double *numbers,
			      int rounds)
{
	for (int round = 0; round < rounds; round++)
		numbers[round] = second[round] - first[round];
	return signed_rank(numbers, rounds);
}

/* Needs the times of both in the order of the rounds: before any median of them. */
static void compare_with(const struct command *first, struct command *command, int rounds)
{
	double *numbers = allocate(rounds, sizeof(double));

	command->ratio = median_ratio(first->time_ns, command->time_ns, numbers, rounds);
	command->cpu_ratio = median_ratio(first->cpu_ns, command->cpu_ns, numbers, rounds);
	command->more_cpu = test_difference(first->cpu_ns, command->cpu_ns, numbers, rounds);
	command->slower = test_difference(first->time_ns, command->time_ns, numbers, rounds);
	command->difference_ns = median(numbers, rounds);
	free(numbers);
}

static void print_command(struct command *command, int rounds)
{
	double middle_ns = median(command->time_ns, rounds);

	printf("%.0f %.0f %.0f %.0f %.0f %.4f %.0f ", command->time_ns[0], middle_ns,
	       command->time_ns[rounds - 1], median(command->cpu_ns, rounds),
	       median(command->faults, rounds), command->ratio, command->difference_ns);
	printf("%.4f %.5f %.5f %.0f\n", command->cpu_ratio, command->slower, command->more_cpu,
	       median(command->resident_kb, rounds));
}

int main(int argc, char **argv)
{
	bool own = false;
	size_t warm_bytes = 0;
	char **words = argv + !!argc;
	struct command commands[COMMANDS_MAX];
	int rounds, count = 0;

	if (*words && !strcmp(*words, "--own")) {
		own = true;
		words++;
	}
	if (*words && !strcmp(*words, "--warm") && words[1]) {
		warm_bytes = (size_t)atol(words[1]) << 20;
		words += 2;
	}
	rounds = *words ? atoi(*words++) : 0;
	if (rounds < 1)
		fail("usage", "turns [--own] [--warm <megabytes>] <rounds> <command> -- <command>");
	while (*words && count < COMMANDS_MAX)
		words = take_command(&commands[count++], words, rounds);

	for (int which = 0; which < count; which++)
		run(&commands[which], own, 0); /* the first round writes over it */
	for (int round = 0; round < rounds; round++) {
		for (int turn = 0; turn < count; turn++) {
			struct command *command = &commands[(turn + round) % count];

			warm(warm_bytes);
			run(command, own, round);
		}
	}
	for (int which = 0; which < count; which++)
		compare_with(&commands[0], &commands[which], rounds);
	for (int which = 0; which < count; which++)
		print_command(&commands[which], rounds);
	return 0;
}
