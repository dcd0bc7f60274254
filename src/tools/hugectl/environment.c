/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The environment for the program: this process's with some changes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/shell_word.h"
#include "tools/hugectl/hugectl.h"

void environment_set(struct environment *environment, const char *name, const char *value)
{
	struct change *change = environment->changes;
	struct change *end = change + environment->count;

	while (change < end && strcmp(change->name, name))
		change++;
	if (change == environment->changes + CHANGES_MAX)
		abort();
	environment->count += change == end;
	*change = (struct change){name, value};
}

const char *environment_get(const struct environment *environment, const char *name)
{
	for (int i = 0; i < environment->count; i++)
		if (!strcmp(environment->changes[i].name, name))
			return environment->changes[i].value;
	return getenv(name);
}

int environment_apply(const struct environment *environment)
{
	for (int i = 0; i < environment->count; i++)
		if (setenv(environment->changes[i].name, environment->changes[i].value, 1))
			return -errno;
	return 0;
}

/* One variable per line, the format that old scripts read. */
static void print_variables(const struct environment *environment)
{
	for (int i = 0; i < environment->count; i++) {
		printf("%s=", environment->changes[i].name);
		shell_word_write_quoted(environment->changes[i].value, stdout);
		putchar('\n');
	}
}

/*
 * env(1) takes a word that begins with a dash for an option, unless "--" precedes it; zsh takes a
 * word with an equals sign after exec for a variable, so sh runs such a program.
 */
static void print_program(char *const program[])
{
	const bool dash = program[0][0] == '-';

	fputs("exec", stdout);
	if (strchr(program[0], '='))
		printf(" sh -c 'exec %s\"$0\" \"$@\"'", dash ? "-- " : "");
	else if (dash)
		fputs(" env --", stdout);
	for (; *program; program++) {
		putchar(' ');
		shell_word_print(*program);
	}
	putchar('\n');
}

void environment_print(const struct environment *environment, char *const program[])
{
	if (!*program) {
		print_variables(environment);
		return;
	}
	/* in a subshell, so that the variables and exec do not affect the caller */
	puts("(");
	print_variables(environment);
	for (int i = 0; i < environment->count; i++)
		printf("%s %s", i ? "" : "export", environment->changes[i].name);
	if (environment->count)
		putchar('\n');
	print_program(program);
	puts(")");
}

const char *list_with_first(const char *first, const char *list)
{
	const size_t bytes = strlen(first);
	char *joined;

	if (!list || !*list)
		return first;
	if (!strncmp(list, first, bytes) && (!list[bytes] || list[bytes] == ':'))
		return list;
	if (asprintf(&joined, "%s:%s", first, list) < 0)
		abort();
	return joined;
}
