/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which programs a rule of the configuration file applies to.
 *
 * Pure, except for conditions on a path or a user name: these read /proc/self/exe and /etc/passwd
 * by system calls. Nothing is allocated.
 */
#ifndef OPTIONS_RULE_H
#define OPTIONS_RULE_H

#include <stdbool.h>
#include <stddef.h>

/* The process that rules are matched against. path is read when a rule first needs it. */
struct rule_subject {
	const char *program; /* the base name by which it was started */
	unsigned long uid;   /* effective */
	char path[4096];     /* of the program's file; empty: not read yet */
};

/*
 * Evaluates a rule; text is what is between the brackets: conditions separated by blanks, each a
 * key, "=", and alternatives separated by commas, one of which must match. Returns true if the
 * syntax is valid; *matches is whether all conditions hold. text must end with a zero byte.
 */
bool rule_read(const char *text, struct rule_subject *subject, bool *matches);

/* Does text match the pattern of length bytes? "*" matches any run of characters, "?" one
 * character; "/" is not special. */
bool rule_glob(const char *pattern, size_t length, const char *text);

#endif
