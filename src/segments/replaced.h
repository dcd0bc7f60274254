/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranges of segments that are on huge pages now, text and data: regions of their own, so that the
 * program may protect, advise, unmap or replace any part, and keeps all of them over a fork.
 */
#ifndef REPLACED_H
#define REPLACED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/source.h"

/*
 * Takes care of memory that is there: [start, end) is mapped and private, on hugetlb pages of
 * source's size that are all populated, with these rights (PROT_...) on all of it. From now on the
 * program may protect, advise, unmap, move or replace any part of it, and a child of fork keeps it
 * all. Needs calls_start(), and *source to stay. Memory that is in use while the process forks
 * (data segments, libc's own among them) may be in it.
 *
 * 0, or -errno with nothing changed: -EINVAL (not whole pages), -EEXIST (a region is there),
 * -ENOSPC (too many), -ENOMEM. Then the memory stays as it is, and of a part of its pages the
 * kernel refuses what it refuses.
 */
int replaced_add_data(uintptr_t start, uintptr_t end, struct source *source, int rights);

/*
 * The same for text: [start, end) is a private mapping of a hugetlb file that has all of its pages,
 * or anonymous memory on transparent huge pages, and nobody may write to it. Other threads may run
 * in it. To the program it is what it was, a private mapping of its file: emptied, it is as before.
 */
int replaced_add_text(uintptr_t start, uintptr_t end, struct source *source, int rights);

/*
 * What was taken is in place: [start, ...) holds the pages that were told of. Until then a fork in
 * another thread leaves it alone, as there may still be the small pages that they replace; with one
 * thread there is no such moment, and no need to call this.
 */
void replaced_settle(uintptr_t start);

/* So many ranges are taken care of at most. */
#define REPLACED_MAX 512

/*
 * The n-th range, n below REPLACED_MAX; false: there is none. For who alone takes and forgets
 * ranges.
 */
bool replaced_nth(size_t n, uintptr_t *start, uintptr_t *end);

/*
 * ld.so's own calls, for dlclose, do not come here. Before it unmaps something: the n-th range may
 * go at any moment, and a fork in another thread is not to read it (the child shares its pages, as
 * without us). Or no longer, as it is still there.
 */
void replaced_doubt(size_t n, bool may_go);

/* [start, end) was unmapped without us. Forgets what replaced_add_data() was told of it. */
void replaced_forget(uintptr_t start, uintptr_t end);

#endif
