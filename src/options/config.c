/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens, checks and reads the configuration file.
 *
 * Owns a copy of its text, to which the settings point. Usually runs in the constructor, with one
 * thread, in every process of a machine: no call here may block, and none is made twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"
#include "options/config.h"
#include "options/rule.h"

#define PREFIX       "HUGETLB_"
#define PREFIX_BYTES (sizeof(PREFIX) - 1)
#define BLANKS       " \t\r"

/* The owner that the kernel shows if a user namespace has no mapping for the real one. */
#define UNMAPPED_OWNER 65534

/* Untouched, and therefore without memory, in a process that has no such file. */
static char text[CONFIG_BYTES + 1];

static void set_problem(struct config *config, const char *problem, int error, bool tell)
{
	config->problem = problem;
	config->error = error;
	config->tell_problem = tell;
}

/*
 * Whoever may write to the file decides about every program that reads it. In a container without a
 * mapping for root's uid, no file can be recognised as root's, and programs must not warn about
 * that.
 */
static bool file_is_safe(struct config *config, const struct statx *file, bool named)
{
	bool unmapped = !named && file->stx_uid == UNMAPPED_OWNER;

	if ((file->stx_mode & S_IFMT) != S_IFREG) {
		set_problem(config, "is not a regular file", 0, true);
		return false;
	}
	if (file->stx_uid && !(named && file->stx_uid == getauxval(AT_EUID)))
		set_problem(config,
			    named ? "is owned neither by root nor by this user"
				  : "is not owned by root",
			    0, !unmapped);
	else if (file->stx_mode & (S_IWGRP | S_IWOTH))
		set_problem(config, "is writable by others than its owner", 0, true);
	config->of_rights = config->problem != NULL;
	if (!config->problem && file->stx_size > CONFIG_BYTES)
		set_problem(config, "is longer than 64 kB", 0, true);
	return !config->problem;
}

/* Reads as many bytes as the status gave, which saves the read that detects the end of the file. */
static long read_text(int fd, size_t bytes)
{
	size_t used = 0;

	while (used < bytes) {
		long got = sys_read(fd, text + used, bytes - used);

		if (got == -EINTR)
			continue;
		if (got < 0)
			return got;
		if (!got)
			break;
		used += (size_t)got;
	}
	text[used] = '\0';
	return (long)used;
}

/* True: text holds the file. O_NONBLOCK: opening a FIFO, or a file with a lease, would block. */
static bool load(struct config *config, bool named)
{
	long fd = sys_open(config->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0), result;
	struct statx file = {0};

	if (fd == -ENOENT && !named)
		return false;
	config->is_there = true;
	if (SYS_IS_ERROR(fd)) {
		/* a security policy that keeps a program out of /etc is not worth a warning */
		set_problem(config, "cannot be opened", (int)-fd, named);
		return false;
	}
	result = sys_statx_fd((int)fd, &file);
	if (result)
		set_problem(config, "has an owner that cannot be checked", (int)-result, named);
	else if (file_is_safe(config, &file, named)) {
		result = read_text((int)fd, (size_t)file.stx_size);
		if (result < 0)
			set_problem(config, "cannot be read", (int)-result, true);
		else if (memchr(text, '\0', (size_t)result))
			set_problem(config, "is not a text file", 0, true);
	}
	sys_close((int)fd);
	return !config->problem;
}

/* Trims blanks from both ends, in place. */
static char *trim(char *line)
{
	size_t length;

	line += strspn(line, BLANKS);
	length = strlen(line);
	while (length && strchr(BLANKS, line[length - 1]))
		length--;
	line[length] = '\0';
	return line;
}

/* Returns the row of that variable, given with or without its prefix, or -1. A file cannot name
 * another configuration file. */
static int row_named(const char *name)
{
	int rows;
	const struct option_row *table = options_table(&rows);

	if (!strncmp(name, PREFIX, PREFIX_BYTES))
		name += PREFIX_BYTES;
	if (!strcmp(name, "CONFIG"))
		return -1;
	for (int i = 0; i < rows; i++)
		if (!strcmp(table[i].name + PREFIX_BYTES, name))
			return i;
	return -1;
}

