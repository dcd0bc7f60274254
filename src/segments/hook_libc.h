/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Care of copies: of what is on hugetlb pages, of which parts may be protected later and whose data
 * a child of fork keeps, and of text that is no file's any more.
 *
 * memory/memory.h does it, for which libc's text is changed, where it was not yet. That can't be
 * done under threads, and costs as much as the rest of an idle start. Both kinds of segments share
 * it; it is asked for once a process, under ld.so's lock.
 */
#ifndef HOOK_LIBC_H
#define HOOK_LIBC_H

#include <stdbool.h>

#include "segments/task.h"

/*
 * Has the copies that a task will make taken care of. Where that is not to be had, a line says so,
 * as a rule, and the task forgoes hugetlb pages; its text on transparent ones is to be in a file in
 * memory. Returns whether libc's text was changed, and so what is mapped.
 */
bool hook_libc_prepare(struct run *run, struct task *task);

/* Nothing was taken that needs care: libc's text is what it was, and care may be asked for again.
 */
void hook_libc_end(void);

/*
 * For libraries that come late: asks for care when the first one comes, whatever its length. A
 * program that loads none never pays, and one that does has one thread then, as a rule.
 */
void hook_libc_foresee(const struct run *run);

/* There is nothing left for hook_libc_foresee() to do. */
bool hook_libc_is_decided(void);

#endif
