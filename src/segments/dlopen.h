/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Libraries that are loaded later: which are new, and who looks at them.
 */
#ifndef SEGMENTS_DLOPEN_H
#define SEGMENTS_DLOPEN_H

#include <link.h>
#include <stdbool.h>

#include "options/options.h"
#include "proc/status.h"

/* Was the object dealt with before? */
typedef bool dlopen_known(const struct dl_phdr_info *object);

/*
 * Has take(known) called whenever objects came, before any of their constructors runs: under
 * ld.so's lock, perhaps while other threads run; new is what `known` does not know. To be called
 * once, while only one thread runs, before the objects of the start are dealt with: these are
 * known. Watches nothing where the options don't ask for it, or (with a line) where ld.so can't be
 * watched.
 */
void dlopen_watch(const struct options *options, void (*take)(dlopen_known *known));

/* A program that has locked itself in since the start (seccomp) may not survive a system call that
 * it does not expect. Is it as it was at the start? */
bool dlopen_is_allowed(const struct status *status);

#endif
