/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses a command line by a tool's table, and prints the help text from it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/similar.h"
#include "tools/common/option_table.h"
#include "tools/common/shown_text.h"

#define HELP_COLUMN 30
#define NO_LETTER   0x100 /* getopt_long's value for a row is this plus its index, or its letter */

static int argument_kind(const struct tool_option *row)
{
	if (!row->argument)
		return no_argument;
	return row->argument[0] == '[' ? optional_argument : required_argument;
}

/* Fills in getopt_long's two descriptions of the table. */
static void describe(const struct option_table *table, char *letters, struct option *options)
{
	if (table->has_words)
		*letters++ = '+';
	for (int i = 0; i < table->count; i++) {
		const struct tool_option *row = &table->rows[i];
		const int kind = argument_kind(row);

		if (row->letter) {
			*letters++ = row->letter;
			for (int colons = 0; colons < kind; colons++)
				*letters++ = ':';
		}
		if (row->name)
			*options++ = (struct option){row->name, kind, NULL, NO_LETTER + i};
	}
	*letters = '\0';
	*options = (struct option){NULL, 0, NULL, 0};
}

static int row_of(const struct option_table *table, int found)
{
	if (found >= NO_LETTER)
		return found - NO_LETTER;
	for (int i = 0; i < table->count; i++)
		if (table->rows[i].letter == found)
			return i;
	return OPTION_TABLE_BAD;
}

/* The long option that a word was meant to be, or NULL. */
static const char *meant_option(const struct option_table *table, const char *word)
{
	const size_t bytes = strcspn(word, "=");
	unsigned int nearest = SIMILAR_NEVER;
	const char *name = NULL;

	for (int i = 0; i < table->count; i++) {
		unsigned int distance;

		if (!table->rows[i].name)
			continue;
		distance = similar_distance(word, bytes, table->rows[i].name);
		if (distance < nearest) {
			nearest = distance;
			name = table->rows[i].name;
		}
	}
	return name;
}

/* Follows getopt_long's own line. optopt is 0 for an unknown or ambiguous long option. */
static void print_usage(const struct option_table *table, char **argv)
{
	const char *word = argv[optind - 1];
	const char *name =
		!optopt && !strncmp(word, "--", 2) ? meant_option(table, word + 2) : NULL;

	if (name)
		fprintf(stderr, "%s: did you mean --%s?\n", table->tool, name);
	fprintf(stderr, "Usage: %s %s\nTo list the options: %s --help\n", table->tool, table->usage,
		table->tool);
}

/* The rows of OPTION_TABLE_COMMON_ROWS. */
static int handle_common(const struct option_table *table, int index, const char *value)
{
	const char *name = table->rows[index].name;

	if (!name)
		return index;
	if (!strcmp(name, "help")) {
		option_table_print_help(table);
		return OPTION_TABLE_DONE;
	}
	if (!strcmp(name, "version")) {
		printf("%s (libhugetlbfs) %s\n", table->tool, LIBHUGETLBFS_VERSION);
		return OPTION_TABLE_DONE;
	}
	if (strcmp(name, "print-completion"))
		return index;
	if (!option_table_print_completion(table, value))
		return OPTION_TABLE_DONE;
	fprintf(stderr, "%s: --print-completion: %s is not one of bash, zsh, options\n",
		table->tool, value);
	return OPTION_TABLE_BAD;
}

int option_table_next(const struct option_table *table, int argc, char **argv, const char **value)
{
	char letters[OPTION_TABLE_ROWS_MAX * 3 + 2];
	struct option options[OPTION_TABLE_ROWS_MAX + 1];
	int found, index;

	if (table->count > OPTION_TABLE_ROWS_MAX)
		abort();
	describe(table, letters, options);
	/* getopt_long's own lines begin with the tool's name, however it was called */
	argv[0] = (char *)table->tool;
	found = getopt_long(argc, argv, letters, options, NULL);
	if (found == '?') {
		print_usage(table, argv);
		return OPTION_TABLE_BAD;
	}
	if (found == -1) {
		if (optind == argc || table->has_words || table->has_operands)
			return OPTION_TABLE_END;
		fprintf(stderr, "%s: unexpected argument: %s\n", table->tool, argv[optind]);
		return OPTION_TABLE_BAD;
	}
	index = row_of(table, found);
	if (index < 0)
		return index;
	if (!optarg && !table->has_words && !table->has_operands &&
	    argument_kind(&table->rows[index]) == optional_argument && optind < argc &&
	    argv[optind][0] != '-')
		optarg = argv[optind++];
	*value = optarg;
	return handle_common(table, index, optarg);
}

static int print_option(const struct tool_option *row)
{
	int column = row->letter ? printf("  -%c", row->letter) : printf("    ");

	if (row->name)
		column += printf("%s--%s", row->letter ? ", " : "  ", row->name);
	if (row->argument && argument_kind(row) == optional_argument)
		column += printf("[=%s", row->argument + 1);
	else if (row->argument)
		column += printf(row->name ? "=%s" : " %s", row->argument);
	return column;
}

void option_table_print_help(const struct option_table *table)
{
	printf("Usage: %s %s\n", table->tool, table->usage);
	text_wrap(table->about, 0, 0, stdout);
	for (int i = 0; i < table->count; i++) {
		const struct tool_option *row = &table->rows[i];
		int column;

		if (row->group)
			printf("\n%s:\n", row->group);
		column = print_option(row);
		if (column + 2 > HELP_COLUMN) {
			putchar('\n');
			column = 0;
		}
		printf("%*s", HELP_COLUMN - column, "");
		text_wrap(row->help, HELP_COLUMN, HELP_COLUMN, stdout);
	}
}
