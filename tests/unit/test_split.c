/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of a huge page can be protected, advised or emptied as on base pages. The page is split
 * with its content, or stays as it is when a call fails.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/sys.h"
#include "fixture.h"
#include "heap/heap.h"
#include "region/empty.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/split.h"

#define PAGE  ((size_t)64 * KIB)
#define LARGE ((size_t)8 * MIB) /* four units */
#define BASE  4096ul
#define SEED  5

static struct region *const region = &heap.main.region;
static uintptr_t limit;

/* A region of eight pages, all huge, in use and filled. */
static void begin_with(const struct gate_pool *pool)
{
	gate_reset();
	gate_catch_stderr();
	gate_pool(pool);
	fixture_forget();
	heap.source = fixture_source(pool->page_bytes);
	process_base_bytes = BASE;
	limit = fixture_start + 8 * pool->page_bytes;
	assert_int_equal(region_make(region, fixture_start, limit, &heap.source), 0);
	assert_int_equal(region_map(region, fixture_start, limit, 0), 0);
	region_use(region, fixture_start, limit);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 8);
	fixture_fill(fixture_start, limit, SEED);
}

static void begin(size_t page_bytes)
{
	const struct gate_pool pool = {
		.page_bytes = page_bytes,
		.pages = 8,
		.populate_limit = SIZE_MAX,
	};

	begin_with(&pool);
}

static void end(void)
{
	fixture_check_region(region);
	region_drop(region);
	assert_int_equal(munmap((void *)fixture_start, FIXTURE_BYTES), 0);
}

static size_t huge_pages(void)
{
	return gate_pool_mapped(fixture_start, FIXTURE_BYTES);
}

/* What the kernel says of the mapping at an address: its rights, and whether a flag is set. */
static void mapping_at(uintptr_t address, char rights[5], const char *flag, bool *has_flag)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool here = false;

	assert_non_null(smaps);
	strcpy(rights, "");
	*has_flag = false;
	while (fgets(line, sizeof(line), smaps)) {
		unsigned long from, to;
		char found[5];

		if (sscanf(line, "%lx-%lx %4s", &from, &to, found) == 3) {
			here = address >= from && address < to;
			if (here)
				strcpy(rights, found);
		} else if (here && !strncmp(line, "VmFlags:", 8)) {
			*has_flag = strstr(line, flag);
		}
	}
	fclose(smaps);
}

static void assert_mapping(uintptr_t address, const char *expected, const char *flag, bool has_flag)
{
	char rights[5];
	bool found;

	mapping_at(address, rights, flag, &found);
	if (strcmp(rights, expected) || found != has_flag)
		fail_msg("%#lx: rights %s, flag %s %d; expected %s and %d", address, rights, flag,
			 found, expected, has_flag);
}

static void only_what_is_covered_in_part_becomes_small(void **state)
{
	static const size_t page_sizes[] = {PAGE, LARGE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(page_sizes); i++) {
		size_t page = page_sizes[i];

		begin(page);
		assert_int_equal(
			split_pages(region, fixture_start + page, fixture_start + 3 * page, false),
			0);
		assert_int_equal(huge_pages(), 8);
		assert_int_equal(split_pages(region, fixture_start + page + BASE,
					     fixture_start + 4 * page - BASE, false),
				 0);
		assert_int_equal(huge_pages(), 6);
		assert_false(region_huge_at(region, fixture_start + page));
		assert_true(region_huge_at(region, fixture_start + 2 * page));
		assert_false(region_huge_at(region, fixture_start + 3 * page));
		fixture_check_filled(fixture_start, limit, SEED);
		assert_int_equal(split_count, 2);
		/* small ones are not made so again */
		assert_int_equal(split_pages(region, fixture_start + page + BASE,
					     fixture_start + page + 2 * BASE, false),
				 0);
		assert_int_equal(split_count, 2);
		assert_int_equal(split_pages(region, fixture_start, fixture_start + 8 * page, true),
				 0);
		assert_int_equal(huge_pages(), 0);
		fixture_check_filled(fixture_start, limit, SEED);
		fixture_fill(fixture_start, limit, SEED + 1);
		end();
	}
}

/* Nothing is left aside: what the process has mapped is what it had. */
static void nothing_is_left_aside(void **state)
{
	unsigned long long before, after, small = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		FILE *statm;

		begin(PAGE);
		statm = fopen("/proc/self/statm", "re");
		assert_int_equal(fscanf(statm, "%llu", &before), 1);
		fclose(statm);
		assert_int_equal(split_pages(region, fixture_start, limit, true), 0);
		statm = fopen("/proc/self/statm", "re");
		assert_int_equal(fscanf(statm, "%llu", &after), 1);
		fclose(statm);
		small = after - before;
		end();
	}
	assert_int_equal(small, 0);
}

