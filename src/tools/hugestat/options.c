/*
 * The command line: see options.h.
 */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/hugestat/options.h"

enum value { VALUE_NONE, VALUE_SECONDS, VALUE_COUNT };

struct row {
	const char *name;
	char letter; /* 0: none */
	const char *argument;
	enum value value;
	size_t field; /* in struct hugestat_options */
	const char *group;
	const char *help;
};

#define FIELD(name) offsetof(struct hugestat_options, name)

/* clang-format off */
static const struct row table[] = {
	{"check", 'c', NULL, VALUE_NONE, FIELD(check), "The system",
	 "say only what is wrong, and exit with 1 if anything is"},
	{"verbose", 'v', NULL, VALUE_NONE, FIELD(verbose), "A process",
	 "one line a mapping as well"},
	{"numa", 'n', NULL, VALUE_NONE, FIELD(numa), "A process",
	 "memory by node; without a process: that of the system"},
	{"pages", 'p', NULL, VALUE_NONE, FIELD(pages), "A process",
	 "page frames, counted by their flags (root only)"},
	{"watch", 'w', NULL, VALUE_NONE, FIELD(watch), "A process",
	 "show it again and again until it ends"},
	{"interval", 'i', "seconds", VALUE_SECONDS, FIELD(interval_seconds), "A process",
	 "of --watch; default 1"},
	{"count", 'N', "times", VALUE_COUNT, FIELD(count), "A process",
	 "of --watch; default until the process ends"},
	{"perf-map", 'm', NULL, VALUE_NONE, FIELD(perf_map), "A process",
	 "write /tmp/perf-PID.map, so that perf names functions in text on huge pages"},
	{"json", 'j', NULL, VALUE_NONE, FIELD(json), "General",
	 "the same as JSON; sizes in kB"},
	{"help", 'h', NULL, VALUE_NONE, FIELD(help), "General",
	 "this text"},
};
/* clang-format on */

#define ROWS (sizeof(table) / sizeof(table[0]))

/* Options without a letter have a value that no letter has. */
static int value_of_row(size_t row)
{
	return table[row].letter ? table[row].letter : 256 + (int)row;
}

void hugestat_options_help(void)
{
	const char *group = "";

	fputs("Usage: hugestat [options]              the system: pools, mounts, limits, causes\n"
	      "       hugestat [options] PID|name ... memory of processes by kind of page\n"
	      "       hugestat [options] -- program [argument ...]\n"
	      "                                       run it, and report as it ends\n",
	      stdout);
	for (size_t i = 0; i < ROWS; i++) {
		char text[48];

		if (strcmp(group, table[i].group)) {
			group = table[i].group;
			printf("\n%s:\n", group);
		}
		snprintf(text, sizeof(text), "--%s%s%s", table[i].name,
			 table[i].argument ? "=" : "", table[i].argument ? table[i].argument : "");
		if (table[i].letter)
			printf("  -%c, %-20s %s\n", table[i].letter, text, table[i].help);
		else
			printf("      %-20s %s\n", text, table[i].help);
	}
}

static int take_value(const struct row *row, const char *text, struct hugestat_options *options)
{
	void *field = (char *)options + row->field;
	char *end;

	errno = 0;
	switch (row->value) {
	case VALUE_NONE:
		*(bool *)field = true;
		return 0;
	case VALUE_SECONDS:
		*(double *)field = strtod(text, &end);
		if (end == text || *end || !(*(double *)field >= 0.01 && *(double *)field <= 86400))
			break;
		return 0;
	case VALUE_COUNT:
		*(unsigned long *)field = strtoul(text, &end, 10);
		if (errno || end == text || *end || text[0] == '-' || !*(unsigned long *)field)
			break;
		return 0;
	}
	fprintf(stderr, "hugestat: --%s: bad value: %s\n", row->name, text);
	return -EINVAL;
}

/* What does not go together. */
static int check_together(const struct hugestat_options *options)
{
	const char *problem = NULL;
	bool process = options->operand_count || options->program;

	if (options->operand_count && options->program)
		problem = "a process and a program to run don't go together";
	else if (options->check && process)
		problem = "--check is about the system, not a process";
	else if ((options->watch || options->perf_map) && options->operand_count != 1)
		problem = "--watch and --perf-map need one PID or name";
	else if ((options->pages || options->verbose) && !process)
		problem = "--verbose and --pages need a PID, a name or a program";
	else if (options->perf_map && (options->watch || options->json))
		problem = "--perf-map goes with no other option";
	if (!problem)
		return 0;
	fprintf(stderr, "hugestat: %s\n", problem);
	return -EINVAL;
}

/* The program's own options are not ours: what is behind "--" is cut off before. */
static int find_program(int argc, char **argv, struct hugestat_options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		if (i + 1 == argc) {
			fputs("hugestat: no program behind --\n", stderr);
			return -EINVAL;
		}
		options->program = argv + i + 1;
		argv[i] = NULL;
		return i;
	}
	return argc;
}

int hugestat_options_parse(int argc, char **argv, struct hugestat_options *options)
{
	struct option long_options[ROWS + 1] = {0};
	char letters[2 * ROWS + 1] = "", *letter = letters;
	int option;

	*options = (struct hugestat_options){.interval_seconds = 1};
	for (size_t i = 0; i < ROWS; i++) {
		long_options[i] = (struct option){
			table[i].name, table[i].argument ? required_argument : no_argument, NULL,
			value_of_row(i)};
		if (!table[i].letter)
			continue;
		*letter++ = table[i].letter;
		if (table[i].argument)
			*letter++ = ':';
	}
	*letter = '\0';
	argc = find_program(argc, argv, options);
	if (argc < 0)
		return argc;
	while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		size_t row = 0;

		while (row < ROWS && value_of_row(row) != option)
			row++;
		if (row == ROWS || take_value(&table[row], optarg, options))
			return -EINVAL;
	}
	options->operands = argv + optind;
	options->operand_count = argc - optind;
	return options->help ? 0 : check_together(options);
}
