/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One table per tool describes its options. getopt_long's arrays, the help text, the shells'
 * completion and the list that the man page is compared with are all generated from it.
 *
 * Long options accept their value as `--option value` and as `--option=value`.
 */
#ifndef OPTION_TABLE_H
#define OPTION_TABLE_H

#include <stdbool.h>

struct tool_option {
	const char *name;     /* the long option, without dashes; NULL: only a letter */
	char letter;          /* the short one; 0: none */
	const char *argument; /* the name of its value; "[n]": optional; NULL: no value */
	const char *help;     /* what it does; wrapped when printed */
	const char *complete; /* possible values, or @user, @group, @file */
	const char *group;    /* the heading of the rows from here on; NULL: unchanged */
};

struct option_table {
	const char *tool;
	const char *usage; /* the text after the tool's name in the first line of the help text */
	const char *about; /* one sentence */
	const struct tool_option *rows;
	int count;
	bool has_words;    /* words may follow the options, which end at the first word */
	bool has_operands; /* operands may stand among the options */
	bool takes_file;   /* the words are names of files; otherwise a command with its
			    * arguments */
};

/* The rows that every tool ends its table with; option_table_next() handles them itself. */
/* clang-format off */
#define OPTION_TABLE_COMMON_ROWS                                                                   \
	{"help", 'h', NULL, "Shows this text.", NULL, "This tool"},                                \
	{"version", 0, NULL, "Shows the version.", NULL, NULL},                                    \
	{"print-completion", 0, "bash|zsh|options",                                                \
	 "Prints the completion of this tool's options for a shell, or lists the options.",           \
	 "bash zsh options", NULL}
/* clang-format on */

#define OPTION_TABLE_ROWS_MAX 96

enum {
	OPTION_TABLE_END = -1,  /* no more options; optind is at the first word that is not an
				 * option */
	OPTION_TABLE_BAD = -2,  /* the error and, for an unknown option, the usage were printed
				 * to stderr */
	OPTION_TABLE_DONE = -3, /* the requested text was printed to stdout: nothing is left to
				 * do */
};

/*
 * Returns the index of the next option's row with its value (NULL if there is none), or one of the
 * above. If the tool takes no words and no operands, an optional value can also be the next word.
 * An unexpected word is OPTION_TABLE_BAD.
 */
int option_table_next(const struct option_table *table, int argc, char **argv, const char **value);

void option_table_print_help(const struct option_table *table);

/* Prints the completion: for "bash" or "zsh"; "options" prints one per line. -EINVAL: none of
 * these. */
int option_table_print_completion(const struct option_table *table, const char *shell);

#endif
