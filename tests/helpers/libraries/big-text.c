/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library with a big text, for programs that load it late: relocated pointers into it, a
 * constructor that runs it, and data that counts.
 */
#include "big_text.h"

static int calls;
static char *const first_and_last[] = {big_text, big_text + 4096 * (TEXT_PAGES - 1)};

__attribute__((visibility("default"))) int library_check(void);

__attribute__((visibility("default"))) int library_check(void)
{
	check_big_text(VERSION);
	for (int i = 0; i < 2; i++) {
		int (*function)(void) = (int (*)(void))(uintptr_t)first_and_last[i];

		CHECK(function() == VERSION + i * 16 * (TEXT_PAGES - 1), "pointer %d", i);
	}
	return ++calls;
}

static void __attribute__((constructor)) begin(void)
{
	library_check();
}

static void __attribute__((destructor)) end(void)
{
	library_check();
}
