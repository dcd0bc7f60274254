/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every mallopt setting keeps its meaning, or does no harm, before and after the heap grew. */
#include <malloc.h>
#include "heap_share.h"

static void *take_and_free(void *unused)
{
	void *block[64];

	(void)unused;
	for (size_t i = 0; i < 64; i++) {
		block[i] = need(malloc(1000 + i * 20000));
		fill_pattern(block[i], 1000 + i * 20000, 5);
	}
	for (size_t i = 0; i < 64; i++) {
		check_pattern(block[i], 1000 + i * 20000, 5);
		free(block[i]);
	}
	return NULL;
}

static void try_setting(const char *name, int parameter, int value)
{
	printf("%s %d: %d\n", name, value, mallopt(parameter, value));
	take_and_free(NULL);
	pthread_join(start_thread(take_and_free, NULL), NULL);
}

int main(void)
{
	take_and_free(NULL);
	try_setting("M_MXFAST", M_MXFAST, 64);
	try_setting("M_TRIM_THRESHOLD", M_TRIM_THRESHOLD, 65536);
	try_setting("M_TRIM_THRESHOLD", M_TRIM_THRESHOLD, -1);
	try_setting("M_TOP_PAD", M_TOP_PAD, 0);
	try_setting("M_TOP_PAD", M_TOP_PAD, 5 << 20);
	try_setting("M_MMAP_THRESHOLD", M_MMAP_THRESHOLD, 8192);
	try_setting("M_MMAP_MAX", M_MMAP_MAX, 0);
	try_setting("M_MMAP_MAX", M_MMAP_MAX, 65536);
	try_setting("M_PERTURB", M_PERTURB, 0xa5);
	try_setting("M_ARENA_MAX", M_ARENA_MAX, 1);
	return 0;
}
