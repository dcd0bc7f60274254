/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --collapse: moves memory of a running process to transparent huge pages, from outside.
 */
#ifndef HUGESTAT_COLLAPSE_H
#define HUGESTAT_COLLAPSE_H

#include <sys/types.h>

#include "tools/hugestat/options.h"

struct json;

/*
 * Needs Linux 6.1, CAP_SYS_NICE and permission to trace the process. Prints the gain, or writes it
 * as an object of a list if json is not NULL. Returns an exit status.
 */
int collapse_process(pid_t pid, const struct collapse_wish *wish, struct json *json);

#endif
