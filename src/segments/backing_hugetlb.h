/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies of segments on hugetlb pages: see struct prepared in backing.h.
 */
#ifndef BACKING_HUGETLB_H
#define BACKING_HUGETLB_H

#include "segments/backing.h"

int backing_hugetlb_text(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared);
int backing_hugetlb_data(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared);

/* Text of which fd holds a complete copy from its offset 0. Closes fd or keeps it in *prepared. */
int backing_hugetlb_filled(int fd, const struct plan_range *range, struct prepared *prepared);

#endif