static void whole_pages_keep_their_rights(void **state)
{
	static const struct {
		int rights;
		const char *text;
	} rows[] = {
		{PROT_NONE, "---p"},
		{PROT_READ, "r--p"},
		{PROT_READ | PROT_EXEC, "r-xp"},
		{PROT_READ | PROT_WRITE, "rw-p"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uintptr_t page = fixture_start + 2 * PAGE;

		begin(PAGE);
		assert_int_equal(sys_mprotect(page, PAGE, rows[i].rights), 0);
		page_state_protected(region, page, page + PAGE, rows[i].rights, 0);
		assert_true(region_huge_at(region, page));
		assert_int_equal(split_pages(region, page + BASE, page + 2 * BASE, false), 0);
		assert_mapping(page, rows[i].text, " dc ", false);
		assert_mapping(page + PAGE - 1, rows[i].text, " dc ", false);
		assert_mapping(page - 1, "rw-p", " dc ", false);
		assert_int_equal(sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
		fixture_check_filled(fixture_start, limit, SEED);
		end();
	}
}

static void whole_pages_keep_their_advice(void **state)
{
	static const struct {
		int advice, undo;
		const char *flag;
	} rows[] = {{MADV_DONTFORK, MADV_DOFORK, " dc "}, {MADV_DONTDUMP, MADV_DODUMP, " dd "}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uintptr_t page = fixture_start + 2 * PAGE;

		begin(PAGE);
		page_state_advised(region, page, page + 3 * PAGE, rows[i].advice);
		page_state_advised(region, page + PAGE, page + 2 * PAGE, rows[i].undo);
		/* rights and advice don't disturb each other */
		page_state_protected(region, page, page + PAGE, PROT_READ, 0);
		page_state_protected(region, page, page + PAGE, PROT_READ | PROT_WRITE, 0);
		assert_int_equal(split_pages(region, page + BASE, page + 3 * PAGE - BASE, true), 0);
		assert_mapping(page, "rw-p", rows[i].flag, true);
		assert_mapping(page + PAGE, "rw-p", rows[i].flag, false);
		assert_mapping(page + 2 * PAGE, "rw-p", rows[i].flag, true);
		fixture_check_filled(fixture_start, limit, SEED);
		end();
	}
}

static void replaced_memory_is_not_ours_any_more(void **state)
{
	uintptr_t page = fixture_start + 2 * PAGE;

	(void)state;
	begin(PAGE);
	assert_int_equal(munmap((void *)page, PAGE), 0);
	gate_pool_forget(page, PAGE);
	page_state_replaced(region, page, page + PAGE);
	assert_int_equal(region->units[2] & UNIT_ALTERED, UNIT_ALTERED);
	assert_false(region_huge_at(region, page));
	/* never in use, never mapped: the program's alone */
	region_unuse(region, page + PAGE, limit);
	region_give_back(region, page + PAGE, limit);
	page_state_replaced(region, page + PAGE, page + 2 * PAGE);
	assert_int_equal(region->units[3], UNIT_FOREIGN);
	end();
}

static void dontneed_empties_exactly(void **state)
{
	static const size_t page_sizes[] = {PAGE, LARGE};
	uint64_t random = 1;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(page_sizes); i++)
		for (int round = 0; round < (page_sizes[i] == PAGE ? 60 : 6); round++) {
			size_t all = 8 * page_sizes[i];
			size_t from = fixture_random(&random) % all & ~(BASE - 1);
			size_t to = from + BASE +
				    (fixture_random(&random) % (all - from) & ~(BASE - 1));
			size_t whole = 0, before;

			if (to > all)
				to = all;
			begin(page_sizes[i]);
			if (round % 3 == 0)
				assert_int_equal(split_pages(region, fixture_start + all / 2,
							     fixture_start + all / 2 + BASE, false),
						 0);
			for (size_t page = 0; page < 8; page++)
				whole += page * page_sizes[i] >= from &&
					 (page + 1) * page_sizes[i] <= to &&
					 region_huge_at(region,
							fixture_start + page * page_sizes[i]);
			before = huge_pages();
			assert_int_equal(
				empty_pages(region, fixture_start + from, fixture_start + to), 0);
			fixture_check_filled(fixture_start, fixture_start + from, SEED);
			fixture_check_zero(fixture_start + from, fixture_start + to);
			fixture_check_filled(fixture_start + to, fixture_start + all, SEED);
			assert_int_equal(huge_pages(), before - whole);
			fixture_fill(fixture_start, limit, SEED);
			end();
		}
}

static void dontneed_of_protected_pages(void **state)
{
	uintptr_t page = fixture_start + 2 * PAGE;

	(void)state;
	begin(PAGE);
	assert_int_equal(sys_mprotect(page, PAGE, PROT_NONE), 0);
	page_state_protected(region, page, page + PAGE, PROT_NONE, 0);
	assert_int_equal(empty_pages(region, fixture_start + PAGE, fixture_start + 4 * PAGE), 0);
	assert_mapping(page, "---p", " dc ", false);
	assert_int_equal(sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
	fixture_check_zero(fixture_start + PAGE, fixture_start + 4 * PAGE);
	fixture_check_filled(fixture_start + 4 * PAGE, limit, SEED);
	end();
}

/* Every call on the way fails once: the page is small or it is not, and its content is there. */
/* What is zero already is not written to again: a mapping that nobody may write to shows it. In a
 * sandbox the library does not ask the kernel what rights the mapping has. */
static void dontneed_of_empty_memory_writes_nothing(void **state)
{
	const uintptr_t from = fixture_start + BASE, to = from + 4 * BASE;

	(void)state;
	begin(PAGE);
	memset((void *)from, 0, to - from);
	assert_int_equal(mprotect((void *)fixture_start, PAGE, PROT_READ), 0);
	sys_sandboxed = true;
	assert_int_equal(empty_pages(region, from, to), 0);
	sys_sandboxed = false;
	assert_int_equal(huge_pages(), 8);
	end();
}

static void every_call_fails_once(void **state)
{
	static const int errors[] = {ENOMEM, EINVAL, EPERM, EAGAIN, EINTR};
	static const int all_rights[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
	uintptr_t page = fixture_start + 2 * PAGE;
	unsigned int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++)
		for (size_t j = 0; j < COUNT_OF(all_rights); j++)
			for (unsigned long nth = 1; nth < 12; nth++) {
				int rights = all_rights[j], failed;

				begin(PAGE);
				assert_int_equal(sys_mprotect(page, PAGE, rights), 0);
				page_state_protected(region, page, page + PAGE, rights, 0);
				page_state_advised(region, page, page + PAGE, MADV_DONTFORK);
				gate_fail(GATE_ANY, nth, errors[i]);
				failed = split_pages(region, page + BASE, page + 2 * BASE, false);
				assert_true(failed == 0 || failed == -ENOMEM);
				assert_int_equal(region_huge_at(region, page), !!failed);
				failures += !!failed;
				gate_fail(GATE_ANY, 0, 0);
				assert_int_equal(
					split_pages(region, page + BASE, page + 2 * BASE, false),
					0);
				assert_mapping(page,
					       rights == PROT_NONE   ? "---p"
					       : rights == PROT_READ ? "r--p"
								     : "rw-p",
					       " xx ", false);
				assert_int_equal(sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE),
						 0);
				fixture_check_filled(fixture_start, limit, SEED);
				end();
			}
	assert_true(failures > 15);
}

/* The kernel has unmapped the page when the move of its copy fails: the content is put back. */
static void a_move_that_fails_late_loses_nothing(void **state)
{
	static const int all_rights[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
	const uintptr_t page = fixture_start + 2 * PAGE;
	unsigned int holes = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all_rights); i++)
		for (unsigned long nth = 1; nth < 4; nth++) {
			const int rights = all_rights[i];

			begin(PAGE);
			assert_int_equal(sys_mprotect(page, PAGE, rights), 0);
			page_state_protected(region, page, page + PAGE, rights, 0);
			gate_fail_late();
			gate_fail(SYS_mremap, nth, ENOMEM);
			assert_int_equal(split_pages(region, page + BASE, page + 2 * BASE, false),
					 0);
			holes += gate_calls(SYS_mremap) >= nth;
			gate_fail(GATE_ANY, 0, 0);
			assert_false(region_huge_at(region, page));
			assert_mapping(page,
				       rights == PROT_NONE   ? "---p"
				       : rights == PROT_READ ? "r--p"
							     : "rw-p",
				       " xx ", false);
			assert_int_equal(sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
			fixture_check_filled(fixture_start, limit, SEED);
			gate_fail(SYS_mremap, nth, ENOMEM);
			assert_int_equal(empty_pages(region, page + PAGE, page + 2 * PAGE), 0);
			gate_fail(GATE_ANY, 0, 0);
			fixture_check_zero(page + PAGE, page + 2 * PAGE);
			fixture_fill(fixture_start, limit, SEED);
			end();
		}
	assert_true(holes >= COUNT_OF(all_rights));
}

static void dontneed_where_every_call_fails(void **state)
{
	(void)state;
	for (unsigned long nth = 1; nth < 16; nth++) {
		begin(PAGE);
		gate_fail(GATE_ANY, nth, ENOMEM);
		assert_int_equal(
			empty_pages(region, fixture_start + BASE, fixture_start + 5 * PAGE), 0);
		fixture_check_filled(fixture_start, fixture_start + BASE, SEED);
		fixture_check_zero(fixture_start + BASE, fixture_start + 5 * PAGE);
		fixture_check_filled(fixture_start + 5 * PAGE, limit, SEED);
		end();
	}
}

static void aside_is_aligned_or_nothing(void **state)
{
	(void)state;
	begin(LARGE);
	for (size_t pages = 1; pages < 4; pages++) {
		long aside = split_map_aside(region, pages * LARGE);

		assert_true(aside > 0 && (uintptr_t)aside % LARGE == 0);
		*(char *)aside = *(char *)(aside + pages * LARGE - 1) = 1;
		assert_int_equal(munmap((void *)aside, pages * LARGE), 0);
	}
	gate_fail(CPU_MMAP_NUMBER, 1, ENOMEM);
	assert_int_equal(split_map_aside(region, LARGE), -ENOMEM);
	end();
}

/* Others run, and there is no way to keep them from writing: nothing happens, one line says why. */
static void others_that_cannot_be_stopped(void **state)
{
	(void)state;
	begin(PAGE);
	gate_fail_always(SYS_unshare, EINVAL);
	gate_fail_always(SYS_userfaultfd, ENOSYS);
	gate_fail_always(SYS_getdents64, EIO);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			split_pages(region, fixture_start + BASE, fixture_start + 2 * BASE, false),
			-ENOMEM);
	assert_int_equal(huge_pages(), 8);
	assert_int_equal(gate_stderr_lines(), 1);
	assert_int_equal(gate_calls(SYS_userfaultfd), 3);
	fixture_check_filled(fixture_start, limit, SEED);
	end();
}