static void note_bad_line(struct config *config, unsigned int number, const char *line)
{
	if (config->bad_lines++)
		return;
	config->first_bad_line = number;
	text_format(config->first_bad_text, sizeof(config->first_bad_text), "%s", line);
}

/* Parses "[program=a uid=1]". False: not such a line. */
static bool read_rule(char *line, struct rule_subject *subject, bool *matches)
{
	size_t length = strlen(line);

	*matches = false;
	if (length < 2 || line[length - 1] != ']')
		return false;
	line[length - 1] = '\0';
	if (rule_read(line + 1, subject, matches))
		return true;
	line[length - 1] = ']';
	*matches = false;
	return false;
}

static bool value_is_good(int row, const char *value)
{
	int rows;
	const struct option_row *option = &options_table(&rows)[row];
	struct options options = {0};

	return option->parse(value, &options, (char *)&options + option->field) != -EINVAL;
}

/* Parses "MORECORE = yes". False: not such a line. */
static bool read_setting(struct config *config, char *line, unsigned int number, unsigned int rule,
			 bool check)
{
	char *equals = strchr(line, '='), name[64];
	int row;

	if (!equals)
		return false;
	/* a copy: an invalid line is reported as it is in the file */
	text_format(name, sizeof(name), "%s", line);
	name[strcspn(name, "=")] = '\0';
	row = row_named(trim(name));
	if (row < 0)
		return false;
	if (check && !value_is_good(row, trim(equals + 1)))
		return false;
	config->settings[row] = (struct config_setting){
		.value = trim(equals + 1),
		.line = number,
		.rule = rule,
	};
	return true;
}

/*
 * Settings under a rule for other programs are not checked: an error there is reported by those
 * programs. An invalid rule is reported by every program, because it could apply to any.
 */
static void read_lines(struct config *config, const char *program)
{
	struct rule_subject subject = {.program = program ? program : "",
				       .uid = getauxval(AT_EUID)};
	unsigned int number = 1, rule = 0;
	bool counts = true;

	for (char *at = text; *at; number++) {
		size_t length = strcspn(at, "\n");
		char *next = at + length + (at[length] == '\n'), *line;

		at[length] = '\0';
		line = trim(at);
		if (*line == '[') {
			rule = number;
			if (!read_rule(line, &subject, &counts))
				note_bad_line(config, number, line);
			counts = counts || !program;
		} else if (counts && *line && *line != '#' &&
			   !read_setting(config, line, number, rule, !program)) {
			note_bad_line(config, number, line);
		}
		at = next;
	}
}

void config_read(struct config *config, const char *path, bool named, const char *program)
{
	memset(config, 0, sizeof(*config));
	config->path = path;
	if (load(config, named))
		read_lines(config, program);
}

static void log_problem(const struct config *config)
{
	char error[32] = "";

	if (config->error)
		text_format(error, sizeof(error), " (%s)", error_name(config->error));
	if (config->tell_problem)
		log_warning("%s %s%s; the file is ignored", config->path, config->problem, error);
	else
		log_info("%s %s%s; the file is ignored", config->path, config->problem, error);
}

static void log_bad_lines(const struct config *config)
{
	char more[64] = "";

	if (config->bad_lines > 1)
		text_format(more, sizeof(more), ", and %u more lines like it",
			    config->bad_lines - 1);
	log_warning("%s:%u: %s: not understood; skipped%s", config->path, config->first_bad_line,
		    config->first_bad_text, more);
}

void config_log(const struct config *config)
{
	bool any = false;
	int rows;
	const struct option_row *table = options_table(&rows);

	if (config->problem)
		log_problem(config);
	if (config->bad_lines)
		log_bad_lines(config);
	if (!config->path || config->problem || !log_at(LOG_DEBUG))
		return;
	for (int i = 0; i < rows; i++) {
		const struct config_setting *setting = &config->settings[i];

		if (!setting->value)
			continue;
		any = true;
		if (setting->rule)
			log_debug("%s:%u: %s=%s, by the rule in line %u", config->path,
				  setting->line, table[i].name, setting->value, setting->rule);
		else
			log_debug("%s:%u: %s=%s, for every program", config->path, setting->line,
				  table[i].name, setting->value);
	}
	if (!config->is_there)
		log_debug("there is no %s", config->path);
	else if (!any)
		log_debug("%s has nothing for this program", config->path);
}
