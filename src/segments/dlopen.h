/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Libraries loaded by dlopen: finds those that are new, and has them handled.
 */
#ifndef SEGMENTS_DLOPEN_H
#define SEGMENTS_DLOPEN_H

#include <link.h>
#include <stdbool.h>

#include "options/options.h"
#include "proc/status.h"

/* Was the object handled before? */
typedef bool dlopen_known(const struct dl_phdr_info *object);

/*
 * Has take(known) called whenever objects were added, before any of their constructors runs: under
 * ld.so's lock, possibly while other threads run; objects that `known` does not know are new. Must
 * be called once, while only one thread runs, before the objects of the start are handled: these
 * are known. Watches nothing if the options do not request it, or (after logging a line) if ld.so
 * cannot be watched.
 */
void dlopen_watch(const struct options *options, void (*take)(dlopen_known *known));

/* A program that has confined itself since the start (seccomp) may be killed for a system call that
 * its filter does not list. Is it still as it was at the start? */
bool dlopen_is_allowed(const struct status *status);

#endif
