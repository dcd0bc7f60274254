/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration file: variables for programs that nobody starts by hand.
 *
 * Where the library is preloaded into every program (/etc/ld.so.preload), this file says which of
 * them get huge pages. It is read in every process, so what is wrong with it may cost a line and
 * nothing else: it is opened without waiting, must be a regular file of the right owner and mode,
 * and not long. A file that is not there costs one system call, one without a rule for the program
 * four: open, status, read, close.
 */
#ifndef OPTIONS_CONFIG_H
#define OPTIONS_CONFIG_H

#include <stdbool.h>

#include "options/table.h"

#define CONFIG_PATH  "/etc/libhugetlbfs.conf"
#define CONFIG_BYTES 65536

/* What the file says of one variable; value is NULL where it says nothing. */
struct config_setting {
	const char *value; /* in a buffer that the next config_read() writes over */
	unsigned int line; /* counted from 1 */
	unsigned int rule; /* the line of the rule that it stands in; 0: before the first rule */
};

struct config {
	const char *path;
	bool is_there;
	const char *problem; /* why the whole file does not count, or NULL */
	int error;           /* its errno, or 0 */
	bool tell_problem;   /* a warning; else something for those who want to know */
	bool of_rights;      /* the problem is who owns the file or may write to it */

	/* Lines that count for this program and that were not understood. */
	unsigned int bad_lines, first_bad_line;
	char first_bad_text[64];

	struct config_setting settings[OPTIONS_ROWS_MAX]; /* as the rows of options_table() */
};

/*
 * Reads what the file at path says for this program: rules in their order, a later one over an
 * earlier one. named: it is HUGETLB_CONFIG's, which may be owned by the user and whose absence is
 * told. Says nothing itself: how much is told may be in the file.
 *
 * A program of NULL is for who checks the file: every rule counts, and a value that is not
 * understood makes its line a bad one.
 */
void config_read(struct config *config, const char *path, bool named, const char *program);

/* Tells what config_read() found wrong, in one line, and with debugging what it found. */
void config_log(const struct config *config);

#endif
