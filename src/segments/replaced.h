/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranges of segments that are on huge pages now, text and data: regions of their own, so that the
 * program may protect, advise, unmap or replace any part, and keeps all of them over a fork. The
 * hooks in libc that this needs are installed and removed here.
 */
#ifndef REPLACED_H
#define REPLACED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options/options.h"
#include "pages/source.h"

/*
 * Hooks libc's calls (calls/start.h), once per process and under ld.so's lock. It cannot be done
 * while other threads run, and costs as much as the rest of an idle start. name says what needs it;
 * warn: a failure is reported. Returns whether the hooks are there.
 */
bool replaced_hook(const struct options *options, const char *name, bool warn);

bool replaced_is_hooked(void);

/* No range needs the hooks: libc's text becomes what it was, and they can be installed again. */
void replaced_unhook(void);

/*
 * Installs the hooks when the first library is loaded by dlopen, whatever its length: a program
 * usually has one thread then. A program that loads no library never pays for them.
 */
void replaced_hook_early(const struct options *options, bool warn);

/* replaced_hook_early() has nothing left to do. */
bool replaced_hook_is_decided(void);

/*
 * Makes a range a region: [start, end) is mapped and private, on populated hugetlb pages of
 * source's size, all with these rights (PROT_...). From now on the program may protect, advise,
 * unmap, move or replace any part of it, and a child of fork keeps all of it. Needs
 * replaced_hook(); *source must stay. running: a fork's child uses it before its data is back
 * (libc's, for example).
 *
 * 0, or -errno with nothing changed: -EINVAL (not whole pages), -EEXIST (a region is there),
 * -ENOSPC (too many), -ENOMEM. The kernel then refuses calls on part of a huge page of it.
 */
int replaced_add_data(uintptr_t start, uintptr_t end, struct source *source, int rights,
		      bool running);

/*
 * The same for text: [start, end) is a private mapping of a hugetlb file that has all of its pages,
 * or anonymous memory on transparent huge pages, and not writable. Other threads may execute it.
 * For the program it stays a private mapping of its file: MADV_DONTNEED brings back that content.
 */
int replaced_add_text(uintptr_t start, uintptr_t end, struct source *source, int rights);

/*
 * The range that starts here holds its huge pages. Until this call a fork in another thread leaves
 * it alone, as the small pages may still be in place. Not needed with one thread.
 */
void replaced_settle(uintptr_t start);

/* The largest number of ranges. */
#define REPLACED_MAX 512

/* The n-th range, n below REPLACED_MAX; false: there is none. For the caller that adds and forgets
 * the ranges. */
bool replaced_nth(size_t n, uintptr_t *start, uintptr_t *end);

/*
 * ld.so unmaps libraries by calls of its own, which no hook sees. Before it does so: the n-th range
 * may disappear at any moment, and a fork in another thread must not read it (the child shares its
 * pages, as it does without the library). Data leaves hugetlb pages before that if other threads
 * run and the process has forked: the kernel takes shared ones from a child if the pool is empty.
 * may_go false: it is still there, and stays.
 */
void replaced_doubt(size_t n, bool may_go);

/* [start, end) was unmapped by calls that no hook sees. Forgets the ranges in it. */
void replaced_forget(uintptr_t start, uintptr_t end);

#endif
