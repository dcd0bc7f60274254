/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The environment, then the configuration file (config.c), read by the table of the variables
 * (table.c).
 *
 * Owns the settings of the process. Usually runs in the constructor, with one thread; uses libc's
 * string functions and getauxval only, no locale.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/log.h"
#include "base/program.h"
#include "base/similar.h"
#include "base/sys.h"
#include "base/words.h"
#include "options/config.h"
#include "options/options.h"

#define PREFIX       "HUGETLB_"
#define PREFIX_BYTES (sizeof(PREFIX) - 1)

/* Returns the row of the variable that entry sets, or -1; *value points after the equals sign. An
 * entry without one is ignored, as getenv ignores it. */
static int row_of(const char *entry, const char **value)
{
	int rows;
	const struct option_row *table = options_table(&rows);
	size_t name_bytes = word_bytes(entry, '=');

	if (!entry[name_bytes])
		return -1;
	for (int i = 0; i < rows; i++)
		if (!strncmp(table[i].name, entry, name_bytes) && !table[i].name[name_bytes]) {
			*value = entry + name_bytes + 1;
			return i;
		}
	return -1;
}

/* The variable that a misspelt name was meant to be, or NULL. */
static const char *meant_variable(const char *name, size_t name_bytes)
{
	int rows;
	const struct option_row *table = options_table(&rows);
	unsigned int nearest = SIMILAR_NEVER;
	const char *meant = NULL;

	for (int i = 0; i < rows; i++) {
		unsigned int distance =
			similar_distance(name + PREFIX_BYTES, name_bytes - PREFIX_BYTES,
					 table[i].name + PREFIX_BYTES);

		if (distance < nearest) {
			nearest = distance;
			meant = table[i].name;
		}
	}
	return meant;
}

/* Returns whether the name is a misspelt name of a HUGETLB_ variable. */
static bool log_unknown(const char *entry)
{
	char name[64];
	const size_t name_bytes = word_bytes(entry, '=');
	/* an entry without an equals sign is not a variable */
	const char *meant = entry[name_bytes] ? meant_variable(entry, name_bytes) : NULL;

	text_format(name, name_bytes + 1 < sizeof(name) ? name_bytes + 1 : sizeof(name), "%s",
		    entry);
	if (meant)
		log_warning(
			"%s is not a variable of this library and has no effect; did you mean %s?",
			name, meant);
	else
		log_debug("%s is not a variable of this library", name);
	return meant;
}

static bool begins_with_prefix(const char *entry)
{
	return !strncmp(entry, PREFIX, PREFIX_BYTES);
}

/* What was set, row by row; NULL if unset. */
struct settings {
	const char *value[OPTIONS_ROWS_MAX];
	const char *file;                    /* the source of the settings that have a line
					      * number */
	unsigned int line[OPTIONS_ROWS_MAX]; /* 0: from the environment */
};

/*
 * Of two entries with the same name the first one counts, as for getenv. An empty value leaves the
 * variable unset, unless the table gives it a meaning.
 */
static void read_environment(struct settings *settings, char **environment)
{
	int rows;
	const struct option_row *table = options_table(&rows);

	for (; *environment; environment++) {
		const char *value;
		int row;

		if (!begins_with_prefix(*environment))
			continue;
		row = row_of(*environment, &value);
		if (row >= 0 && !settings->value[row] &&
		    (*value || table[row].flags & OPTION_TAKES_EMPTY))
			settings->value[row] = value;
	}
}

/* Returns the number of misspelt variables. */
static int log_unknown_variables(char **environment)
{
	const char *value;
	int misspelt = 0;

	for (; *environment; environment++)
		if (begins_with_prefix(*environment) && row_of(*environment, &value) < 0)
			misspelt += log_unknown(*environment);
	return misspelt;
}

static const char *value_of(const struct settings *settings, const char *name)
{
	int rows;
	const struct option_row *table = options_table(&rows);

	for (int i = 0; i < rows; i++)
		if (!strcmp(table[i].name, name))
			return settings->value[i];
	return NULL;
}

/* Adds settings that the environment does not have. */
static void add_config(struct settings *settings, const struct config *config)
{
	int rows;

	options_table(&rows);
	settings->file = config->path;
	for (int i = 0; i < rows; i++)
		if (!settings->value[i] && config->settings[i].value) {
			settings->value[i] = config->settings[i].value;
			settings->line[i] = config->settings[i].line;
		}
}

