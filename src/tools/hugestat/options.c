/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line: see options.h.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options/options.h"
#include "tools/common/option_table.h"
#include "tools/hugestat/findings.h"
#include "tools/hugestat/options.h"

enum hugestat_option {
	OPTION_CHECK,
	OPTION_USERS,
	OPTION_VERBOSE,
	OPTION_NUMA,
	OPTION_PAGES,
	OPTION_TOP,
	OPTION_WATCH,
	OPTION_INTERVAL,
	OPTION_COUNT,
	OPTION_PERF_MAP,
	OPTION_WHY,
	OPTION_ADVISE,
	OPTION_COLLAPSE,
	OPTION_PART,
	OPTION_RATE,
	OPTION_METRICS,
	OPTION_JSON,
	OPTION_OUTPUT,
};

/* clang-format off */
static const struct tool_option rows[] = {
	[OPTION_CHECK] = {"check", 'c', "[topics]",
		"Prints problems only, of heap, text and thp, or of these topics: also shm, mount; exits with 1 "
		"if there are any.", "heap shm mount text thp heap,shm", "The system"},
	[OPTION_USERS] = {"users", 0, NULL,
		"Lists who holds huge pages: processes, shared memory, files, cgroups; and pages left over.",
		NULL, NULL},
	[OPTION_VERBOSE] = {"verbose", 'v', NULL,
		"Also prints one line per mapping.", NULL, "A process"},
	[OPTION_NUMA] = {"numa", 'n', NULL,
		"Prints memory by NUMA node; without a process, for the system.", NULL, NULL},
	[OPTION_PAGES] = {"pages", 'p', NULL,
		"Prints page frames by their flags; without a process, the machine's THP by size and cgroup.",
		NULL, NULL},
	[OPTION_TOP] = {"top", 't', NULL,
		"Shows the processes with the most memory on huge pages, repeatedly.", NULL, NULL},
	[OPTION_WATCH] = {"watch", 'w', NULL,
		"Shows a process repeatedly until it ends.", NULL, NULL},
	[OPTION_INTERVAL] = {"interval", 'i', "seconds",
		"With --watch (default 1) and --top (default 2).", NULL, NULL},
	[OPTION_COUNT] = {"count", 'N', "times",
		"With --watch and --top; default: no limit.", NULL, NULL},
	[OPTION_PERF_MAP] = {"perf-map", 'm', NULL,
		"Writes /tmp/perf-PID.map, so that perf names functions in text on huge pages.",
		NULL, NULL},
	[OPTION_WHY] = {"why", 0, NULL,
		"Prints why memory of a process is on small pages, and what helps.", NULL, NULL},
	[OPTION_ADVISE] = {"advise", 0, NULL,
		"Prints whether huge pages are worth it for a process or program.", NULL,
		NULL},
	[OPTION_COLLAPSE] = {"collapse", 0, NULL,
		"Moves memory of a running process to transparent huge pages (root, Linux 6.1).",
		NULL, NULL},
	[OPTION_PART] = {"part", 0, "heap|text|all", "With --collapse: what to move; default all.",
		"heap text all", NULL},
	[OPTION_RATE] = {"rate", 0, "size", "With --collapse: bytes per second; default 256M.",
		"64M 256M 1G", NULL},
	[OPTION_METRICS] = {"metrics", 0, NULL,
		"Prints the system and the named processes as OpenMetrics text for Prometheus.", NULL,
		"Output"},
	[OPTION_JSON] = {"json", 'j', NULL,
		"Prints the same as JSON; sizes in kB.", NULL, NULL},
	[OPTION_OUTPUT] = {"output", 'o', "file",
		"Writes a program's memory, or the metrics, to this file.", "@file", NULL},
	OPTION_TABLE_COMMON_ROWS,
};
/* clang-format on */

static const struct option_table table = {
	.tool = "hugestat",
	.usage = "[options] [PID|name ...]\n"
		 "       hugestat [options] -- program [argument ...]",
	.about = "Shows whether huge pages work here and, if not, why. With a process or program: "
		 "which kinds of pages its memory is on.",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.has_operands = true,
};

static bool parse_seconds(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return end != text && !*end && *seconds >= 0.01 && *seconds <= 86400;
}

static bool parse_count(const char *text, unsigned long *count)
{
	char *end;

	errno = 0;
	*count = strtoul(text, &end, 10);
	return !errno && end != text && !*end && text[0] != '-' && *count;
}

/* NULL: what needs no right and no mount. */
static bool parse_topics(const char *text, unsigned int *topics)
{
	static const struct {
		const char *name;
		enum topic topic;
	} names[] = {
		{"heap", TOPIC_HEAP}, {"shm", TOPIC_SHM}, {"mount", TOPIC_MOUNT},
		{"text", TOPIC_TEXT}, {"thp", TOPIC_THP},
	};

	*topics = text ? 0 : TOPICS_USUAL;
	while (text) {
		const size_t bytes = strcspn(text, ",");
		size_t row = 0;

		while (row < sizeof(names) / sizeof(names[0]) &&
		       (strlen(names[row].name) != bytes || memcmp(names[row].name, text, bytes)))
			row++;
		if (row == sizeof(names) / sizeof(names[0]))
			return false;
		*topics |= names[row].topic;
		text = text[bytes] ? text + bytes + 1 : NULL;
	}
	return true;
}

static bool parse_part(const char *text, enum collapse_part *part)
{
	static const char *const names[] = {
		[COLLAPSE_ALL] = "all", [COLLAPSE_HEAP] = "heap", [COLLAPSE_TEXT] = "text"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i])) {
			*part = (enum collapse_part)i;
			return true;
		}
	return false;
}

