/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which mappings of which files HUGETLB_MMAP_FILES is for.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "files/copy_name.h"
#include "files/wanted.h"
#include "unit.h"

#define M2 ((size_t)2 << 20)

static bool is_wanted(int protection, int flags, size_t bytes)
{
	const struct calls_file call = {
		.bytes = bytes, .protection = protection, .flags = flags, .fd = 0};

	return wanted_file_is(&call, M2);
}

static void test_arguments(void **state)
{
	(void)state;
	assert_true(is_wanted(PROT_READ, MAP_SHARED, M2));
	assert_true(is_wanted(PROT_READ, MAP_PRIVATE | MAP_POPULATE | MAP_NORESERVE, M2));
	assert_false(is_wanted(PROT_READ, MAP_SHARED, M2 - 1));
	assert_false(is_wanted(PROT_READ | PROT_WRITE, MAP_PRIVATE, M2));
	assert_false(is_wanted(PROT_READ | PROT_EXEC, MAP_PRIVATE, M2));
	assert_false(is_wanted(PROT_NONE, MAP_PRIVATE, M2));
	assert_false(is_wanted(PROT_READ, MAP_SHARED | MAP_LOCKED, M2));
	assert_false(is_wanted(PROT_READ, MAP_SHARED_VALIDATE, M2));
	sys_sandboxed = true;
	assert_false(is_wanted(PROT_READ, MAP_SHARED, M2));
	sys_sandboxed = false;
}

static void test_patterns(void **state)
{
	(void)state;
	assert_true(wanted_file_matches("/models/a.gguf", "*.gguf"));
	assert_true(wanted_file_matches("/models/a.gguf", "b:a.gguf"));
	assert_true(wanted_file_matches("/models/a.gguf", "/models/*"));
	assert_true(wanted_file_matches("/models/deep/a.gguf", "/data/*:/models/*"));
	assert_true(wanted_file_matches("/models/a.gguf", "::?.gguf"));
	assert_false(wanted_file_matches("/models/a.gguf", "gguf:*.bin:models"));
	assert_false(wanted_file_matches("/models/a.gguf", "/a.gguf"));
	assert_false(wanted_file_matches("/models/a.gguf", ":"));
}

/* A copy's name changes with all that changes when a file does. */
static void test_names(void **state)
{
	const struct statx file = {.stx_dev_major = 1,
				   .stx_dev_minor = 2,
				   .stx_ino = 3,
				   .stx_size = 4,
				   .stx_mtime = {.tv_sec = 5, .tv_nsec = 6},
				   .stx_ctime = {.tv_sec = 7, .tv_nsec = 8}};
	struct statx others[] = {file, file, file, file, file, file, file, file};
	char name[COPY_NAME_BYTES], other[COPY_NAME_BYTES];

	(void)state;
	others[0].stx_dev_major++;
	others[1].stx_dev_minor++;
	others[2].stx_ino += (uint64_t)1 << 32;
	others[3].stx_size += (uint64_t)1 << 32;
	others[4].stx_mtime.tv_sec++;
	others[5].stx_mtime.tv_nsec++;
	others[6].stx_ctime.tv_sec++;
	others[7].stx_ctime.tv_nsec++;
	copy_name(&file, name);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		copy_name(&others[i], other);
		assert_string_not_equal(name, other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
