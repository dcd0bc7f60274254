/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mandatory access control: which policy confines this process.
 */
#ifndef CONFINEMENT_H
#define CONFINEMENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * "SELinux, domain postgresql_t" or "AppArmor, profile mysqld" into out, "" where no such policy
 * confines the process or /proc is not there. Returns whether there is one.
 */
bool confinement_describe(char *out, size_t bytes);

/* The same by the text of /proc/PID/attr/current, which is cut up. */
bool confinement_of(char *label, char *out, size_t bytes);

#endif
