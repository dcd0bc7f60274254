/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the two halves of the gate.
 */
#ifndef GATE_POOL_H
#define GATE_POOL_H

#include <stdbool.h>

/* If the call is about huge pages and a pool is played: true, and its result. */
bool gate_pool_call(long *result, long number, long a, long b, long c, long d, long e);

#endif
