/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mapping a range as a whole: the result, and what is left when a call fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pages/mapping.h"
#include "unit.h"

#define SMALL 4096
#define HUGE  ((size_t)2 << 20)

static struct source source_of(size_t page_bytes)
{
	return (struct source){.page_bytes = page_bytes, .populate = true, .reserve = true};
}

static bool is_mapped(uintptr_t address)
{
	unsigned char resident;

	return !mincore((void *)(address & -(uintptr_t)SMALL), 1, &resident);
}

static void rounds_up(void **state)
{
	size_t bytes = 0;

	(void)state;
	assert_int_equal(mapping_round(1, HUGE, &bytes), 0);
	assert_int_equal(bytes, HUGE);
	assert_int_equal(mapping_round(HUGE, HUGE, &bytes), 0);
	assert_int_equal(bytes, HUGE);
	assert_int_equal(mapping_round(HUGE + 1, HUGE, &bytes), 0);
	assert_int_equal(bytes, 2 * HUGE);
	assert_int_equal(mapping_round(SIZE_MAX - HUGE + 1, HUGE, &bytes), 0);
	assert_int_equal(mapping_round(SIZE_MAX - HUGE + 2, HUGE, &bytes), -ENOMEM);
	assert_int_equal(mapping_round(SIZE_MAX, HUGE, &bytes), -ENOMEM);
}

static void small_and_thp(void **state)
{
	static const struct {
		enum mapping_kind kind;
		size_t page_bytes, bytes;
	} cases[] = {{MAPPING_SMALL, SMALL, 5 * SMALL}, {MAPPING_THP, HUGE, 3 * HUGE}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct source source = source_of(cases[i].page_bytes);
		uintptr_t at = 0;

		assert_int_equal(
			mapping_map(cases[i].kind, &source, cases[i].bytes, MAPPING_ANY_NODE, &at),
			0);
		assert_int_equal(at % cases[i].page_bytes, 0);
		memset((void *)at, 1, cases[i].bytes);
		assert_int_equal(mapping_unmap(at, cases[i].bytes), 0);
		assert_false(is_mapped(at));
		assert_false(is_mapped(at + cases[i].bytes - 1));
	}
}

static void nodes_are_checked(void **state)
{
	struct source source = source_of(SMALL);
	uintptr_t at = 0;

	(void)state;
	assert_int_equal(mapping_map(MAPPING_SMALL, &source, SMALL, -2, &at), -EINVAL);
	assert_int_equal(mapping_map(MAPPING_SMALL, &source, SMALL, MAPPING_NODES, &at), -EINVAL);
	assert_int_equal(mapping_map(MAPPING_SMALL, &source, SMALL, MAPPING_NODES - 1, &at),
			 -EINVAL);
	/* a kernel without NUMA has node 0 */
	gate_fail_always(SYS_mbind, ENOSYS);
	assert_int_equal(mapping_map(MAPPING_SMALL, &source, SMALL, 1, &at), -EINVAL);
	assert_int_equal(mapping_map(MAPPING_SMALL, &source, SMALL, 0, &at), 0);
	mapping_unmap(at, SMALL);
}

/* Before 5.14 each page is touched by the kernel, and is zero all the same. */
static void populates_without_the_advice(void **state)
{
	struct source source = source_of(HUGE);
	uintptr_t at = 0;

	(void)state;
	gate_fail_always(SYS_madvise, EINVAL);
	assert_int_equal(mapping_map(MAPPING_THP, &source, HUGE, MAPPING_ANY_NODE, &at), 0);
	assert_int_equal(gate_calls(SYS_getcpu), HUGE / SMALL);
	for (size_t i = 0; i < HUGE; i++)
		assert_int_equal(((unsigned char *)at)[i], 0);
	mapping_unmap(at, HUGE);
}

/* Interrupted as often as it likes. */
static void populating_survives_signals(void **state)
{
	struct source source = source_of(HUGE);
	uintptr_t at = 0;

	(void)state;
	gate_fail_always(SYS_madvise, EINTR);
	assert_int_equal(mapping_map(MAPPING_THP, &source, HUGE, MAPPING_ANY_NODE, &at), 0);
	mapping_unmap(at, HUGE);
}

static unsigned long count_mappings(void)
{
	char text[1 << 16];
	unsigned long lines = 0;
	int fd = open("/proc/self/maps", O_RDONLY);
	long got;

	while ((got = read(fd, text, sizeof(text))) > 0)
		for (long i = 0; i < got; i++)
			lines += text[i] == '\n';
	close(fd);
	return lines;
}

static void every_call_fails_once(void **state)
{
	struct source source = source_of(HUGE);

	(void)state;
	for (unsigned long nth = 1;; nth++) {
		unsigned long before = count_mappings();
		uintptr_t at = 0;
		int result;

		gate_reset();
		gate_fail(GATE_ANY, nth, ENOMEM);
		result = mapping_map(MAPPING_THP, &source, HUGE, 0, &at);
		if (!result) {
			assert_int_equal(((unsigned char *)at)[HUGE - 1], 0);
			gate_reset();
			assert_int_equal(mapping_unmap(at, HUGE), 0);
		}
		/* an end that could not be cut off stays: no more than two */
		assert_uint_in_range(count_mappings(), before - 2, before + 2);
		if (gate_calls(GATE_ANY) < nth || nth > 1000)
			break;
	}
}

static void strangers_stay(void **state)
{
	const int map = MAP_PRIVATE | MAP_ANONYMOUS;
	int fd = memfd_create("other", MFD_CLOEXEC);
	struct source source = source_of(SMALL);
	uintptr_t at = 0;

	(void)state;
	assert_int_equal(ftruncate(fd, SMALL), 0);
	assert_int_equal(mapping_map(MAPPING_SMALL, &source, 8 * SMALL, MAPPING_ANY_NODE, &at), 0);
	mprotect((void *)(at + SMALL), SMALL, PROT_NONE);
	assert_true(mmap((void *)(at + 3 * SMALL), SMALL, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
			 0) != MAP_FAILED);
	assert_int_equal(mapping_unmap(at, 8 * SMALL), 0);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(is_mapped(at + i * SMALL), i == 3);
	/* without /proc there is no telling */
	assert_true(mmap((void *)at, SMALL, PROT_READ, map | MAP_FIXED, -1, 0) != MAP_FAILED);
	gate_hide_system();
	assert_int_equal(mapping_unmap(at, 8 * SMALL), 0);
	assert_false(is_mapped(at));
	assert_false(is_mapped(at + 3 * SMALL));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(rounds_up),
		UNIT_TEST(small_and_thp),
		UNIT_TEST(nodes_are_checked),
		UNIT_TEST(populates_without_the_advice),
		UNIT_TEST(populating_survives_signals),
		UNIT_TEST(every_call_fails_once),
		UNIT_TEST(strangers_stay),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
