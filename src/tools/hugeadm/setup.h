/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --setup: asks how much memory huge pages get and which users may use them, and sets everything
 * up.
 */
#ifndef HUGEADM_SETUP_H
#define HUGEADM_SETUP_H

#include "hugeadm.h"

#define SETUP_USERS_MAX 64

struct setup {
	size_t page_bytes;
	unsigned long pages;
	char *users[SETUP_USERS_MAX]; /* names; never freed */
	int user_count;
};

/*
 * setup_ask.c: shows what the machine has and asks, on standard error; the answers are lines of
 * standard input. Returns 0, -EINVAL if the input ends too early, or -ENOENT if this machine has no
 * huge pages; both after a line.
 */
int setup_ask(const struct request *request, struct setup *setup);

#endif
