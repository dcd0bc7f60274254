/*
 * --watch: the same picture again and again, in place on a terminal, one below the other elsewhere.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/hugestat/show.h"

static void pause_for(double seconds)
{
	struct timespec rest = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}

/* A picture at once: a terminal does not flicker, a pipe has no half of one. */
static int show_once(pid_t pid, const struct hugestat_options *options, bool terminal)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *buffer = open_memstream(&text, &bytes);
	struct json json;
	int result;

	if (!buffer)
		return -ENOMEM;
	json = (struct json){.stream = buffer, .compact = true};
	result = show_process(pid, options, buffer, options->json ? &json : NULL);
	fclose(buffer);
	if (!result) {
		if (terminal)
			fputs("\033[H\033[J", stdout);
		fwrite(text, 1, bytes, stdout);
		if (!terminal && !options->json)
			putchar('\n');
		if (fflush(stdout))
			result = -errno;
	}
	free(text);
	return result;
}

int watch_process(pid_t pid, const struct hugestat_options *options)
{
	bool terminal = isatty(STDOUT_FILENO) && !options->json;

	for (unsigned long shown = 0;;) {
		/* That it has ended is how watching ends; but there must have been something. */
		if (shown && kill(pid, 0) && errno == ESRCH)
			return EXIT_SUCCESS;
		if (show_once(pid, options, terminal))
			return shown && kill(pid, 0) ? EXIT_SUCCESS : EXIT_FAILURE;
		if (++shown == options->count)
			return EXIT_SUCCESS;
		pause_for(options->interval_seconds);
	}
}
