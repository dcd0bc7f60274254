/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook of fork, installed when it is first needed: before the first fork, before the first
 * thread, before a filter of system calls or for another feature. Many programs never need it, and
 * libc's fork lies far from the other functions that are hooked.
 */
#ifndef FORK_LATER_H
#define FORK_LATER_H

#include <stdbool.h>

#include "hook/symbols.h"

/* In place of fork_prepare(): libc calls the library before each fork. False: it is an older glibc
 * or a static program, and fork has to be hooked at once. */
bool fork_later_prepare(const struct libc *libc);

/* Installs the hook if it waits. */
void fork_later_now(void);

/* libc's functions are not hooked any more. */
void fork_later_stop(void);

#endif