/* Parses one row's value; returns whether it was invalid. */
static bool read_row(const struct settings *settings, int row, struct options *options)
{
	int rows;
	const struct option_row *option = &options_table(&rows)[row];
	const char *value = settings->value[row];
	char shown[64], place[128] = "";

	if (!option->parse(value, options, (char *)options + option->field))
		return false;
	if (settings->line[row])
		text_format(place, sizeof(place), "%s:%u: ", settings->file, settings->line[row]);
	text_format(shown, sizeof(shown), "%s", value);
	log_warning("%s%s=%s%s: not understood; accepted: %s; the feature stays off", place,
		    option->name, shown, strlen(value) >= sizeof(shown) ? "..." : "",
		    option->values);
	return true;
}

/* Parses the rows with that value of OPTION_EARLY. Returns how many are set. */
static int read_rows(const struct settings *settings, struct options *options, unsigned int early,
		     int *bad)
{
	int rows, count = 0;
	const struct option_row *table = options_table(&rows);

	for (int i = 0; i < rows; i++)
		if (settings->value[i] && (table[i].flags & OPTION_EARLY) == early) {
			*bad += read_row(settings, i, options);
			count++;
		}
	return count;
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (slash)
		return slash + 1;
	return path ? path : "";
}

/* A list without a name was already reported as invalid, and restricts nothing. */
static bool program_takes_part(const struct settings *settings, const char *program)
{
	const char *list = value_of(settings, PREFIX "RESTRICT_EXE");

	if (!list || !list[strspn(list, ":")])
		return true;
	for (; *list; list += *list == ':') {
		size_t length = word_bytes(list, ':');

		if (length && word_is(list, length, program))
			return true;
		list += length;
	}
	return false;
}

/* Reads the configuration file for what the environment leaves unset, unless the environment
 * forbids it. */
static void read_config(struct config *config, const struct settings *settings, const char *program)
{
	const char *path = value_of(settings, PREFIX "CONFIG");

	memset(config, 0, sizeof(*config));
	if (!path)
		config_read(config, CONFIG_PATH, false, program);
	else if (*path == '/')
		config_read(config, path, true, program);
}

/* The early rows are parsed and logged first, because they may turn logging off. */
static int read_settings(struct options *options, const struct settings *settings,
			 const struct config *config, char **environment, const char *program,
			 int *bad)
{
	int count = read_rows(settings, options, OPTION_EARLY, bad);

	if (options->debug)
		options->verbose = 99;
	log_set_level(options->verbose);
	if (!program_takes_part(settings, program)) {
		log_debug("HUGETLB_RESTRICT_EXE excludes %s", program);
		memset(options, 0, sizeof(*options));
		options->segments = SEGMENTS_OFF;
		*bad = 0;
		return 0;
	}
	*bad += log_unknown_variables(environment);
	config_log(config);
	*bad += (int)config->bad_lines + (config->problem && config->tell_problem);
	return count + read_rows(settings, options, 0, bad);
}

int options_read(struct options *options, char **environment, const char *program, int *bad)
{
	struct settings settings = {0};
	struct config config;

	*bad = 0;
	memset(options, 0, sizeof(*options));
	options->verbose = LOG_WARNING;
	if (getauxval(AT_SECURE)) {
		options->segments = SEGMENTS_OFF;
		return 0;
	}
	program = base_name(program);
	read_environment(&settings, environment);
	memset(&config, 0, sizeof(config));
	if (program_takes_part(&settings, program)) {
		read_config(&config, &settings, program);
		add_config(&settings, &config);
	}
	return read_settings(options, &settings, &config, environment, program, bad);
}

const struct options *options_get(int *set, int *bad)
{
	/* not 0: initialized data shares a page that ld.so has already written to, while bss would
	 * cost every process that only preloads the library one or two page faults */
	enum { UNREAD = 1, READING, READ };
	static struct {
		struct options options;
		int set, bad;
		uint32_t state;
	} process = {.state = UNREAD};
	uint32_t state = UNREAD;

	if (__atomic_load_n(&process.state, __ATOMIC_ACQUIRE) == READ) {
		/* the usual case */
	} else if (__atomic_compare_exchange_n(&process.state, &state, READING, false,
					       __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		process.set = options_read(&process.options, program_environment(), program_name(),
					   &process.bad);
		__atomic_store_n(&process.state, READ, __ATOMIC_RELEASE);
	} else {
		while (__atomic_load_n(&process.state, __ATOMIC_ACQUIRE) != READ)
			sys_pass(SYS_sched_yield);
	}
	if (set)
		*set = process.set;
	if (bad)
		*bad = process.bad;
	return &process.options;
}
