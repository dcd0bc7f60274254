/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Log lines: written to descriptor 2, each by one write, without malloc, stdio or locale.
 *
 * Callable everywhere, also in a constructor that runs before libc's own and in a fork's child. A
 * line is dropped if descriptor 2 is closed, is not the file that it was at log_start() (a daemon
 * has reopened it for its own data), or is a pipe without a reader; and after log_stop(), which is
 * called when the program enters a sandbox. Control characters are printed as `?`, so one call is
 * one line; a line over 1 kB is cut and ends in "...". errno is never changed.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/* HUGETLB_VERBOSE's levels; every level above LOG_DEBUG prints the same lines. */
enum log_level {
	LOG_ERROR = 1,
	LOG_WARNING = 2,
	LOG_INFO = 3,
	LOG_DEBUG = 4,
};

/* The requested level, 0 (nothing is printed) to 99; default LOG_WARNING. */
void log_set_level(int level);
bool log_at(int level);

/* Records which file descriptor 2 is. Called once, by the constructor; before that no line is
 * dropped because of a changed file. */
void log_start(void);

/* The same for descriptor 1; called by users of log_output(). */
void log_start_output(void);

/*
 * A requested feature is declined: "<format>: <otherwise>", a warning; after log_refuse(), an error
 * that ends with log_refuse()'s words instead.
 */
void log_declined(const char *otherwise, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_refuse(const char *instead);

/* From here on nothing is written, because another system call could kill the program. */
void log_stop(void);

/*
 * printf-like: %s %d %u %ld %lu %zu %lx %c %%, with 0 and width for the numbers. The prefix
 * "libhugetlbfs [host:pid]: LEVEL: " and the newline are added.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a warning is about that may be due often: one line is printed about each. */
enum log_matter {
	LOG_POOL_SHORT,
	LOG_ADDRESS_SPACE,
	LOG_POLICY,
	LOG_UNSAFE_FORK,
	LOG_SHM_MOVED,
	LOG_SHM_REFUSED,
	LOG_CALL_REFUSED,
	LOG_STAYS_HUGE,
	LOG_TEXT_SPLIT,
	LOG_TEXT_RELOCATED,
	LOG_TEXT_CHANGED,
};

void log_warning_once(enum log_matter matter, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes a finished text as it is to the place of the log lines, at every level. */
void log_text(const char *text, unsigned long bytes);

/* The same on standard output. Returns 0 or -errno: -EBADF if it is closed, is not the file that it
 * was at log_start_output(), or is a pipe without a reader. */
int log_output(const char *text, unsigned long bytes);

/* Writes the whole text to any descriptor. Returns 0 or -errno. */
int log_write(int fd, const char *text, unsigned long bytes);

/* The formatter of the functions above: writes at most bytes, always with a zero byte at the end;
 * returns the length of the text after any cut. */
int text_format(char *out, unsigned long bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Makes text from outside safe for one line and for a terminal: control characters become `?`,
 * including those of UTF-8. */
void text_make_plain(char *text, unsigned long bytes);

#endif
