/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that execvp(3) will run for a program's name, and whose rights it gets.
 */
#ifndef PROGRAM_FILE_H
#define PROGRAM_FILE_H

#include <stdbool.h>

/*
 * The name itself where it has a slash, else the file in the first of PATH's directories that has
 * it, which is never freed. NULL: there is none.
 */
const char *program_file_find(const char *name);

/*
 * The file that the kernel runs for that one: itself, or what interprets the script that it is, in
 * the end. Never freed.
 */
const char *program_file_run_by(const char *path);

/* Does it run with other rights than the caller's (set-uid, set-gid, file capabilities), as the
 * kernel decides at execve? */
bool program_file_changes_rights(const char *path);

#endif
