/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The completion of a tool's options for bash and zsh, and a plain list of them: text that is
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

/* Words that only begin a value get no blank after them. */
static bool are_beginnings(const char *words)
{
	return words[0] && words[strlen(words) - 1] == ':';
}

/* The words of a value, for bash. */
static void print_bash_words(const char *complete)
{
	if (!strcmp(complete, "@file"))
		printf("\t\tcompopt -o filenames 2>/dev/null\n");
	else if (are_beginnings(complete))
		printf("\t\tcompopt -o nospace 2>/dev/null\n");
	printf("\t\tmapfile -t COMPREPLY < <(compgen ");
	if (!strcmp(complete, "@user"))
		printf("-u");
	else if (!strcmp(complete, "@group"))
		printf("-g");
	else if (!strcmp(complete, "@file"))
		printf("-f");
	else
		printf("-W '%s'", complete);
	printf(" -- \"$current\")\n");
}

/* An optional value is a value only after an equals sign. */
static void print_bash_values(const struct option_table *table)
{
	printf("\tcase $equals$before in\n");
	for (int i = 0; i < table->count; i++) {
		const struct tool_option *row = &table->rows[i];

		if (!row->name || !row->argument)
			continue;
		if (takes_value(row))
			printf("\t--%s | ", row->name);
		else
			putchar('\t');
		printf("=--%s)\n", row->name);
		if (row->complete)
			print_bash_words(row->complete);
		printf("\t\treturn\n\t\t;;\n");
	}
	printf("\tesac\n");
}

/* The program begins at the first word that is neither an option nor the value of one. */
static void print_bash_program(const struct option_table *table)
{
	const char *separator = "";

	printf("\tlocal at helper\n\n"
	       "\tfor ((at = 1; at < COMP_CWORD; at++)); do\n"
	       "\t\tcase ${COMP_WORDS[at]} in\n"
	       "\t\t--)\n\t\t\tat=$((at + 1))\n\t\t\tbreak\n\t\t\t;;\n"
	       "\t\t=) at=$((at + 1)) ;;\n\t\t");
	for (int i = 0; i < table->count; i++)
		if (table->rows[i].name && takes_value(&table->rows[i])) {
			printf("%s--%s", separator, table->rows[i].name);
			separator = " | ";
		}
	printf(") [ \"${COMP_WORDS[at + 1]}\" = = ] || at=$((at + 1)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) break ;;\n"
	       "\t\tesac\n"
	       "\tdone\n"
	       "\tif ((at < COMP_CWORD)); then\n"
	       "\t\tfor helper in _comp_command_offset _command_offset; do\n"
	       "\t\t\tdeclare -F $helper >/dev/null && $helper $at && return\n"
	       "\t\tdone\n"
	       "\t\tcompopt -o filenames 2>/dev/null\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tif ((at == COMP_CWORD)) && [[ -z $equals && $current != -* ]]; then\n"
	       "\t\t[[ $current != */* ]] || compopt -o filenames 2>/dev/null\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$current\")\n"
	       "\t\treturn\n"
	       "\tfi\n");
}

/* bash splits "--option=value" at the "=" before it calls the completion. */
static void print_bash(const struct option_table *table)
{
	printf("# bash completion of %s; made by %s --print-completion=bash\n", table->tool,
	       table->tool);
	printf("_%s()\n{\n", table->tool);
	printf("\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} "
	       "equals=''\n\n"
	       "\tif [ \"$current\" = = ]; then\n"
	       "\t\tcurrent='' equals='='\n"
	       "\telif [ \"$before\" = = ]; then\n"
	       "\t\tbefore=${COMP_WORDS[COMP_CWORD - 2]} equals='='\n"
	       "\tfi\n"
	       "\tCOMPREPLY=()\n");
	if (table->has_words && !table->takes_file)
		print_bash_program(table);
	print_bash_values(table);
	if (table->takes_file)
		printf("\tif [[ $current != -* ]]; then\n"
		       "\t\tcompopt -o filenames 2>/dev/null\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
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
		printf(are_beginnings(row->complete) ? "{compadd -S \"\" " : "(");
		print_zsh_text(row->complete);
		putchar(are_beginnings(row->complete) ? '}' : ')');
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
	if (table->takes_file)
		printf(" \\\n\t'*:file:_files'");
	else if (table->has_words)
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
