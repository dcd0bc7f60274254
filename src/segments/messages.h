/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is reported about text and data as a whole: what was not achieved, and names that fit no
 * object.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "segments/task.h"

/*
 * One line for both tasks if less was achieved than was requested; each of them may be planned or
 * not. Returns 0, or -errno with that line written.
 */
int messages_shortfall(struct run *run, const struct task *text, const struct task *data);

/* Lists, at LOG_INFO, each word of HUGETLB_ELFMAP_OBJECTS that fits no loaded object: it may name a
 * library that is loaded later, or be misspelt. */
void messages_absent_objects(const struct options *options);

#endif
