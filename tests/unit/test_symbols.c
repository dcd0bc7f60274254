/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symbols of libc found in its own tables are those that dlsym finds.
 */
#include <dlfcn.h>
#include <gnu/lib-names.h>

#include "hook/symbols.h"
#include "unit.h"

static struct libc libc;
static void *handle;

static int find(void **state)
{
	(void)state;
	handle = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD);
	return handle ? libc_find(&libc) : -1;
}

/* Functions of every size and of every room of libc; none of them is chosen at run time (IFUNC). */
static void same_as_dlsym(void **state)
{
	static const char *const names[] = {
		"sbrk",
		"brk",
		"mmap",
		"mmap64",
		"munmap",
		"mremap",
		"mprotect",
		"madvise",
		"mlock",
		"munlock",
		"mlock2",
		"prctl",
		"fork",
		"mallopt",
		"malloc",
		"free",
		"calloc",
		"realloc",
		"gnu_get_libc_version",
		"printf",
		"qsort",
		"getenv",
		"environ",
		"stdout",
		"open",
		"close",
		"write",
		"abort",
		"regcomp",
		"getaddrinfo",
		"iconv",
		"setlocale",
		"strtod",
		"posix_spawn",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		void *theirs = dlsym(handle, names[i]);
		size_t bytes = 0;

		assert_non_null(theirs);
		if (libc_symbol(&libc, names[i], &bytes) != (uintptr_t)theirs)
			fail_msg("%s: %p, dlsym says %p", names[i],
				 (void *)libc_symbol(&libc, names[i], NULL), theirs);
		assert_true(bytes > 0);
	}
}

/* A function's size reaches no further than the next function begins, and lies within the text. */
static void sizes_lie_within_the_text(void **state)
{
	size_t sbrk_bytes, brk_bytes;
	uintptr_t sbrk_at = libc_symbol(&libc, "sbrk", &sbrk_bytes);
	uintptr_t brk_at = libc_symbol(&libc, "brk", &brk_bytes);

	(void)state;
	assert_true(libc.text < libc.text_end);
	assert_true(sbrk_at >= libc.text && sbrk_at + sbrk_bytes <= libc.text_end);
	assert_true(brk_at >= libc.text && brk_at + brk_bytes <= libc.text_end);
	assert_true(sbrk_at + sbrk_bytes <= brk_at || brk_at + brk_bytes <= sbrk_at);
}

static void unknown_names_are_not_found(void **state)
{
	static const char *const names[] = {
		"", "sbr", "sbrkk", "no_such_function", "main", "cmocka_unit_test", "\001\377"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(libc_symbol(&libc, names[i], NULL), 0);
}

/* What libc itself needs from elsewhere is in its table, too, but not there. */
static void undefined_symbols_are_not_found(void **state)
{
	(void)state;
	assert_int_equal(libc_symbol(&libc, "_dl_exception_create", NULL), 0);
	assert_int_equal(libc_symbol(&libc, "__tls_get_addr", NULL), 0);
}

/* memcpy and its like are functions that return the function: no use to a jump. */
static void functions_chosen_at_run_time_are_not_found(void **state)
{
	(void)state;
#ifdef __x86_64__
	assert_int_equal(libc_symbol(&libc, "memcpy", NULL), 0);
	assert_int_equal(libc_symbol(&libc, "strlen", NULL), 0);
#else
	skip();
#endif
}

static void no_system_call_is_made(void **state)
{
	struct libc again;

	(void)state;
	assert_int_equal(libc_find(&again), 0);
	assert_int_not_equal(libc_symbol(&again, "fork", NULL), 0);
	assert_memory_equal(&again, &libc, sizeof(libc));
	assert_int_equal(gate_calls(GATE_ANY), 0);
}

/* Tables without a bucket, or with one that is empty. */
static void empty_tables(void **state)
{
	static const uint32_t no_bucket[] = {0, 1, 1, 0, 0, 0};
	static const uint32_t empty_bucket[] = {1, 1, 1, 0, 0, 0, 0};
	struct libc other = libc;

	(void)state;
	other.hash = no_bucket;
	assert_int_equal(libc_symbol(&other, "sbrk", NULL), 0);
	other.hash = empty_bucket;
	assert_int_equal(libc_symbol(&other, "sbrk", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(same_as_dlsym),
		UNIT_TEST(sizes_lie_within_the_text),
		UNIT_TEST(unknown_names_are_not_found),
		UNIT_TEST(undefined_symbols_are_not_found),
		UNIT_TEST(functions_chosen_at_run_time_are_not_found),
		UNIT_TEST(no_system_call_is_made),
		UNIT_TEST(empty_tables),
	};

	return cmocka_run_group_tests_name("libc", tests, find, NULL);
}
