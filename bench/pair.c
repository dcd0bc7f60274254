/*
 * pair: times two commands side by side.
 *
 *   pair [--own] <rounds> [NAME=value]… <program> [argument]… -- [NAME=value]… <program>
 * [argument]…
 *
 * Each round runs both once, the first command first in even rounds and second in odd ones, so
 * that what drifts on the machine meets both alike. One round before is run and not counted. The
 * assignments before a program are added to its environment, without a shell or env in between.
 *
 * With --own the time is not the process's from start to end, but the number of nanoseconds that
 * it prints on its standard output.
 *
 * Prints one line of numbers: for each command minimum, median and maximum of its time, median of
 * its user and system time, and median of its page faults; then the median over the rounds of
 * second/first, and of second - first. Times are in nanoseconds. Exit status 1, with a line, when
 * a command fails or is ended by a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct command {
	char **environment;
	char **arguments;
	double *time_ns;
	double *cpu_ns;
	double *faults;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "pair: %s: %s\n", what, why);
	exit(1);
}

static void *allocate(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory)
		fail("memory", strerror(errno));
	return memory;
}

static double nanoseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static double nanoseconds_of(struct timeval time)
{
	return time.tv_sec * 1e9 + time.tv_usec * 1e3;
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

static void run(const struct command *command, bool own, double *time_ns, double *cpu_ns,
		double *faults)
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
	*time_ns = own ? read_number(output[0], program) : end_ns - start_ns;
	*cpu_ns = nanoseconds_of(usage.ru_utime) + nanoseconds_of(usage.ru_stime);
	*faults = usage.ru_minflt;
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

static void print_command(struct command *command, int rounds)
{
	double middle_ns = median(command->time_ns, rounds);

	printf("%.0f %.0f %.0f %.0f %.0f ", command->time_ns[0], middle_ns,
	       command->time_ns[rounds - 1], median(command->cpu_ns, rounds),
	       median(command->faults, rounds));
}

int main(int argc, char **argv)
{
	bool own = argc > 1 && strcmp(argv[1], "--own") == 0;
	char **words = argv + 1 + own;
	struct command commands[2];
	double *ratio, *difference_ns, ignored[3];
	int rounds, round;

	rounds = argc > 2 + own ? atoi(*words++) : 0;
	if (rounds < 1)
		fail("usage", "pair [--own] <rounds> <command> -- <command>");
	words = take_command(&commands[0], words, rounds);
	take_command(&commands[1], words, rounds);
	ratio = allocate(rounds, sizeof(double));
	difference_ns = allocate(rounds, sizeof(double));

	for (int which = 0; which < 2; which++)
		run(&commands[which], own, &ignored[0], &ignored[1], &ignored[2]);
	for (round = 0; round < rounds; round++) {
		for (int turn = 0; turn < 2; turn++) {
			struct command *command = &commands[turn ^ (round & 1)];

			run(command, own, &command->time_ns[round], &command->cpu_ns[round],
			    &command->faults[round]);
		}
		ratio[round] = commands[1].time_ns[round] / commands[0].time_ns[round];
		difference_ns[round] = commands[1].time_ns[round] - commands[0].time_ns[round];
	}

	print_command(&commands[0], rounds);
	print_command(&commands[1], rounds);
	printf("%.4f %.0f\n", median(ratio, rounds), median(difference_ns, rounds));
	return 0;
}
