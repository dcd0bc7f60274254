/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the file that execvp(3) runs for a program's name, and the privileges that it gets.
 */
#ifndef PROGRAM_FILE_H
#define PROGRAM_FILE_H

#include <stdbool.h>

/*
 * The name itself if it has a slash, otherwise the file in the first directory of PATH that has it,
 * which is never freed. NULL: there is none.
 */
const char *program_file_find(const char *name);

/*
 * The file that the kernel finally runs for that one: itself or, for a script, its interpreter.
 * Never freed.
 */
const char *program_file_run_by(const char *path);

/* Does it run with other privileges than the caller's (set-uid, set-gid, file capabilities), as the
 * kernel decides at execve? */
bool program_file_changes_rights(const char *path);

#endif
