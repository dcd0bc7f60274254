/*
 * Libraries that are loaded later: which are new, and who looks at them.
 */
#ifndef LATE_H
#define LATE_H

#include <link.h>
#include <stdbool.h>

#include "options.h"

/* Was the object dealt with before? */
typedef bool late_known(const struct dl_phdr_info *object);

/*
 * Has take(known) called whenever objects came, before any of their constructors runs: under
 * ld.so's lock, perhaps while other threads run; new is what `known` does not know. Not called in a
 * process that has locked itself in since (seccomp). To be called once, while only one thread runs,
 * before the objects of the start are dealt with: these are known. False: nothing is watched, as
 * the options don't ask for it or ld.so can't be watched (with one line).
 */
bool late_watch(const struct options *options, void (*take)(late_known *known));

#endif
