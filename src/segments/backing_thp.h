/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies of segments on transparent huge pages: see struct prepared in backing.h.
 */
#ifndef BACKING_THP_H
#define BACKING_THP_H

#include "segments/backing.h"

/* Text in anonymous memory: libc's calls have to be hooked for it. */
int backing_thp_text(const struct backing *backing, const struct plan_range *range,
		     size_t page_bytes, struct prepared *prepared);

/* Text in a file in memory: needs no hooks. */
int backing_thp_text_file(const struct backing *backing, const struct plan_range *range,
			  size_t page_bytes, struct prepared *prepared);

int backing_thp_data(const struct plan_range *range, size_t page_bytes, struct prepared *prepared);

#endif
