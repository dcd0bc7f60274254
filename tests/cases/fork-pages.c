/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child has the pages that it is meant to have: not those that the program keeps from it, others
 * with their rights and advice, early in its fork handlers, and small ones where a program forks
 * often; the first argument says what is tried.
 */
#include "fork_forms.h"

/* What the program keeps from children is a hole in the child. */
static char *kept;

static int result_of(long result)
{
	return result == -1 ? errno : 0;
}

static int unmap_kept(void)
{
	return result_of(munmap(kept, 4 * HUGE - 4096));
}

static int replace_kept(void)
{
	char *at = mmap(kept + 4096, 8192, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	CHECK(at == kept + 4096, "%m");
	check_zero(at, 8192);
	memset(at, 1, 8192);
	return 0;
}

static int empty_kept(void)
{
	return result_of(madvise(kept, 4 * HUGE, MADV_DONTNEED));
}

static int protect_kept(void)
{
	return result_of(mprotect(kept + 4096, 4096, PROT_READ));
}

static int lock_kept(void)
{
	return result_of(mlock(kept + 4096, 4096));
}

static int advise_kept(void)
{
	return result_of(madvise(kept, 4096, MADV_DONTDUMP));
}

static int read_kept(void)
{
	return *(volatile char *)(kept + HUGE);
}

static int check_neighbours(void)
{
	check_pattern(kept - HUGE, HUGE, 1);
	check_pattern(kept + 4 * HUGE, HUGE, 2);
	fill_pattern(kept - HUGE, HUGE, 3);
	fill_pattern(kept + 4 * HUGE, HUGE, 3);
	return 0;
}

static void kept_from_children(void)
{
	static const struct {
		int (*work)(void);
		int result; /* an exit status, or with `signal` that */
		bool signal;
	} rows[] = {
		{unmap_kept, 0, false},      {replace_kept, 0, false},
		{empty_kept, ENOMEM, false}, {protect_kept, ENOMEM, false},
		{lock_kept, ENOMEM, false},  {advise_kept, ENOMEM, false},
		{read_kept, SIGSEGV, true},  {check_neighbours, 0, false},
	};
	char *all = need(aligned_alloc(HUGE, 6 * HUGE));

	kept = all + HUGE;
	clone_stack = need(malloc(STACK_BYTES));
	fill_pattern(kept - HUGE, HUGE, 1);
	memset(kept, 7, 4 * HUGE);
	fill_pattern(kept + 4 * HUGE, HUGE, 2);
	CHECK(madvise(kept, 4 * HUGE, MADV_DONTFORK) == 0, "%m");
	for (enum form form = BY_FORK; form < FORMS; form++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			pid_t child = make_child(form, rows[i].work);
			int status;

			if (child == -1 && errno == ENOSYS)
				continue;
			CHECK(child > 0 && waitpid(child, &status, 0) == child, "no child");
			if (rows[i].signal)
				CHECK(WIFSIGNALED(status) && WTERMSIG(status) == rows[i].result,
				      "form %d, row %zu: status %#x", form, i,
				      (unsigned int)status);
			else
				CHECK(WIFEXITED(status) && WEXITSTATUS(status) == rows[i].result,
				      "form %d, row %zu: status %#x, not %d", form, i,
				      (unsigned int)status, rows[i].result);
		}
	for (size_t i = 0; i < 4 * HUGE; i++)
		CHECK(kept[i] == 7, "byte %zu changed in the parent", i);
}

/* Advice and rights on whole huge pages: the child has them, and the right content. */
static int rights_now, key_now = -1;

static int open_and_check(void)
{
	/* a key's rights are the thread's, and closed here */
	if (rights_now != (PROT_READ | PROT_WRITE) || key_now >= 0) {
		int end[2];

		CHECK(pipe(end) == 0, "%m");
		if (rights_now != PROT_READ)
			CHECK(write(end[1], memory, 1) == -1 && errno == EFAULT,
			      "rights %d: the child may read", rights_now);
		CHECK(mprotect(memory, BYTES, PROT_READ | PROT_WRITE) == 0, "%m");
		if (key_now >= 0)
			CHECK(pkey_mprotect(memory, BYTES, PROT_READ | PROT_WRITE, 0) == 0, "%m");
		close(end[0]);
		close(end[1]);
	}
	return check_and_overwrite();
}

static void fork_with_rights(int rights, int key)
{
	for (enum form form = BY_FORK; form < FORMS; form++) {
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		rights_now = key >= 0 ? PROT_NONE : rights;
		key_now = key;
		if (key >= 0)
			CHECK(pkey_mprotect(memory, BYTES, rights, key) == 0, "%m");
		else
			CHECK(mprotect(memory, BYTES, rights) == 0, "%m");
		child = make_child(form, open_and_check);
		if (key >= 0)
			CHECK(pkey_mprotect(memory, BYTES, PROT_READ | PROT_WRITE, 0) == 0, "%m");
		else
			CHECK(mprotect(memory, BYTES, PROT_READ | PROT_WRITE) == 0, "%m");
		if (child == -1 && errno == ENOSYS)
			continue;
		check_pattern(memory, BYTES, seed);
		fill_pattern(memory, BYTES, seed + 1);
		check_exit(child, form);
		check_pattern(memory, BYTES, seed + 1);
		seed += 2;
	}
}

static void advice_and_rights(void)
{
	int key;

	make_memory();
	for (int i = 0; i < 3; i++) {
		fork_with_rights(PROT_READ, -1);
		fork_with_rights(PROT_NONE, -1);
	}
	key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
	if (key >= 0) {
		fork_with_rights(PROT_READ | PROT_WRITE, key);
		pkey_free(key);
	}
	rights_now = PROT_READ | PROT_WRITE;
	key_now = -1;
	CHECK(madvise(memory, BYTES, MADV_DONTDUMP) == 0, "%m");
	for (int i = 0; i < 10; i++)
		all_forms_once();
}

/* The same for a page of 1 GiB, in a mapping of its own, of which only a little is in use. */
static void rights_1G(void)
{
	memory = mmap(NULL, 1024 * MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	CHECK(memory != MAP_FAILED, "%m");
	clone_stack = need(malloc(STACK_BYTES));
	for (int i = 0; i < 60; i++) {
		const int advice = i % 3 == 0 ? MADV_DONTDUMP : MADV_DODUMP;
		const int rights = i % 3 == 1 ? PROT_READ : PROT_READ | PROT_WRITE;
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		CHECK(madvise(memory, 1024 * MEGABYTE, advice) == 0, "%m");
		CHECK(mprotect(memory, 1024 * MEGABYTE, rights) == 0, "%m");
		rights_now = rights;
		child = fork();
		if (child == 0)
			_exit(open_and_check());
		CHECK(mprotect(memory, 1024 * MEGABYTE, PROT_READ | PROT_WRITE) == 0, "%m");
		check_exit(child, BY_FORK);
		seed++;
	}
}

/*
 * A program that forks often: what little it has leaves huge pages, and so does its next growth,
 * but a heap that becomes big is on huge pages again. With EXPECT_OFTEN these are hugetlb pages.
 */
static struct heap_share fork_and_measure(int forks)
{
	for (int i = 0; i < forks; i++) {
		pid_t child;

		fill_pattern(memory, 6 * MEGABYTE, seed);
		child = fork();
		if (child == 0) {
			check_pattern(memory, 6 * MEGABYTE, seed);
			fill_pattern(memory, 6 * MEGABYTE, 0);
			_exit(0);
		}
		check_pattern(memory, 6 * MEGABYTE, seed++);
		check_exit(child, BY_FORK);
	}
	return heap_share_of("/proc/self/smaps");
}

/* Data stays on huge pages for more forks, because it does not come back to them. */
static void often_data(void)
{
	make_memory();
	fork_and_measure(15);
	check_in_data();
	fork_and_measure(1);
	CHECK(!hugetlb_kb_of_memory(), "data is on huge pages after 16 forks");
	setenv("IN_DATA", "0", 1);
}

static void grow(size_t bytes)
{
	for (size_t done = 0; done < bytes; done += 60000)
		memset(need(malloc(60000)), 1, 60000);
}

static void often(void)
{
	const bool expected = getenv("EXPECT_OFTEN") != NULL;
	struct heap_share share;

	memory = need(malloc(6 * MEGABYTE));
	share = fork_and_measure(3);
	CHECK(!expected || share.hugetlb_kb >= 6 << 10, "%lu kB before", share.hugetlb_kb);
	share = fork_and_measure(3);
	CHECK(!expected || share.hugetlb_kb == 0, "%lu kB after", share.hugetlb_kb);
	grow(40 * MEGABYTE);
	share = fork_and_measure(1);
	CHECK(!expected || share.hugetlb_kb == 0, "%lu kB after growth", share.hugetlb_kb);
	grow(200 * MEGABYTE);
	share = fork_and_measure(1);
	CHECK(!expected || share.hugetlb_kb >= 150 << 10, "%lu kB of 200 MB", share.hugetlb_kb);
}

/*
 * A fork handler that is older than the library's (of a library that is linked, say) finds all
 * memory in the child, and what it writes stays.
 */
static bool early_is_tried;

static void early_child_handler(void)
{
	if (!early_is_tried)
		return;
	check_pattern(memory, BYTES, seed);
	fill_pattern(memory, BYTES, seed + 7);
	free(need(malloc(100000)));
}

static void register_early(void)
{
	pthread_atfork(NULL, NULL, early_child_handler);
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(void) = register_early;

static int check_early(void)
{
	check_pattern(memory, BYTES, seed + 7);
	fill_pattern(memory, BYTES, seed + 9);
	return 0;
}

static void early_handler(void)
{
	make_memory();
	early_is_tried = true;
	for (int i = 0; i < 20; i++) {
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		child = make_child(BY_FORK, check_early);
		fill_pattern(memory, BYTES, seed + 1);
		check_exit(child, BY_FORK);
		check_pattern(memory, BYTES, seed + 1);
		seed += 2;
	}
}

int main(int count, char **arguments)
{
	static const struct kind kinds[] = {
		{"kept", kept_from_children},     {"rights", advice_and_rights},
		{"rights-1G", rights_1G},         {"often", often},
		{"early-handler", early_handler}, {"often-data", often_data},
	};

	return run_kind(kinds, sizeof(kinds) / sizeof(kinds[0]), count, arguments);
}