/* Others run: userfaultfd keeps all of them from writing, ptrace only those that are threads. */
static void others_are_kept_from_writing(void **state)
{
	(void)state;
	begin(PAGE);
	gate_fail_always(SYS_unshare, EINVAL);
	assert_int_equal(split_pages(region, fixture_start + BASE, fixture_start + 2 * BASE, false),
			 0);
	gate_fail_always(SYS_userfaultfd, ENOSYS);
	assert_int_equal(
		split_pages(region, fixture_start + PAGE, fixture_start + PAGE + BASE, false),
		-ENOMEM);
	assert_int_equal(huge_pages(), 7);
	fixture_check_filled(fixture_start, limit, SEED);
	end();
}

/* What a device or io_uring may write to cannot be kept from being written to. */
static void pinned_memory_is_not_split(void **state)
{
	(void)state;
	begin(PAGE);
	gate_file("/proc/self/status", "Name:\ttest\nVmLck:\t       0 kB\nVmPin:\t      64 kB\n");
	assert_int_equal(split_pages(region, fixture_start + BASE, fixture_start + 2 * BASE, false),
			 -ENOMEM);
	assert_int_equal(huge_pages(), 8);
	end();
	begin(PAGE);
	gate_file("/proc/self/status", "Name:\ttest\nVmLck:\t      64 kB\nVmPin:\t       0 kB\n");
	assert_int_equal(split_pages(region, fixture_start + BASE, fixture_start + 2 * BASE, false),
			 0);
	assert_int_equal(huge_pages(), 7);
	end();
}

