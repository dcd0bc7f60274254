/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mprotect, madvise, mlock, mincore, mmap, munmap, mremap and msync on single small pages of the
 * heap give the same results as on small pages. partial-page-calls ACTION PLACE
 *
 * PLACE is where the page lies: main (the break), arena (a thread's heap), large (a block that libc
 * maps by itself). The results are printed; under the library they must be what they are on small
 * pages. All that surrounds the page keeps its content, and the memory can be freed and used again.
 */
#include "partial_page_calls.h"

static const struct {
	const char *name;
	void (*run)(char *at);
} actions[] = {
	{"protect-none", partial_protect_none},
	{"protect-read", partial_protect_read},
	{"protect-execute", partial_protect_execute},
	{"protect-keys", partial_protect_keys},
	{"protect-across", partial_protect_across},
	{"protect-errors", partial_protect_errors},
	{"advise-dontneed", partial_advise_dontneed},
	{"advise-free", partial_advise_free},
	{"advise-harmless", partial_advise_harmless},
	{"advise-dontfork", partial_advise_dontfork},
	{"advise-wipeonfork", partial_advise_wipeonfork},
	{"advise-errors", partial_advise_errors},
	{"lock", partial_lock},
	{"mincore", partial_mincore},
	{"map-anonymous", partial_map_anonymous},
	{"map-file", partial_map_file},
	{"map-noreplace", partial_map_noreplace},
	{"unmap", partial_unmap},
	{"move-away", partial_move_away},
	{"synchronize", partial_synchronize},
};

/* 64 blocks of 64K; the page is the 9th of one in the middle, so its huge page holds others. */
static void among_blocks(void (*run)(char *at))
{
	char *block[64];

	for (int i = 0; i < 64; i++) {
		block[i] = need(aligned_alloc(SMALL_PAGE, 65536));
		fill_pattern(block[i], 65536, 1);
	}
	heap_share_check();
	run(block[40] + 8 * SMALL_PAGE);
	for (int i = 0; i < 64; i++) {
		if (i == 40) {
			check_pattern(block[i], 8 * SMALL_PAGE, 1);
			check_pattern(block[i] + 9 * SMALL_PAGE, 65536 - 9 * SMALL_PAGE, 1);
		} else {
			check_pattern(block[i], 65536, 1);
		}
		free(block[i]);
	}
	for (int i = 0; i < 64; i++) {
		block[i] = need(calloc(1, 65536));
		check_zero(block[i], 65536);
	}
	for (int i = 0; i < 64; i++)
		free(block[i]);
}

static void in_large_block(void (*run)(char *at))
{
	size_t bytes = 100 * MEGABYTE, before = 50 * MEGABYTE + 3 * SMALL_PAGE;
	char *block = need(aligned_alloc(SMALL_PAGE, bytes));

	fill_pattern(block, bytes, 1);
	heap_share_check();
	run(block + before);
	check_pattern(block, before, 1);
	check_pattern(block + before + SMALL_PAGE, bytes - before - SMALL_PAGE, 1);
	free(block);
	free(need(calloc(1, bytes)));
}

static void *run_in_thread(void *run)
{
	among_blocks(*(void (**)(char *))run);
	return NULL;
}

int main(int count, char **arguments)
{
	void (*run)(char *at) = NULL;
	pthread_t thread;

	CHECK(count == 3, "partial-page-calls ACTION PLACE");
	CHECK(sysconf(_SC_PAGESIZE) == SMALL_PAGE || !(SMALL_PAGE % sysconf(_SC_PAGESIZE)),
	      "small pages of %ld bytes", sysconf(_SC_PAGESIZE));
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(arguments[1], actions[i].name))
			run = actions[i].run;
	CHECK(run, "no action %s", arguments[1]);
	if (!strcmp(arguments[2], "main"))
		among_blocks(run);
	else if (!strcmp(arguments[2], "large"))
		in_large_block(run);
	else
		/* on a stack of its own: start_thread()'s would be shared with a fork's child */
		CHECK(pthread_create(&thread, NULL, run_in_thread, &run) == 0 &&
			      pthread_join(thread, NULL) == 0,
		      "no thread");
	return 0;
}
