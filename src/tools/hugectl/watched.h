/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The processes of a program that have the library, and how each ended.
 */
#ifndef WATCHED_H
#define WATCHED_H

#include <stdbool.h>
#include <sys/types.h>

/* The program itself, by its number and a descriptor of pidfd_open(). */
void watched_start(pid_t program, int descriptor);

/* A process that runs: what /proc/PID/status says of it, and how much memory it has. */
void watched_note(pid_t pid, const char *status, unsigned long kb);

/*
 * Waits until a process ends, but no longer than that. Writes a line to fd about each that a signal
 * ended. False: the program itself has ended.
 */
bool watched_wait(int milliseconds, int fd);

/* Does a line of /proc/PID/maps name the library, by whatever path? Also true of a process that
 * cannot be seen. */
bool watcher_finds_library(pid_t pid);

#endif
