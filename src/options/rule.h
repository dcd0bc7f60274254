/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For which programs a rule of the configuration file counts.
 *
 * Pure but for what a rule asks for by path or by user name: /proc/self/exe and /etc/passwd are
 * read then, by system calls, and nothing is allocated.
 */
#ifndef OPTIONS_RULE_H
#define OPTIONS_RULE_H

#include <stdbool.h>
#include <stddef.h>

/* Who asks. path is read when a rule first needs it. */
struct rule_subject {
	const char *program; /* the base name that it was called by */
	unsigned long uid;   /* effective */
	char path[4096];     /* of the file that it runs from; empty: not read yet */
};

/*
 * text is what stands between the brackets: conditions with blanks between them, each a key, "="
 * and alternatives with commas between them, one of which must hold. True for a rule that is well
 * formed; *matches is whether all conditions hold. text must end with a zero byte.
 */
bool rule_read(const char *text, struct rule_subject *subject, bool *matches);

/* Does text fit the pattern of length bytes? "*" is any run of characters, "?" one, "/" is like
 * any other. */
bool rule_glob(const char *pattern, size_t length, const char *text);

#endif