static int take_option(enum hugestat_option option, const char *value,
		       struct hugestat_options *options)
{
	bool good = true;

	switch (option) {
	case OPTION_CHECK:
		options->check = true;
		good = parse_topics(value, &options->topics);
		break;
	case OPTION_USERS:
		options->users = true;
		break;
	case OPTION_VERBOSE:
		options->verbose = true;
		break;
	case OPTION_NUMA:
		options->numa = true;
		break;
	case OPTION_PAGES:
		options->pages = true;
		break;
	case OPTION_TOP:
		options->top = true;
		break;
	case OPTION_WATCH:
		options->watch = true;
		break;
	case OPTION_INTERVAL:
		good = parse_seconds(value, &options->interval_seconds);
		break;
	case OPTION_COUNT:
		good = parse_count(value, &options->count);
		break;
	case OPTION_PERF_MAP:
		options->perf_map = true;
		break;
	case OPTION_WHY:
		options->why = true;
		break;
	case OPTION_ADVISE:
		options->advise = true;
		break;
	case OPTION_COLLAPSE:
		options->collapse = true;
		break;
	case OPTION_PART:
		options->has_part = true;
		good = parse_part(value, &options->collapse_wish.part);
		break;
	case OPTION_RATE:
		options->has_rate = true;
		good = !options_parse_size(value, &options->collapse_wish.bytes_per_second) &&
		       options->collapse_wish.bytes_per_second;
		break;
	case OPTION_METRICS:
		options->metrics = true;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	case OPTION_OUTPUT:
		options->output = value;
		break;
	}
	if (good)
		return 0;
	fprintf(stderr, "hugestat: --%s: bad value: %s\n", rows[option].name, value);
	return OPTION_TABLE_BAD;
}

static bool has_other_view(const struct hugestat_options *options)
{
	return options->check || options->users || options->json || options->verbose ||
	       options->numa || options->pages || options->watch || options->perf_map ||
	       options->collapse || options->advise || options->why || options->top ||
	       options->program;
}

/* Rejects options that cannot be combined. */
static int check_together(const struct hugestat_options *options)
{
	const char *problem = NULL;
	bool process = options->operand_count || options->program;

	if (options->operand_count && options->program)
		problem = "a process and a program to run don't go together";
	else if ((options->check || options->users) && process)
		problem = "--check and --users are about the system, not a process";
	else if (options->check && options->users)
		problem = "--check and --users don't go together";
	else if ((options->watch || options->perf_map) && options->operand_count != 1)
		problem = "--watch and --perf-map need one PID or name";
	else if (options->collapse &&
		 (!options->operand_count || options->watch || options->perf_map ||
		  options->pages || options->numa || options->verbose))
		problem = "--collapse needs a PID or name, and goes with --json only";
	else if (options->why &&
		 (!options->operand_count || options->watch || options->perf_map ||
		  options->pages || options->numa || options->collapse || options->advise))
		problem = "--why needs a PID or name, and goes with --json and --verbose only";
	else if (options->advise &&
		 (!process || options->watch || options->perf_map || options->pages ||
		  options->numa || options->verbose || options->collapse))
		problem = "--advise needs a PID, a name or a program, and goes with --json only";
	else if (!options->collapse && (options->has_part || options->has_rate))
		problem = "--part and --rate go with --collapse";
	else if (options->top && (process || options->watch || options->perf_map ||
				  options->check || options->users || options->numa))
		problem = "--top is about all processes, and goes with --json and --verbose only";
	else if (!options->watch && !options->top && options->interval_seconds)
		problem = "--interval goes with --watch or --top";
	else if (!options->watch && !options->top && options->count)
		problem = "--count goes with --watch or --top";
	else if (options->verbose && !options->top && !options->pages && !process)
		problem = "--verbose needs a PID, a name, a program, --pages or --top";
	else if (options->pages && !process &&
		 (options->check || options->users || options->numa || options->top))
		problem = "--pages without a process goes with --json and --verbose only";
	else if (options->metrics && has_other_view(options))
		problem = "--metrics goes with names and --output only";
	else if (options->output && !options->program && !options->metrics)
		problem = "--output needs a program to run, or --metrics";
	else if (options->perf_map && (options->watch || options->json))
		problem = "--perf-map goes with no other option";
	if (!problem)
		return 0;
	fprintf(stderr, "hugestat: %s\n", problem);
	return OPTION_TABLE_BAD;
}

/* The program's own options are not hugestat's: what follows "--" is cut off first. */
static int find_program(int argc, char **argv, struct hugestat_options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		if (i + 1 == argc) {
			fputs("hugestat: no program after --\n", stderr);
			return OPTION_TABLE_BAD;
		}
		options->program = argv + i + 1;
		argv[i] = NULL;
		return i;
	}
	return argc;
}

int hugestat_options_parse(int argc, char **argv, struct hugestat_options *options)
{
	const char *value;
	int option;

	*options = (struct hugestat_options){
		.collapse_wish.bytes_per_second = COLLAPSE_RATE_DEFAULT,
	};
	argc = find_program(argc, argv, options);
	if (argc < 0)
		return argc;
	while ((option = option_table_next(&table, argc, argv, &value)) >= 0)
		if (take_option((enum hugestat_option)option, value, options))
			return OPTION_TABLE_BAD;
	if (option != OPTION_TABLE_END)
		return option;
	options->operands = argv + optind;
	options->operand_count = argc - optind;
	return check_together(options);
}
