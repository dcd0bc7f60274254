/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork in glibc before 2.34, which has no _Fork inside that a function of ours could replace.
 */
#ifndef FORK_HANDLERS_H
#define FORK_HANDLERS_H

#include "hook/symbols.h"

/* Arranges for fork.h's steps to be taken; part of what patch_install() then carries out. 0 or
 * -errno. */
int fork_handlers_prepare(const struct libc *libc);

#endif
