/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --watch: shows the same picture repeatedly, in place on a terminal, one after the other
 * elsewhere.
 *
 * On a terminal a picture is cut to the window's height, because a longer one would scroll its
 * beginning away. The terminal's state is not changed, so nothing has to be restored, however
 * watching ends.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/show.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* Linux 5.3, on every CPU */
#endif

#define DEFAULT_SECONDS 1

struct watch {
	pid_t pid;
	int descriptor; /* of the process, which stays valid when its number is used again; or -1 */
	const struct hugestat_options *options;
};

/* Waits at most so long; true: the process has ended. */
static bool wait_for_end(const struct watch *watch, double seconds)
{
	struct pollfd process = {.fd = watch->descriptor, .events = POLLIN};

	if (poll(&process, 1, (int)(seconds * 1000)) > 0)
		return true;
	return watch->descriptor < 0 && kill(watch->pid, 0) && errno == ESRCH;
}

static bool is_terminal(void)
{
	const char *type = getenv("TERM");

	return isatty(STDOUT_FILENO) && type && *type && strcmp(type, "dumb");
}

/* The part of a line that fits into that many columns: its length in bytes. Colours take none. */
static size_t fitting(const char *line, size_t bytes, size_t columns)
{
	size_t at = 0;

	while (at < bytes) {
		if (line[at] == '\033') {
			at += strcspn(line + at, "m");
			at += at < bytes;
			continue;
		}
		if (!columns--)
			break;
		do {
			at++;
		} while (at < bytes && ((unsigned char)line[at] & 0xc0) == 0x80);
	}
	return at;
}

/* Replaces the picture before; the last line of the window stays free for the cursor. */
static void put_on_terminal(const char *text)
{
	struct winsize window = {0};
	size_t lines = 23, columns = 80;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) && window.ws_row && window.ws_col) {
		lines = window.ws_row - 1u;
		columns = window.ws_col;
	}
	fputs("\033[H\033[J", stdout);
	for (; *text && lines; lines--) {
		size_t bytes = strcspn(text, "\n");

		fwrite(text, 1, fitting(text, bytes, columns), stdout);
		if (memchr(text, '\033', bytes))
			fputs("\033[0m",
			      stdout); /* it may have been cut in the middle of a colour */
		putchar('\n');
		text += bytes + (text[bytes] == '\n');
	}
}

/* A whole picture at once: a terminal does not flicker, a pipe gets no half picture. */
int watch_put(const char *text, size_t bytes, bool as_json)
{
	const bool terminal = !as_json && is_terminal();

	if (terminal)
		put_on_terminal(text);
	else
		fwrite(text, 1, bytes, stdout);
	if (!terminal && !as_json)
		putchar('\n');
	return fflush(stdout) ? -errno : 0;
}

static int show_picture(const struct watch *watch, const struct process *process)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *buffer = open_memstream(&text, &bytes);
	const bool as_json = watch->options->json;
	struct json json;
	int result;

	if (!buffer)
		return -ENOMEM;
	json = (struct json){.stream = buffer, .compact = true};
	result = show_read_process(process, watch->options, buffer, as_json ? &json : NULL);
	if (fclose(buffer))
		result = -ENOMEM;
	if (!result)
		result = watch_put(text, bytes, as_json);
	free(text);
	return result;
}

/* Watching normally ends with the process; but there must have been a picture. */
static int look_again_and_again(const struct watch *watch)
{
	const double interval = watch->options->interval_seconds;

	for (unsigned long shown = 0;;) {
		struct process process;
		int result = process_read(&process, watch->pid);

		if (result == -ESRCH && shown)
			return EXIT_SUCCESS;
		if (result) {
			show_failure(watch->pid, result);
			return EXIT_FAILURE;
		}
		result = show_picture(watch, &process);
		process_free(&process);
		if (result)
			return wait_for_end(watch, 0) ? EXIT_SUCCESS : EXIT_FAILURE;
		if (++shown == watch->options->count)
			return EXIT_SUCCESS;
		if (wait_for_end(watch, interval ? interval : DEFAULT_SECONDS))
			return EXIT_SUCCESS;
	}
}

int watch_process(pid_t pid, const struct hugestat_options *options)
{
	struct watch watch = {
		.pid = pid,
		.descriptor = (int)syscall(SYS_pidfd_open, pid, 0),
		.options = options,
	};
	int status = look_again_and_again(&watch);

	if (watch.descriptor >= 0)
		close(watch.descriptor);
	return status;
}
