/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork in glibc before 2.34, which does not call a _Fork that could be replaced.
 */
#ifndef FORK_HANDLERS_H
#define FORK_HANDLERS_H

#include "hook/symbols.h"

/* Prepares the patches for the steps of fork.h, which patch_install() then installs. Returns 0 or
 * -errno. */
int fork_handlers_prepare(const struct libc *libc);

#endif
