/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program's name and environment at its start.
 *
 * The library's constructor runs before libc's (it is linked with -z initfirst, so that it precedes
 * constructors that start threads). environ and program_invocation_name are not set yet then, and
 * the constructor's arguments are used instead.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

/* The constructor's arguments. Not every C library passes them: they are used only while environ is
 * not set, which happens in glibc only. */
void program_set(char **arguments, char **environment);

/* The environment, terminated by NULL; the result itself is never NULL. */
char **program_environment(void);

/* As getenv(). */
const char *program_variable(const char *name);

/* The path by which the program was started, and its base name; "" if not known. */
const char *program_path(void);
const char *program_name(void);

#endif
