/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts a prepared copy in place, in one step for all threads.
 */
#ifndef SWAP_H
#define SWAP_H

#include "segments/backing.h"

/*
 * Moves the copy to the start of its range. Returns 0, or -errno with the old memory in place and
 * the copy gone; *prepared is used up in both cases. -EEXIST: something is mapped by now in a hole
 * of the plan.
 */
int swap_in(const struct backing *backing, const struct plan_range *range,
	    struct prepared *prepared);

/*
 * The same for data, which is copied first: no other thread may run. No signal is handled between
 * the copy and the swap, so no write is lost.
 */
int swap_in_data(const struct backing *backing, const struct plan_range *range,
		 struct prepared *prepared);

#endif
