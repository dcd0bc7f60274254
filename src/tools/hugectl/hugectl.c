/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugectl: the order of steps. It becomes the program, or ends with a line on standard error.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "tools/hugectl/hugectl.h"

void tell(const struct request *request, const char *format, ...)
{
	va_list arguments;

	if (request->verbose < LOG_WARNING)
		return;
	fputs("hugectl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static int flush_output(void)
{
	if (ferror(stdout) || fclose(stdout)) {
		perror("hugectl: standard output");
		return STATUS_NOT_STARTED;
	}
	return EXIT_SUCCESS;
}

/* "--heap 2M program": an optional value is never the next word, but was meant to be. */
static bool is_meant_as_value(char **program)
{
	const char *option = program[-1];
	size_t bytes;

	if (!program[1] || strncmp(option, "--", 2) ||
	    (strcasecmp(program[0], "thp") && options_parse_size(program[0], &bytes)))
		return false;
	for (int i = 0; i < hugectl_table.count; i++) {
		const struct tool_option *row = &hugectl_table.rows[i];

		if (row->name && !strcmp(row->name, option + 2))
			return row->argument && row->argument[0] == '[';
	}
	return false;
}

/* Returns only on failure. The words of the command line precede the program. */
static int become_program(const struct request *request, char **program)
{
	const int error = environment_apply(&request->environment);

	if (error) {
		fprintf(stderr, "hugectl: the environment: %s\n", strerror(-error));
		return STATUS_NOT_STARTED;
	}
	for (int i = 0; request->verbose >= LOG_INFO && i < request->environment.count; i++)
		tell(request, "%s=%s", request->environment.changes[i].name,
		     request->environment.changes[i].value);
	watcher_start(request);
	execvp(program[0], program);
	if (errno != ENOENT) {
		fprintf(stderr, "hugectl: %s: %s\n", program[0], strerror(errno));
		return STATUS_NOT_RUN;
	}
	fprintf(stderr, "hugectl: %s: %s", program[0], strerror(ENOENT));
	if (is_meant_as_value(program))
		fprintf(stderr, " (if it is a value: %s=%s)", program[-1], program[0]);
	fputc('\n', stderr);
	return STATUS_NOT_FOUND;
}

int main(int argc, char **argv)
{
	struct program program = {.shown = "a program"};
	struct request request;

	switch (request_read(argc, argv, &request)) {
	case OPTION_TABLE_DONE:
		return flush_output();
	case OPTION_TABLE_BAD:
		return STATUS_NOT_STARTED;
	}
	if (argv[optind]) {
		if (request.compare.advise)
			return become_adviser(&request, argv + optind);
		program_inspect(&program, argv[optind]);
	}
	if (preload_arrange(&request, &program))
		return STATUS_NOT_STARTED;
	if (!request.compare.on)
		remark_on_request(&request, &program, argv + optind,
				  !strcmp(argv[optind - 1], "--"));
	if (request.compare.on) {
		const int status = compare_program(&request, argv + optind);

		return status ? status : flush_output();
	}
	if (!request.dry_run && thp_arrange(&request))
		return STATUS_NOT_STARTED;
	if (!request.dry_run)
		return become_program(&request, argv + optind);
	environment_print(&request.environment, argv + optind);
	return flush_output();
}
