/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The processes of a program that have the library, and how each of them ended.
 */
#ifndef WATCHED_H
#define WATCHED_H

#include <stdbool.h>
#include <sys/types.h>

/* The program itself, by its number and a descriptor from pidfd_open(). */
void watched_start(pid_t program, int descriptor);

/* A running process: the text of its /proc/PID/status, and the size of its memory. */
void watched_note(pid_t pid, const char *status, unsigned long kb);

/*
 * Waits until a process ends, but no longer than that. Writes a line to fd for each one that was
 * killed by a signal. False: the program itself has ended.
 */
bool watched_wait(int milliseconds, int fd);

/* Does a line of /proc/PID/maps name the library, by whatever path? otherwise: the answer for a
 * process that has ended or may not be inspected. */
bool watcher_finds_library(pid_t pid, bool otherwise);

#endif
