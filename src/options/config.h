/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration file: variables for programs that nobody starts by hand.
 *
 * If the library is preloaded into every program (/etc/ld.so.preload), this file says which of them
 * get huge pages. Every process reads it, so an error in it may cost a log line and nothing else:
 * it is opened without blocking, must be a regular file with the right owner and mode, and has a
 * maximum length. A missing file costs one system call; one without a rule for the program costs
 * four: open, status, read, close.
 */
#ifndef OPTIONS_CONFIG_H
#define OPTIONS_CONFIG_H

#include <stdbool.h>

#include "options/table.h"

#define CONFIG_PATH  "/etc/libhugetlbfs.conf"
#define CONFIG_BYTES 65536

/* The file's setting for one variable; value is NULL if there is none. */
struct config_setting {
	const char *value; /* in a buffer that the next config_read() overwrites */
	unsigned int line; /* counted from 1 */
	unsigned int rule; /* the line of the rule that it is under; 0: before the first rule */
};

struct config {
	const char *path;
	bool is_there;
	const char *problem; /* why the whole file is ignored, or NULL */
	int error;           /* its errno, or 0 */
	bool tell_problem;   /* log the problem as a warning; otherwise at INFO */
	bool of_rights;      /* the problem is the file's owner or who may write to it */

	/* Lines that apply to this program and are invalid. */
	unsigned int bad_lines, first_bad_line;
	char first_bad_text[64];

	struct config_setting settings[OPTIONS_ROWS_MAX]; /* indexed like options_table() */
};

/*
 * Reads the settings for this program from the file at path: rules in their order, later ones
 * override earlier ones. named: the path comes from HUGETLB_CONFIG; the user may own the file, and
 * a missing file is reported. Logs nothing itself, because the file may set the log level.
 *
 * If program is NULL, the caller checks the file: every rule applies, and a line with an invalid
 * value counts as a bad line.
 */
void config_read(struct config *config, const char *path, bool named, const char *program);

/* Logs the errors that config_read() found, in one line, and with debugging the settings. */
void config_log(const struct config *config);

#endif
