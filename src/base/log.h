/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines for people: to descriptor 2, in one write each, without malloc, stdio or locale.
 *
 * Usable everywhere, also in a constructor before libc's own and in a fork's child. A line is
 * dropped where descriptor 2 is closed, no longer the file that it was at log_start() (a daemon
 * reopened it for its own data) or a pipe that nobody reads, and after log_stop(), which a program
 * that enters a sandbox causes. Control characters come out as `?`, so one call is one line; a line
 * over 1 kB is cut and ends in "...". errno is never changed.
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

/* What was asked, 0 (nothing is printed) to 99; default LOG_WARNING. */
void log_set_level(int level);
bool log_at(int level);

/* Remembers which file descriptor 2 is. Called once, by the constructor; before it nothing is
 * dropped for a changed file. */
void log_start(void);

/* The same for descriptor 1, by who will use log_output(). */
void log_start_output(void);

/*
 * A feature that was asked for is declined: "<format>: <otherwise>", a warning; but where
 * log_refuse() was called, an error that ends by those words instead.
 */
void log_declined(const char *otherwise, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_refuse(const char *instead);

/* From here on nothing is written: another system call could end the program. */
void log_stop(void);

/*
 * printf-like: %s %d %u %ld %lu %zu %lx %c %%, with 0 and width for the numbers. The prefix
 * "libhugetlbfs [host:pid]: LEVEL: " and the newline are added.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A warning that only the first caller of the process gets out: a fallback that may come often. */
void log_warning_once(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A finished text, as it is, where a line would go, at every level. */
void log_text(const char *text, unsigned long bytes);

/* The same on standard output. Returns 0 or -errno: -EBADF where that is closed, has become another
 * file since log_start_output(), or is a pipe that nobody reads. */
int log_output(const char *text, unsigned long bytes);

/* Writes all of it to any descriptor. Returns 0 or -errno. */
int log_write(int fd, const char *text, unsigned long bytes);

/* The formatter behind them: at most bytes, always ended by a zero byte; returns the length of what
 * is there after a cut. */
int text_format(char *out, unsigned long bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What is quoted from outside stays on its line, and does nothing to a terminal: control characters
 * become `?`, those of UTF-8 as well. */
void text_make_plain(char *text, unsigned long bytes);

#endif
