/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving over other memory: whatever fails, and however late, the target has the old content or the
 * new one.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/sys.h"
#include "pages/move.h"
#include "unit.h"

#define BYTES ((size_t)256 << 10)

static uintptr_t map_filled(int content)
{
	void *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	memset((char *)at + BYTES / 2, content, BYTES / 2); /* the first half stays zero */
	return (uintptr_t)at;
}

static void assert_content(uintptr_t at, int content)
{
	for (size_t i = 0; i < BYTES; i++)
		assert_int_equal(((char *)at)[i], i < BYTES / 2 ? 0 : content);
}

static bool is_mapped(uintptr_t at)
{
	unsigned char resident[BYTES / 4096];

	return !mincore((void *)at, BYTES, resident);
}

static void moves(void **state)
{
	uintptr_t from = map_filled(1), to = map_filled(2);

	(void)state;
	assert_int_equal(move_over(from, BYTES, to, PROT_READ | PROT_WRITE, 0), 0);
	assert_false(is_mapped(from));
	assert_content(to, 1);
	munmap((void *)to, BYTES);
}

static void what_fails_early_changes_nothing(void **state)
{
	uintptr_t from = map_filled(1), to = map_filled(2);

	(void)state;
	gate_fail(SYS_mremap, 1, EINVAL);
	assert_int_equal(move_over(from, BYTES, to, PROT_READ | PROT_WRITE, 0), -EINVAL);
	assert_content(from, 1);
	assert_content(to, 2);
	munmap((void *)from, BYTES);
	munmap((void *)to, BYTES);
}

static void what_fails_late_is_copied(void **state)
{
	static const int all_rights[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all_rights); i++) {
		uintptr_t from = map_filled(1), to = map_filled(2);

		assert_int_equal(mprotect((void *)from, BYTES, all_rights[i]), 0);
		gate_fail_late();
		gate_fail(SYS_mremap, 1, ENOMEM);
		assert_int_equal(move_over(from, BYTES, to, all_rights[i], 0), MOVE_COPIED);
		assert_true(is_mapped(from));
		assert_int_equal(sys_can_read((void *)to, BYTES), all_rights[i] & PROT_READ);
		assert_int_equal(mprotect((void *)to, BYTES, PROT_READ), 0);
		assert_content(to, 1);
		munmap((void *)from, BYTES);
		munmap((void *)to, BYTES);
	}
}

/* The premise: the kernel itself unmaps the target, then fails (the old place is to stay mapped,
 * and the address space is limited), and leaves a hole. */
static void the_kernel_leaves_a_hole(void **state)
{
	const struct rlimit small = {1 << 20, RLIM_INFINITY};
	uintptr_t from = map_filled(1), to = map_filled(2);
	struct rlimit before;
	long at;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	if (before.rlim_max != RLIM_INFINITY)
		skip();
	assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
	at = sys_pass(SYS_mremap, from, BYTES, BYTES,
		      MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	if (at == -EINVAL)
		skip(); /* before Linux 5.7 */
	assert_int_equal(at, -ENOMEM);
	assert_false(is_mapped(to));
	assert_true(move_fill_hole(from, BYTES, to, PROT_READ | PROT_WRITE, 0));
	assert_content(to, 1);
	assert_false(move_fill_hole(from, BYTES, to, PROT_READ | PROT_WRITE, 0));
	munmap((void *)from, BYTES);
	munmap((void *)to, BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(moves),
		UNIT_TEST(what_fails_early_changes_nothing),
		UNIT_TEST(what_fails_late_is_copied),
		UNIT_TEST(the_kernel_leaves_a_hole),
	};

	return cmocka_run_group_tests_name("move", tests, NULL, NULL);
}