/* A program that has locked itself in: with one thread no other call is made than those of growth.
 */
static void locked_in(void **state)
{
	static const bool single = true, not_single = false;
	static const long forbidden[] = {SYS_userfaultfd,    SYS_unshare, SYS_clone, SYS_ptrace,
					 SYS_rt_sigprocmask, SYS_openat,  SYS_prctl, SYS_wait4};

	(void)state;
	begin(PAGE);
	sys_sandboxed = true;
	process_libc_single_threaded = &not_single;
	assert_int_equal(split_pages(region, fixture_start + BASE, fixture_start + 2 * BASE, false),
			 -ENOMEM);
	assert_int_equal(huge_pages(), 8);
	process_libc_single_threaded = &single;
	assert_int_equal(split_pages(region, fixture_start + BASE, fixture_start + 2 * BASE, false),
			 0);
	assert_int_equal(huge_pages(), 7);
	for (size_t i = 0; i < COUNT_OF(forbidden); i++)
		assert_int_equal(gate_calls(forbidden[i]), 0);
	fixture_check_filled(fixture_start, limit, SEED);
	end();
}

/* A filter from outside, as a service manager's, may kill for these calls. */
static void one_thread_under_a_filter(void **state)
{
	static struct sock_filter allow_all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, allow_all};

	(void)state;
	begin(PAGE);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		end();
		skip();
	}
	assert_int_equal(split_pages(region, fixture_start + BASE, fixture_start + 2 * BASE, false),
			 0);
	assert_int_equal(gate_calls(SYS_userfaultfd), 0);
	assert_int_equal(gate_calls(SYS_unshare), 0);
	assert_int_equal(huge_pages(), 7);
	end();
}

