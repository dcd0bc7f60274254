/*
 * The completion of a tool's options for bash and zsh, and the plain list of them, as text that is
 * installed, or that a test compares with the man page.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/common/option_table.h"

static bool takes_value(const struct tool_option *row)
{
	return row->argument && row->argument[0] != '[';
}

static void print_list(const struct option_table *table)
{
	for (int i = 0; i < table->count; i++) {
		const struct tool_option *row = &table->rows[i];

		if (row->letter)
			printf("-%c\n", row->letter);
		if (row->name)
			printf("--%s\n", row->name);
	}
}

/* What compgen makes the words of a value from. */
static void print_bash_words(const char *complete)
{
	if (!strcmp(complete, "@user"))
		printf("-u");
	else if (!strcmp(complete, "@group"))
		printf("-g");
	else if (!strcmp(complete, "@file"))
		printf("-f");
	else
		printf("-W '%s'", complete);
}

/* bash takes "--option=value" apart at the "=" before it asks. */
static void print_bash(const struct option_table *table)
{
	printf("# bash completion of %s; made by %s --print-completion=bash\n", table->tool,
	       table->tool);
	printf("_%s()\n{\n", table->tool);
	printf("\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n\n"
	       "\tif [ \"$current\" = = ]; then\n"
	       "\t\tcurrent=\n"
	       "\telif [ \"$before\" = = ]; then\n"
	       "\t\tbefore=${COMP_WORDS[COMP_CWORD - 2]}\n"
	       "\tfi\n"
	       "\tCOMPREPLY=()\n"
	       "\tcase $before in\n");
	for (int i = 0; i < table->count; i++) {
		const struct tool_option *row = &table->rows[i];

		if (!row->name || !takes_value(row))
			continue;
		printf("\t--%s)\n", row->name);
		if (row->complete) {
			printf("\t\tmapfile -t COMPREPLY < <(compgen ");
			print_bash_words(row->complete);
			printf(" -- \"$current\")\n");
		}
		printf("\t\treturn\n\t\t;;\n");
	}
	printf("\tesac\n");
	if (table->has_words)
		printf("\tif [[ $current != -* ]]; then\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$current\")\n"
		       "\t\treturn\n"
		       "\tfi\n");
	printf("\tmapfile -t COMPREPLY < <(compgen -W '");
	for (int i = 0; i < table->count; i++)
		if (table->rows[i].name)
			printf("%s--%s", i ? " " : "", table->rows[i].name);
	printf("' -- \"$current\")\n}\ncomplete -F _%s %s\n", table->tool, table->tool);
}

/* Text within single quotes and brackets of _arguments. */
static void print_zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			printf("'\\''");
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void print_zsh_value(const struct tool_option *row)
{
	printf("%s", takes_value(row) ? ":" : "::");
	print_zsh_text(row->argument);
	putchar(':');
	if (!row->complete)
		putchar(' ');
	else if (!strcmp(row->complete, "@user"))
		printf("_users");
	else if (!strcmp(row->complete, "@group"))
		printf("_groups");
	else if (!strcmp(row->complete, "@file"))
		printf("_files");
	else {
		putchar('(');
		print_zsh_text(row->complete);
		putchar(')');
	}
}

static void print_zsh_option(const struct tool_option *row, const char *dashes, const char *name)
{
	const bool is_long = dashes[1] != '\0';

	printf(" \\\n\t'*%s%s%s[", dashes, name,
	       row->argument && is_long ? (takes_value(row) ? "=" : "=-") : "");
	print_zsh_text(row->help);
	putchar(']');
	if (row->argument)
		print_zsh_value(row);
	putchar('\'');
}

static void print_zsh(const struct option_table *table)
{
	printf("#compdef %s\n# made by %s --print-completion=zsh\n_arguments -s -S", table->tool,
	       table->tool);
	for (int i = 0; i < table->count; i++) {
		const struct tool_option *row = &table->rows[i];
		const char letter[2] = {row->letter, '\0'};

		if (row->letter)
			print_zsh_option(row, "-", letter);
		if (row->name)
			print_zsh_option(row, "--", row->name);
	}
	if (table->has_words)
		printf(" \\\n\t'*::command:_normal'");
	putchar('\n');
}

int option_table_print_completion(const struct option_table *table, const char *shell)
{
	if (!strcmp(shell, "options"))
		print_list(table);
	else if (!strcmp(shell, "bash"))
		print_bash(table);
	else if (!strcmp(shell, "zsh"))
		print_zsh(table);
	else
		return -EINVAL;
	return 0;
}
