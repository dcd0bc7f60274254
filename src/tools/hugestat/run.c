/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugestat -- program: its memory at the moment when it ends.
 *
 * Once a process has ended its memory is gone, so the kernel is asked to stop it on its way out
 * (PTRACE_O_TRACEEXIT), when everything is still mapped. Nothing else is traced: the program runs
 * at full speed, and its signals are delivered as they arrive.
 */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/common/program_file.h"
#include "tools/hugestat/show.h"
#include "tools/hugestat/system.h"

int program_exit_status(int status)
{
	return WIFSIGNALED(status) ? STATUS_BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static void __attribute__((noreturn)) become_program(char **program, int go)
{
	char byte;

	/* Wait until the parent has attached. */
	while (read(go, &byte, 1) < 0 && errno == EINTR)
		;
	close(go);
	execvp(program[0], program);
	fprintf(stderr, "hugestat: %s: %s\n", program[0], strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN);
}

static volatile pid_t passed_to;

static void pass_on(int number)
{
	int error = errno;

	kill(passed_to, number);
	errno = error;
}

/*
 * A signal to hugestat, for example from timeout(1), is meant for the program; a terminal's signal
 * goes to both, and the program's reaction counts. Signals that hugestat was started to ignore stay
 * ignored.
 */
static void pass_signals_to(pid_t pid)
{
	static const int numbers[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};
	struct sigaction pass = {.sa_handler = pass_on}, before;

	passed_to = pid;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &pass, NULL);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
}

static void show_at_end(pid_t pid, const struct hugestat_options *options, FILE *out)
{
	struct json json;

	json = (struct json){.stream = out};
	show_process(pid, options, out, options->json ? &json : NULL);
	if (fflush(out) && options->output)
		fprintf(stderr, "hugestat: %s: %s\n", options->output, strerror(errno));
}

/*
 * The reason for a stop is in the bits above the signal. A group stop (SIGSTOP, SIGTSTP) is
 * preserved by listening; every other signal is passed on.
 */
static int follow(pid_t pid, const struct hugestat_options *options, FILE *out)
{
	bool started = false, shown = false;
	int status;

	for (;;) {
		if (waitpid(pid, &status, __WALL) < 0) {
			if (errno == EINTR)
				continue;
			fprintf(stderr, "hugestat: waiting for %d: %s\n", (int)pid,
				strerror(errno));
			return EXIT_FAILURE;
		}
		if (!WIFSTOPPED(status))
			break;
		switch (status >> 16) {
		case PTRACE_EVENT_EXEC:
			started = true;
			ptrace(PTRACE_CONT, pid, 0, 0);
			break;
		case PTRACE_EVENT_EXIT:
			/* Before execve, its memory is only a copy of this process's. */
			if (started)
				show_at_end(pid, options, out);
			shown = true;
			ptrace(PTRACE_CONT, pid, 0, 0);
			break;
		case PTRACE_EVENT_STOP:
			if (WSTOPSIG(status) == SIGTRAP)
				ptrace(PTRACE_CONT, pid, 0, 0);
			else
				ptrace(PTRACE_LISTEN, pid, 0, 0);
			break;
		case 0:
			ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(status));
			break;
		default:
			ptrace(PTRACE_CONT, pid, 0, 0);
		}
	}
	if (!shown)
		fputs("hugestat: the program ended too suddenly to look at its memory\n", stderr);
	return program_exit_status(status);
}

/* Waits for the program without observing it. */
static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return program_exit_status(status);
}

/* A traced program gets no other privileges than the tracer's, unless the tracer may trace
 * everything. */
static bool would_lose_rights(const char *program)
{
	const char *path = program_file_find(program);

	return path && !system_has_capability(CAP_SYS_PTRACE) &&
	       program_file_changes_rights(program_file_run_by(path));
}

pid_t program_start(char **program, int *go)
{
	int pipes[2];
	pid_t pid;

	if (pipe(pipes)) {
		perror("hugestat: pipe");
		return -1;
	}
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("hugestat: fork");
		return -1;
	}
	if (!pid) {
		close(pipes[1]);
		become_program(program, pipes[0]);
	}
	close(pipes[0]);
	*go = pipes[1];
	pass_signals_to(pid);
	return pid;
}

static int run(const struct hugestat_options *options, FILE *out)
{
	bool traced = !would_lose_rights(options->program[0]);
	pid_t pid;
	int go;

	if (!traced)
		fprintf(stderr, "hugestat: no report: %s runs with other rights than yours\n",
			options->program[0]);
	pid = program_start(options->program, &go);
	if (pid < 0)
		return EXIT_FAILURE;
	if (traced && ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC)) {
		fprintf(stderr, "hugestat: no report: the program can't be traced: %s\n",
			strerror(errno));
		traced = false;
	}
	close(go);
	return traced ? follow(pid, options, out) : wait_for(pid);
}

int run_program(const struct hugestat_options *options)
{
	return show_in_output(options, run);
}
