/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the heap's regions lie: what space.h chooses, with the states of it. The main heap may
 * begin with the first part of its place only; the rest is then chosen by choose_rest (break.h).
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "options/options.h"

/* Lays out the regions; nothing is mapped in them yet. Returns 0 or -errno. */
int layout_choose(const struct options *options);

/* Undoes it. */
void layout_drop(void);

#endif
