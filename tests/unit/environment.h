/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the tests of the variables: reads an environment of one or two of them.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "options/options.h"
#include "unit.h"

static struct options options;
static int bad;

/* Reads an environment of up to two entries, catching what is said. */
static inline int read_two(const char *first, const char *second)
{
	char *environment[] = {"PATH=/bin", (char *)first, (char *)second, NULL};

	gate_catch_stderr();
	log_set_level(LOG_WARNING);
	return options_read(&options, environment, "/usr/bin/program", &bad);
}

static inline int read_one(const char *entry)
{
	return read_two(entry, NULL);
}

static inline void assert_good(const char *entry)
{
	if (read_one(entry) != 1 || bad || gate_stderr_lines())
		fail_msg("%s: %s", entry, gate_stderr());
}

/* One line that names the variable, and nothing but verbose and bad is changed. */
static inline void assert_bad(const char *entry)
{
	static const struct options off = {.verbose = LOG_WARNING};
	char name[64];

	snprintf(name, sizeof(name), "WARNING: %.*s=", (int)strcspn(entry, "="), entry);
	if (read_one(entry) != 1 || bad != 1 || gate_stderr_lines() != 1 ||
	    !strstr(gate_stderr(), name) || !strstr(gate_stderr(), "the feature stays off") ||
	    memcmp(&options, &off, sizeof(off)))
		fail_msg("%s was taken: %s", entry, gate_stderr());
}

/* An empty value is no value: nothing is set, and there is no line. */
static inline void assert_unset(const char *entry)
{
	static const struct options off = {.verbose = LOG_WARNING};

	if (read_one(entry) || bad || gate_stderr_lines() || memcmp(&options, &off, sizeof(off)))
		fail_msg("%s counts as set: %s", entry, gate_stderr());
}

#endif