/* Locked, or with a key, as a whole; then a part of it changes. */
static void locks_and_keys_stay(void **state)
{
	const uintptr_t page = fixture_start + 2 * PAGE;
	int key = pkey_alloc(0, 0);

	(void)state;
	begin(PAGE);
	page_state_locked(region, page + BASE, page + 2 * PAGE, true);
	assert_int_equal(page_state_unlocked_end(region, fixture_start, limit), page + PAGE);
	page_state_locked(region, page, page + PAGE, true);
	assert_int_equal(page_state_unlocked_end(region, fixture_start, limit), page);
	page_state_protected(region, page, page + PAGE, PROT_READ, -1);
	page_state_protected(region, page, page + PAGE, PROT_READ | PROT_WRITE, -1);
	assert_int_equal(page_state_unlocked_end(region, fixture_start, limit), page);
	assert_int_equal(split_pages(region, page + BASE, page + 2 * BASE, false), 0);
	assert_int_equal(gate_calls(SYS_mlock), 1);
	assert_int_equal(page_state_unlocked_end(region, fixture_start, limit), page + PAGE);
	page_state_locked(region, fixture_start, limit, false);
	assert_int_equal(page_state_unlocked_end(region, fixture_start, limit), limit);
	assert_int_equal(split_pages(region, page + PAGE, page + PAGE + BASE, false), 0);
	assert_int_equal(gate_calls(SYS_mlock), 1);
	fixture_check_filled(fixture_start, limit, SEED);
	end();

	if (key < 0)
		return; /* this CPU has no keys */
	begin(PAGE);
	assert_int_equal(pkey_mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE, key), 0);
	page_state_protected(region, page, page + PAGE, PROT_READ | PROT_WRITE, key);
	pkey_set(key, PKEY_DISABLE_ACCESS);
	page_state_protected(region, page, page + PAGE, PROT_READ | PROT_WRITE, -1);
	assert_int_equal(split_pages(region, page + BASE, page + 2 * BASE, false), 0);
	/* the kernel's own copying heeds keys, too */
	assert_int_equal(syscall(SYS_access, page, 0), -1);
	assert_int_equal(errno, EFAULT);
	pkey_set(key, 0);
	fixture_check_filled(fixture_start, limit, SEED);
	end();
	pkey_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(others_that_cannot_be_stopped), /* first: its line comes once */
		FIXTURE_TEST(locks_and_keys_stay),
		FIXTURE_TEST(only_what_is_covered_in_part_becomes_small),
		FIXTURE_TEST(nothing_is_left_aside),
		FIXTURE_TEST(whole_pages_keep_their_rights),
		FIXTURE_TEST(whole_pages_keep_their_advice),
		FIXTURE_TEST(replaced_memory_is_not_ours_any_more),
		FIXTURE_TEST(dontneed_empties_exactly),
		FIXTURE_TEST(dontneed_of_empty_memory_writes_nothing),
		FIXTURE_TEST(dontneed_of_protected_pages),
		FIXTURE_TEST(every_call_fails_once),
		FIXTURE_TEST(a_move_that_fails_late_loses_nothing),
		FIXTURE_TEST(dontneed_where_every_call_fails),
		FIXTURE_TEST(aside_is_aligned_or_nothing),
		FIXTURE_TEST(others_are_kept_from_writing),
		FIXTURE_TEST(pinned_memory_is_not_split),
		FIXTURE_TEST(locked_in),
		/* last: the filter stays */
		FIXTURE_TEST(one_thread_under_a_filter),
	};

	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
