/*
 * Libraries that are loaded later: which are new, and who looks at them.
 */
#ifndef LATE_H
#define LATE_H

#include <link.h>
#include <stdbool.h>

#include "options.h"
#include "segments/status.h"

/* Was the object dealt with before? */
typedef bool late_known(const struct dl_phdr_info *object);

/*
 * Has take(known) called whenever objects came, before any of their constructors runs: under
 * ld.so's lock, perhaps while other threads run; new is what `known` does not know. To be called
 * once, while only one thread runs, before the objects of the start are dealt with: these are
 * known. Watches nothing where the options don't ask for it, or (with a line) where ld.so can't be
 * watched.
 */
void late_watch(const struct options *options, void (*take)(late_known *known));

/* A program that has locked itself in since the start (seccomp) may not survive a system call that
 * it does not expect. Is it as it was at the start? */
bool late_is_allowed(const struct status *status);

#endif
