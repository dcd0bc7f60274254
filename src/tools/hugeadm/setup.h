/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --setup: how much memory huge pages get and who may use them, asked and done in one go.
 */
#ifndef HUGEADM_SETUP_H
#define HUGEADM_SETUP_H

#include "hugeadm.h"

#define SETUP_USERS_MAX 64

struct setup {
	size_t page_bytes;
	unsigned long pages;
	char *users[SETUP_USERS_MAX]; /* names; kept until the end of the tool */
	int user_count;
};

/*
 * setup_ask.c: shows what the machine has and asks, on standard error; the answers are lines of
 * standard input. Returns 0, -EINVAL where the input ends before they are complete, or -ENOENT
 * where this machine has no huge pages; both with a line.
 */
int setup_ask(const struct request *request, struct setup *setup);

#endif
