/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of smaps, with a file made by the test.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "proc/smaps.h"
#include "unit.h"

#define PATH "/proc/7/smaps"

static struct smaps smaps;
static struct smaps_mapping mapping;

static int setup(void **state)
{
	(void)state;
	gate_reset();
	gate_hide_system();
	memset(&mapping, 'x', sizeof(mapping));
	return 0;
}

static void open_text(const char *text)
{
	gate_file(PATH, text);
	assert_int_equal(smaps_open(&smaps, PATH), 0);
}

static void assert_end(void)
{
	assert_false(smaps_next(&smaps, &mapping));
	smaps_close(&smaps);
	assert_int_equal(gate_calls(SYS_openat), gate_calls(SYS_close));
}

static void all_fields(void **state)
{
	(void)state;
	open_text("7f12-7f14 r-xp 0000a000 fe:10 247134                     /usr/bin/a b\n"
		  "Size:                  8 kB\n"
		  "KernelPageSize:     2048 kB\n"
		  "Rss:                   6 kB\n"
		  "AnonHugePages:      4096 kB\n"
		  "Shared_Hugetlb:     2048 kB\n"
		  "Private_Hugetlb:    6144 kB\n"
		  "Unheard_Of:           99 kB\n"
		  "Locked:                3 kB\n"
		  "THPeligible:           1\n"
		  "ProtectionKey:         5\n"
		  "VmFlags: rd ex mr mw me ht \n");
	assert_true(smaps_next(&smaps, &mapping));
	assert_int_equal(mapping.start, 0x7f12);
	assert_int_equal(mapping.end, 0x7f14);
	assert_string_equal(mapping.rights, "r-xp");
	assert_int_equal(mapping.offset, 0xa000);
	assert_int_equal(mapping.device_major, 0xfe);
	assert_int_equal(mapping.device_minor, 0x10);
	assert_int_equal(mapping.inode, 247134);
	assert_string_equal(mapping.name, "/usr/bin/a b");
	assert_int_equal(mapping.value[SMAPS_SIZE], 8);
	assert_int_equal(mapping.value[SMAPS_KERNEL_PAGE], 2048);
	assert_int_equal(mapping.value[SMAPS_RSS], 6);
	assert_int_equal(mapping.value[SMAPS_ANON_HUGE], 4096);
	assert_int_equal(smaps_hugetlb_kb(&mapping), 8192);
	assert_int_equal(mapping.value[SMAPS_LOCKED], 3);
	assert_int_equal(mapping.value[SMAPS_THP_ELIGIBLE], 1);
	assert_int_equal(mapping.value[SMAPS_PROTECTION_KEY], 5);
	assert_int_equal(mapping.value[SMAPS_SWAP], 0);
	assert_true(mapping.present & 1u << SMAPS_SIZE);
	assert_false(mapping.present & 1u << SMAPS_SWAP);
	assert_string_equal(mapping.flags, "rd ex mr mw me ht");
	assert_false(smaps_is_anonymous(&mapping));
	assert_end();
}

static void figures_belong_to_their_mapping(void **state)
{
	(void)state;
	open_text(
		"1000-2000 rw-p 00000000 00:00 0 \nRss: 4 kB\n"
		"2000-3000 rw-p 00000000 00:00 0 \n"
		"3000-4000 rw-p 00000000 00:00 0                   [heap]\nRss: 8 kB\n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]\nRss: 0 kB");
	assert_true(smaps_next(&smaps, &mapping));
	assert_int_equal(mapping.value[SMAPS_RSS], 4);
	assert_true(smaps_is_anonymous(&mapping));
	assert_true(smaps_next(&smaps, &mapping));
	assert_int_equal(mapping.start, 0x2000);
	assert_int_equal(mapping.value[SMAPS_RSS], 0);
	assert_int_equal(mapping.present, 0);
	assert_true(smaps_next(&smaps, &mapping));
	assert_string_equal(mapping.name, "[heap]");
	assert_int_equal(mapping.value[SMAPS_RSS], 8);
	assert_false(smaps_is_anonymous(&mapping));
	assert_true(smaps_next(&smaps, &mapping));
	assert_int_equal(mapping.start, 0xffffffffff600000);
	assert_end();
}

/* /proc/PID/maps has the first lines only. */
static void maps_without_figures(void **state)
{
	(void)state;
	open_text("1000-2000 r--s 00000000 00:05 9 /SYSV00000000 (deleted)\n"
		  "2000-3000 ---p 00000000 00:00 0\n");
	assert_true(smaps_next(&smaps, &mapping));
	assert_string_equal(mapping.name, "/SYSV00000000 (deleted)");
	assert_true(smaps_next(&smaps, &mapping));
	assert_string_equal(mapping.rights, "---p");
	assert_string_equal(mapping.name, "");
	assert_end();
}

static void torn_lines(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"x",
		"-",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 ",
		"1000-2000 rw",
		"Rss: 4 kB\n",
		"1000-2000 rw-p",
		"1000-2000 rw-p 0 00",
		"Size:\n\n\n:\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		setup(NULL);
		open_text(texts[i]);
		assert_end();
	}
}

static void long_name_is_cut(void **state)
{
	static char text[9000] = "1000-2000 r--p 00000000 fe:00 5 /";

	(void)state;
	memset(text + strlen(text), 'n', 8000);
	strcat(text, "\nRss: 12 kB\n");
	open_text(text);
	assert_true(smaps_next(&smaps, &mapping));
	assert_int_equal(strlen(mapping.name), SMAPS_NAME_BYTES - 1);
	assert_int_equal(mapping.value[SMAPS_RSS], 12);
	assert_end();
}

static void no_such_file(void **state)
{
	(void)state;
	assert_int_equal(smaps_open(&smaps, PATH), -ENOENT);
}

static void own_smaps_is_understood(void **state)
{
	bool found = false;
	int here = 0;

	(void)state;
	gate_reset();
	assert_int_equal(smaps_open(&smaps, "/proc/self/smaps"), 0);
	while (smaps_next(&smaps, &mapping)) {
		assert_true(mapping.present & 1u << SMAPS_RSS);
		if ((uintptr_t)&here >= mapping.start && (uintptr_t)&here < mapping.end) {
			found = true;
			assert_string_equal(mapping.name, "[stack]");
			assert_true(mapping.value[SMAPS_RSS] >= 4);
		}
	}
	smaps_close(&smaps);
	assert_true(found);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_fields),
		TEST(figures_belong_to_their_mapping),
		TEST(maps_without_figures),
		TEST(torn_lines),
		TEST(long_name_is_cut),
		TEST(no_such_file),
		TEST(own_smaps_is_understood),
	};

	return cmocka_run_group_tests_name("smaps", tests, NULL, NULL);
}
