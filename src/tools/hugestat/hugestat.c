/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugestat: whether huge pages work here and, if not, why; and which memory of a process is on
 * them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/json.h"
#include "tools/common/option_table.h"
#include "tools/hugestat/advise.h"
#include "tools/hugestat/collapse.h"
#include "tools/hugestat/findings.h"
#include "tools/hugestat/frames_machine.h"
#include "tools/hugestat/metrics.h"
#include "tools/hugestat/options.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/show.h"
#include "tools/hugestat/system.h"
#include "tools/hugestat/top.h"
#include "tools/hugestat/users.h"
#include "tools/hugestat/why.h"

#define STATUS_USAGE 2 /* an invalid option */
#define USERS_SHOWN  5 /* without --users */

static int show_users(const struct hugestat_options *options)
{
	struct users users;

	users_read(&users);
	if (options->json) {
		struct json json = {.stream = stdout};

		json_document(&json);
		users_json(&users, &json);
		json_close(&json, '}');
	} else {
		users_print(&users, 0);
	}
	users_free(&users);
	return EXIT_SUCCESS;
}

static int show_machine(const struct hugestat_options *options)
{
	struct frames_machine machine;
	const int result = frames_machine_read(&machine);

	if (result) {
		fprintf(stderr, "hugestat: /proc/kpageflags: %s%s\n", strerror(-result),
			result == -EPERM ? " (root may read it)" : "");
	} else if (options->json) {
		struct json json = {.stream = stdout};

		frames_machine_json(&machine, &json);
	} else {
		frames_machine_print(&machine, options->verbose);
	}
	frames_machine_free(&machine);
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int show_system(const struct hugestat_options *options)
{
	static struct system system;
	static struct findings findings;
	struct users users;

	users_read(&users);
	system_read(&system);
	findings_collect(&system, &findings);
	findings_restrict(&findings, options->check ? options->topics : TOPICS_USUAL);
	if (options->json) {
		struct json json;

		json = (struct json){.stream = stdout};
		json_document(&json);
		system_json(&system, &json);
		if (options->numa)
			system_json_node_memory(&json);
		users_json(&users, &json);
		findings_json(&findings, &json);
		json_close(&json, '}');
	} else if (options->check) {
		findings_print(&findings, true);
	} else {
		system_print(&system);
		users_print(&users, USERS_SHOWN);
		if (options->numa)
			system_print_node_memory();
		puts(findings.problems ? "\nWhat is wrong" : "\nNothing is wrong");
		findings_print(&findings, false);
	}
	users_free(&users);
	return options->check && findings.problems ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Shows all processes of an operand. Returns how many could not be shown. */
static int show_operand(const char *operand, const struct hugestat_options *options,
			struct json *json, bool *first)
{
	pid_t *pids;
	int count = process_find(operand, &pids), failures = 0;

	if (count < 0) {
		fprintf(stderr, "hugestat: %s: %s\n", operand,
			count == -ESRCH ? "no such process" : strerror(-count));
		return 1;
	}
	for (int i = 0; i < count; i++) {
		if (!json && !*first)
			putchar('\n');
		*first = false;
		if (options->why)
			failures += why_process(pids[i], options->verbose, json);
		else if (options->advise)
			failures += advise_process(pids[i], json);
		else if (options->collapse)
			failures += collapse_process(pids[i], &options->collapse_wish, json);
		else
			failures += show_process(pids[i], options, stdout, json) != 0;
	}
	free(pids);
	return failures;
}

static int show_processes(const struct hugestat_options *options)
{
	struct json json;
	int failures = 0;
	bool first = true;

	json = (struct json){.stream = stdout};
	if (options->json)
		json_open(&json, NULL, '[');
	for (int i = 0; i < options->operand_count; i++)
		failures += show_operand(options->operands[i], options,
					 options->json ? &json : NULL, &first);
	if (options->json)
		json_close(&json, ']');
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --watch and --perf-map take one process. */
static int show_one(const struct hugestat_options *options)
{
	pid_t *pids;
	int count = process_find(options->operands[0], &pids);
	int status = EXIT_FAILURE;

	if (count < 0)
		fprintf(stderr, "hugestat: %s: no such process\n", options->operands[0]);
	else if (count > 1)
		fprintf(stderr, "hugestat: %s: %d processes have that name; give a PID\n",
			options->operands[0], count);
	else if (options->watch)
		status = watch_process(pids[0], options);
	else
		status = write_perf_map(pids[0]);
	free(pids);
	return status;
}

int main(int argc, char **argv)
{
	struct hugestat_options options;
	int status = EXIT_SUCCESS, parsed = hugestat_options_parse(argc, argv, &options);

	if (parsed == OPTION_TABLE_BAD)
		return STATUS_USAGE;
	if (parsed == OPTION_TABLE_DONE)
		; /* --help or a similar option */
	else if (options.program)
		return options.advise ? advise_program(&options) : run_program(&options);
	else if (options.top)
		status = top(&options);
	else if (options.metrics)
		status = write_metrics(&options);
	else if (options.watch || options.perf_map)
		status = show_one(&options);
	else if (options.operand_count)
		status = show_processes(&options);
	else if (options.pages)
		status = show_machine(&options);
	else if (options.users)
		status = show_users(&options);
	else
		status = show_system(&options);
	if (ferror(stdout) || fclose(stdout)) {
		perror("hugestat: standard output");
		return EXIT_FAILURE;
	}
	return status;
}
