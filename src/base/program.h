/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the program was started with: its name and its environment.
 *
 * The library's constructor runs before libc's (it is linked with -z initfirst, so that it comes
 * before constructors that start threads): then environ and program_invocation_name are not set
 * yet, and what the constructor was given is used instead.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

/* The constructor's arguments. Not every C library passes them: they count only while environ is
 * not set, which is so in glibc alone. */
void program_set(char **arguments, char **environment);

/* The environment, ended by NULL; never NULL itself. */
char **program_environment(void);

/* As getenv(). */
const char *program_variable(const char *name);

/* The path that the program was called by, and its base name; "" where it is not known. */
const char *program_path(void);
const char *program_name(void);

#endif
