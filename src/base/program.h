/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program's name, environment and headers at its start.
 *
 * The library's constructor runs before libc's (it is linked with -z initfirst, so that it precedes
 * constructors that start threads). environ and program_invocation_name are not set yet then, and
 * the constructor's arguments are used instead.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Its headers as the kernel mapped them, which stay valid whatever pages back its segments. */
struct program_headers {
	const ElfW(Phdr) *at;
	size_t count;   /* 0: not known */
	uintptr_t bias; /* of its addresses in memory over those in the file */
	bool has_bias;  /* false: a static program, or ld.so as a command, has no PT_PHDR */
};

struct program_headers program_headers(void);

#endif
