/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Servers under --compare: see compare_ready.h. A server is ready when a line of its output matches
 * an expression (/.../), when it accepts connections at a TCP port of this machine (a number), or
 * when a shell command succeeds (anything else).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/hugectl/compare_ready.h"

#define READY_SECONDS 60
#define END_SECONDS   20
#define PAUSE_SECONDS 0.02

static bool takes_connections(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool takes;

	if (fd < 0)
		return false;
	takes = !connect(fd, (struct sockaddr *)&address, sizeof(address));
	close(fd);
	return takes;
}

/* Uses pread, because the server writes at the descriptor's position, which must not move. */
static bool has_line(int fd, const regex_t *expression)
{
	char buffer[4096];
	ssize_t bytes;
	bool found = false;

	for (off_t at = 0; !found && (bytes = pread(fd, buffer, sizeof(buffer) - 1, at)) > 0;) {
		char *end;

		buffer[bytes] = '\0';
		end = strchr(buffer, '\n');
		if (end)
			*end = '\0';
		found = !regexec(expression, buffer, 0, NULL, 0);
		at += end ? end - buffer + 1 : bytes;
	}
	return found;
}

static bool is_ready(const struct child *child, const char *ready, const regex_t *expression)
{
	if (ready[0] == '/')
		return has_line(child->output, expression) || has_line(child->errors, expression);
	if (!ready[strspn(ready, "0123456789")])
		return takes_connections(ready);
	return !system(ready);
}

/* Without the slashes. Returns 0 or regcomp's error. */
static int compile(const char *ready, regex_t *expression)
{
	char *text = strdup(ready + 1);
	const size_t bytes = text ? strlen(text) : 0;
	int result = REG_ESPACE;

	if (bytes && text[bytes - 1] == '/')
		text[bytes - 1] = '\0';
	if (text)
		result = regcomp(expression, text, REG_EXTENDED | REG_NOSUB);
	free(text);
	return result;
}

static bool wait_until_ready(struct child *child, const char *ready)
{
	const double until = compare_now() + READY_SECONDS;
	regex_t expression;
	bool yes = false;

	if (ready[0] == '/' && compile(ready, &expression)) {
		fprintf(stderr, "hugectl: --ready: no regular expression: %s\n", ready);
		return false;
	}
	while (!(yes = is_ready(child, ready, &expression))) {
		if (child_wait(child, PAUSE_SECONDS)) {
			fputs("hugectl: --ready: the program ended before it was ready\n", stderr);
			break;
		}
		if (compare_now() > until) {
			fprintf(stderr, "hugectl: --ready: not ready after %d s: %s\n",
				READY_SECONDS, ready);
			break;
		}
	}
	if (ready[0] == '/')
		regfree(&expression);
	return yes;
}

/* The load's own output goes to another file. Returns its duration in seconds, or -1. */
static double put_load(struct child *child, const char *load)
{
	char *command[] = {"/bin/sh", "-c", (char *)load, NULL};
	struct child loading;
	struct compare_run run = {0};
	int error = child_start(&loading, NULL, command);

	if (error) {
		fprintf(stderr, "hugectl: --load: %s\n", strerror(error));
		return -1;
	}
	/* meanwhile, sample the server's memory */
	while (!child_wait(&loading, 0.05))
		child_wait(child, 0.001);
	child_finish(&loading, &run);
	close(loading.output);
	close(loading.errors);
	if (!run.status)
		return run.values[MEASURE_WALL];
	fprintf(stderr, "hugectl: --load: exit status %d: %s\n", run.status, load);
	return -1;
}

static void end(struct child *child)
{
	kill(child->pid, SIGTERM);
	if (!child_wait(child, END_SECONDS)) {
		fputs("hugectl: --ready: the program has not ended after SIGTERM: sending SIGKILL\n", stderr);
		kill(child->pid, SIGKILL);
	}
}

double ready_and_load(struct child *child, const struct compare_wish *wish)
{
	double seconds = -1;

	if (wait_until_ready(child, wish->ready))
		seconds = put_load(child, wish->load);
	end(child);
	return seconds;
}
