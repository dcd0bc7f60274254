/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every variable accepts its values and refuses others.
 */
#include <errno.h>
#include <stdlib.h>

#include "environment.h"

/* Tries a switch with each of its words; `on` is where the answer is. */
static void assert_switch(const char *name, const bool *on)
{
	static const char *const words[][2] = {
		{"no", "yes"}, {"0", "1"}, {"false", "true"}, {"off", "on"}, {"NO", "Yes"}};
	static const char *const garbage[] = {"y", "yes ", " yes", "2", "-1", "yess", "\n"};
	char entry[128];

	for (size_t i = 0; i < COUNT_OF(words); i++)
		for (int is_on = 0; is_on < 2; is_on++) {
			snprintf(entry, sizeof(entry), "%s=%s", name, words[i][is_on]);
			assert_good(entry);
			assert_int_equal(*on, is_on);
		}
	for (size_t i = 0; i < COUNT_OF(garbage); i++) {
		snprintf(entry, sizeof(entry), "%s=%s", name, garbage[i]);
		assert_bad(entry);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		unsigned long long bytes;
		int result;
	} cases[] = {
		{"0", 0, 0},
		{"1", 1, 0},
		{"4096", 4096, 0},
		{"2048K", 2048 << 10, 0},
		{"2048k", 2048 << 10, 0},
		{"2M", 2 << 20, 0},
		{"2m", 2 << 20, 0},
		{"1G", 1 << 30, 0},
		{"1g", 1 << 30, 0},
		{"007", 7, 0},
		{"", 0, -EINVAL},
		{"K", 0, -EINVAL},
		{"-1", 0, -EINVAL},
		{"+1", 0, -EINVAL},
		{" 1", 0, -EINVAL},
		{"1 ", 0, -EINVAL},
		{"2MB", 2 << 20, 0},
		{"2MiB", 2 << 20, 0},
		{"2mib", 2 << 20, 0},
		{"1gB", 1 << 30, 0},
		{"100B", 100, 0},
		{"2iB", 0, -EINVAL},
		{"2Mi", 0, -EINVAL},
		{"2MBB", 0, -EINVAL},
		{"B", 0, -EINVAL},
		{"2MM", 0, -EINVAL},
		{"0x10", 0, -EINVAL},
		{"1.5G", 0, -EINVAL},
		{"1T", 0, -EINVAL},
		{"99999999999999999999", 0, -ERANGE},
		{"99999999999999999999x", 0, -ERANGE},
		{"18446744073709551616", 0, -ERANGE},
		{"18446744073709551615K", 0, -ERANGE},
		{"17179869184G", 0, -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t bytes = 12345;
		int result = options_parse_size(cases[i].text, &bytes);

		if (result != cases[i].result || bytes != (result ? 12345 : (size_t)cases[i].bytes))
			fail_msg("\"%s\": %d, %zu", cases[i].text, result, bytes);
	}
}

static void biggest_size(void **state)
{
	char text[32];
	size_t bytes;

	(void)state;
	snprintf(text, sizeof(text), "%zu", SIZE_MAX);
	assert_int_equal(options_parse_size(text, &bytes), 0);
	assert_true(bytes == SIZE_MAX);
	snprintf(text, sizeof(text), "%zuK", SIZE_MAX >> 10);
	assert_int_equal(options_parse_size(text, &bytes), 0);
	assert_true(bytes == (SIZE_MAX >> 10) << 10);
}

static void switches(void **state)
{
	(void)state;
	assert_switch("HUGETLB_MORECORE_SHRINK", &options.heap_shrink);
	assert_switch("HUGETLB_NO_RESERVE", &options.no_reserve);
	assert_switch("HUGETLB_REQUIRE", &options.require);
}

static void presence(void **state)
{
	(void)state;
	assert_good("HUGETLB_NO_PREFAULT=");
	assert_true(options.no_prefault);
	assert_good("HUGETLB_NO_PREFAULT=whatever");
	assert_true(options.no_prefault);
	assert_good("HUGETLB_NO_PREFAULT=no");
	assert_false(options.no_prefault);
	assert_good("HUGETLB_NO_PREFAULT=0");
	assert_false(options.no_prefault);
}

static void shm(void **state)
{
	static const char *const garbage[] = {"HUGETLB_SHM=x", "HUGETLB_SHM=thp", "HUGETLB_SHM=3M",
					      "HUGETLB_SHM=2M ", "HUGETLB_SHM=2Q"};

	(void)state;
	assert_good("HUGETLB_SHM=yes");
	assert_true(options.shm && !options.shm_page_bytes);
	assert_good("HUGETLB_SHM=1");
	assert_true(options.shm && !options.shm_page_bytes);
	assert_good("HUGETLB_SHM=no");
	assert_false(options.shm);
	assert_good("HUGETLB_SHM=2M");
	assert_true(options.shm && options.shm_page_bytes == 2 << 20);
	for (size_t i = 0; i < COUNT_OF(garbage); i++)
		assert_bad(garbage[i]);
}

static void mappings(void **state)
{
	static const struct {
		const char *entry;
		enum feature_pages pages;
		size_t threshold, page_bytes;
	} rows[] = {
		{"HUGETLB_MMAP=yes", HEAP_DEFAULT, 0, 0},
		{"HUGETLB_MMAP=no", HEAP_OFF, 0, 0},
		{"HUGETLB_MMAP=auto", HEAP_AUTO, 0, 0},
		{"HUGETLB_MMAP=0", HEAP_OFF, 0, 0},
		{"HUGETLB_MMAP=256K", HEAP_DEFAULT, 256 << 10, 0},
		{"HUGETLB_MMAP=yes,thp", HEAP_THP, 0, 0},
		{"HUGETLB_MMAP=300k,THP", HEAP_THP, 300 << 10, 0},
		{"HUGETLB_MMAP=8M,1G", HEAP_SIZE, 8 << 20, 1 << 30},
	};
	static const char *const garbage[] = {
		"HUGETLB_MMAP=x",          "HUGETLB_MMAP=thp",        "HUGETLB_MMAP=yes,",
		"HUGETLB_MMAP=yes,3M",     "HUGETLB_MMAP=1M,2M,4M",   "HUGETLB_MMAP_LIMIT=x",
		"HUGETLB_MMAP_LIMIT=some", "HUGETLB_MMAP_ALSO=heaps", "HUGETLB_MMAP_ALSO=stack"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_good(rows[i].entry);
		assert_int_equal(options.mmap, rows[i].pages);
		assert_int_equal(options.mmap_threshold, rows[i].threshold);
		assert_int_equal(options.mmap_page_bytes, rows[i].page_bytes);
	}
	for (size_t i = 0; i < COUNT_OF(garbage); i++)
		assert_bad(garbage[i]);
	assert_good("HUGETLB_MMAP_LIMIT=3M");
	assert_int_equal(options.mmap_limit, 3 << 20);
	assert_good("HUGETLB_MMAP_ALSO=stacks");
	assert_true(options.mmap_stacks && !options.mmap_code);
	assert_good("HUGETLB_MMAP_ALSO=code,stacks");
	assert_true(options.mmap_stacks && options.mmap_code);
}

static void mapped_files(void **state)
{
	static const char *const garbage[] = {"HUGETLB_MMAP_FILES=x", "HUGETLB_MMAP_FILES=auto",
					      "HUGETLB_MMAP_FILES=yes,3M",
					      "HUGETLB_MMAP_FILES_ONLY=::"};

	(void)state;
	assert_good("HUGETLB_MMAP_FILES=64M,1G");
	assert_int_equal(options.files, HEAP_SIZE);
	assert_int_equal(options.files_threshold, 64 << 20);
	assert_int_equal(options.files_page_bytes, 1 << 30);
	assert_int_equal(options.mmap, HEAP_OFF);
	assert_good("HUGETLB_MMAP_FILES=yes,thp");
	assert_int_equal(options.files, HEAP_THP);
	assert_good("HUGETLB_MMAP_FILES=no");
	assert_int_equal(options.files, HEAP_OFF);
	assert_good("HUGETLB_MMAP_FILES_ONLY=*.gguf:/data/*");
	assert_string_equal(options.files_only, "*.gguf:/data/*");
	for (size_t i = 0; i < COUNT_OF(garbage); i++)
		assert_bad(garbage[i]);
}

static void heap(void **state)
{
	(void)state;
	assert_good("HUGETLB_MORECORE=auto");
	assert_int_equal(options.heap, HEAP_AUTO);
	assert_good("HUGETLB_MORECORE=yes");
	assert_int_equal(options.heap, HEAP_DEFAULT);
	assert_good("HUGETLB_MORECORE=1");
	assert_int_equal(options.heap, HEAP_DEFAULT);
	assert_good("HUGETLB_MORECORE=no");
	assert_int_equal(options.heap, HEAP_OFF);
	assert_good("HUGETLB_MORECORE=0");
	assert_int_equal(options.heap, HEAP_OFF);
	assert_good("HUGETLB_MORECORE=THP");
	assert_int_equal(options.heap, HEAP_THP);
	assert_good("HUGETLB_MORECORE=1g");
	assert_int_equal(options.heap, HEAP_SIZE);
	assert_true(options.heap_page_bytes == 1ul << 30);
	assert_unset("HUGETLB_MORECORE=");
	assert_bad("HUGETLB_MORECORE=maybe");
	assert_bad("HUGETLB_MORECORE=3M");
	assert_bad("HUGETLB_MORECORE=00");
	assert_bad("HUGETLB_MORECORE=-2M");
	assert_bad("HUGETLB_MORECORE=99999999999999999999999G");
}

static void limit(void **state)
{
	static const char *const garbage[] = {"0",   "0%",  "101%", "%",   "5%%",
					      "4%G", "4G%", "-1",   "half"};
	char entry[64];

	(void)state;
	assert_good("HUGETLB_LIMIT=4G");
	assert_true(options.limit_bytes == (uint64_t)4 << 30);
	assert_int_equal(options.limit_percent, 0);
	assert_good("HUGETLB_LIMIT=25%");
	assert_int_equal(options.limit_percent, 25);
	assert_true(options.limit_bytes == 0);
	assert_good("HUGETLB_LIMIT=100%");
	assert_int_equal(options.limit_percent, 100);
	assert_unset("HUGETLB_LIMIT=");
	for (size_t i = 0; i < COUNT_OF(garbage); i++) {
		snprintf(entry, sizeof(entry), "HUGETLB_LIMIT=%s", garbage[i]);
		assert_bad(entry);
	}
}

static void default_page_size(void **state)
{
	(void)state;
	assert_good("HUGETLB_DEFAULT_PAGE_SIZE=2048k");
	assert_true(options.default_page_bytes == 2ul << 20);
	assert_unset("HUGETLB_DEFAULT_PAGE_SIZE=");
	assert_bad("HUGETLB_DEFAULT_PAGE_SIZE=0");
	assert_bad("HUGETLB_DEFAULT_PAGE_SIZE=yes");
	assert_bad("HUGETLB_DEFAULT_PAGE_SIZE=2000000");
	assert_bad("HUGETLB_DEFAULT_PAGE_SIZE=99999999999999999999");
}

static void heap_base(void **state)
{
	char entry[64];

	(void)state;
	assert_good("HUGETLB_MORECORE_HEAPBASE=0x40000000");
	assert_true(options.heap_base == 0x40000000);
	assert_good("HUGETLB_MORECORE_HEAPBASE=4aBcDeF0");
	assert_true(options.heap_base == 0x4abcdef0);
	assert_good("HUGETLB_MORECORE_HEAPBASE=0X10");
	assert_true(options.heap_base == 16);
	snprintf(entry, sizeof(entry), "HUGETLB_MORECORE_HEAPBASE=%lx", (unsigned long)UINTPTR_MAX);
	assert_good(entry);
	assert_true(options.heap_base == UINTPTR_MAX);
	assert_unset("HUGETLB_MORECORE_HEAPBASE=");
	assert_bad("HUGETLB_MORECORE_HEAPBASE=0x");
	assert_bad("HUGETLB_MORECORE_HEAPBASE=0x12g4");
	assert_bad("HUGETLB_MORECORE_HEAPBASE=-1");
	assert_bad("HUGETLB_MORECORE_HEAPBASE=10000000000000000");
	assert_bad("HUGETLB_MORECORE_HEAPBASE=0x0x1");
}

static void fork_words(void **state)
{
	(void)state;
	assert_good("HUGETLB_FORK=auto");
	assert_int_equal(options.fork, FORK_AUTO);
	assert_good("HUGETLB_FORK=cow");
	assert_int_equal(options.fork, FORK_COW);
	assert_good("HUGETLB_FORK=COPY");
	assert_int_equal(options.fork, FORK_COPY);
	assert_unset("HUGETLB_FORK=");
	assert_bad("HUGETLB_FORK=yes");
}

static void features(void **state)
{
	(void)state;
	assert_unset("HUGETLB_FEATURES=");
	assert_good("HUGETLB_FEATURES=no_map_hugetlb");
	assert_true(options.no_map_hugetlb);
	assert_good("HUGETLB_FEATURES=map_hugetlb");
	assert_false(options.no_map_hugetlb);
	assert_good("HUGETLB_FEATURES=private_reservations,no_safe_noreserve,no_map_hugetlb");
	assert_true(options.no_map_hugetlb);
	assert_good("HUGETLB_FEATURES=no_private_reservations,safe_noreserve,");
	assert_bad("HUGETLB_FEATURES=no_map_hugetlb,other");
	assert_bad("HUGETLB_FEATURES=map");
	assert_bad("HUGETLB_FEATURES=no_");
	assert_bad("HUGETLB_FEATURES=no_no_map_hugetlb");
	assert_bad("HUGETLB_FEATURES=,");
	assert_int_equal(read_two("HUGETLB_VERBOSE=4", "HUGETLB_FEATURES=no_private_reservations"),
			 2);
	assert_non_null(strstr(gate_stderr(), "no_private_reservations has no effect"));
}

static void verbosity(void **state)
{
	(void)state;
	assert_good("HUGETLB_VERBOSE=0");
	assert_int_equal(options.verbose, 0);
	assert_int_equal(read_one("HUGETLB_VERBOSE=99"), 1);
	assert_int_equal(bad, 0);
	assert_int_equal(options.verbose, 99);
	assert_true(log_at(99));
	assert_bad("HUGETLB_VERBOSE=100");
	assert_unset("HUGETLB_VERBOSE=");
	assert_bad("HUGETLB_VERBOSE=-1");
	assert_bad("HUGETLB_VERBOSE=0K");
	assert_bad("HUGETLB_VERBOSE=yes");
	assert_false(log_at(LOG_INFO));
	assert_int_equal(read_one("HUGETLB_DEBUG="), 1);
	assert_int_equal(options.verbose, 99);
	assert_int_equal(read_two("HUGETLB_DEBUG=1", "HUGETLB_VERBOSE=0"), 2);
	assert_int_equal(options.verbose, 99);
	assert_int_equal(read_two("HUGETLB_VERBOSE=2", "HUGETLB_DEBUG=no"), 2);
	assert_int_equal(options.verbose, 2);
}

/* HUGETLB_VERBOSE counts for the lines of all, wherever it stands. */
static void level_comes_first(void **state)
{
	(void)state;
	read_two("HUGETLB_MORECORE=bad", "HUGETLB_VERBOSE=0");
	assert_int_equal(bad, 1);
	assert_int_equal(gate_stderr_lines(), 0);
}

static void segments(void **state)
{
	static const char *const garbage[] = {
		"HUGETLB_ELFMAP=x",
		"HUGETLB_ELFMAP=yes",
		"HUGETLB_ELFMAP=X",
		"HUGETLB_ELFMAP=RR",
		"HUGETLB_ELFMAP=R=",
		"HUGETLB_ELFMAP=R=3M",
		"HUGETLB_ELFMAP=R:W:R",
		"HUGETLB_ELFMAP=:",
		"HUGETLB_ELFMAP=R=222222222222222222222222M",
	};

	(void)state;
	read_one("HUGETLB_SHM=no");
	assert_int_equal(options.segments, SEGMENTS_MARKED);
	assert_good("HUGETLB_ELFMAP=no");
	assert_int_equal(options.segments, SEGMENTS_OFF);
	assert_good("HUGETLB_ELFMAP=R");
	assert_int_equal(options.segments, SEGMENTS_CHOSEN);
	assert_true(options.text && !options.data && !options.text_page_bytes);
	assert_good("HUGETLB_ELFMAP=w");
	assert_true(!options.text && options.data);
	assert_good("HUGETLB_ELFMAP=R:W");
	assert_true(options.text && options.data);
	assert_good("HUGETLB_ELFMAP=W=1GR=2048k");
	assert_true(options.text && options.data);
	assert_int_equal(options.text_page_bytes, 2 << 20);
	assert_int_equal(options.data_page_bytes, 1 << 30);
	for (size_t i = 0; i < COUNT_OF(garbage); i++)
		assert_bad(garbage[i]);
	assert_int_equal(options.segments, SEGMENTS_MARKED);
}

static void segments_auto(void **state)
{
	(void)state;
	assert_good("HUGETLB_ELFMAP=auto");
	assert_int_equal(options.segments, SEGMENTS_CHOSEN);
	assert_true(options.segments_auto && options.text && !options.data);
	assert_int_equal(options.backing, BACKING_FILE);
	assert_string_equal(options.objects, "all");
	assert_good("HUGETLB_ELFMAP=R");
	assert_false(options.segments_auto);
	assert_int_equal(options.backing, BACKING_LADDER);
}

static void segments_of_which_objects(void **state)
{
	static const char *const good[] = {"main",      "all",   "libc.so.6",
					   "all:-libc", "-main", "a:b:-c"};
	static const char *const garbage[] = {":", "-", "a:", ":a", "a::b", "a:-", "/lib/libc.so"};
	char entry[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		snprintf(entry, sizeof(entry), "HUGETLB_ELFMAP_OBJECTS=%s", good[i]);
		assert_good(entry);
		assert_string_equal(options.objects, good[i]);
	}
	for (size_t i = 0; i < COUNT_OF(garbage); i++) {
		snprintf(entry, sizeof(entry), "HUGETLB_ELFMAP_OBJECTS=%s", garbage[i]);
		assert_bad(entry);
	}
}

static void segments_backing(void **state)
{
	static const char *const words[] = {"auto", "hugetlb", "FILE", "thp"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		char entry[64];

		snprintf(entry, sizeof(entry), "HUGETLB_ELFMAP_BACKING=%s", words[i]);
		assert_good(entry);
		assert_int_equal(options.backing, BACKING_AUTO + i);
	}
	assert_unset("HUGETLB_ELFMAP_BACKING=");
	assert_bad("HUGETLB_ELFMAP_BACKING=ladder");
	assert_switch("HUGETLB_ELFMAP_MERGE", &options.merge_text);
	assert_switch("HUGETLB_FORCE_ELFMAP", &options.force_segments);
	assert_switch("HUGETLB_SHARE", &options.share);
	assert_good("HUGETLB_MINIMAL_COPY=no");
	assert_true(options.copy_all);
	assert_good("HUGETLB_MINIMAL_COPY=yes");
	assert_false(options.copy_all);
	assert_unset("HUGETLB_MINIMAL_COPY=");
	assert_good("HUGETLB_SHARE_PATH=/mnt");
	assert_string_equal(options.share_path, "/mnt");
	assert_unset("HUGETLB_SHARE_PATH=");
	assert_null(options.share_path);
}

static void table_is_documented(void **state)
{
	int rows;
	const struct option_row *table = options_table(&rows);

	(void)state;
	assert_int_equal(rows, 31);
	for (int i = 0; i < rows; i++) {
		assert_memory_equal(table[i].name, "HUGETLB_", 8);
		assert_true(strlen(table[i].values) > 1 && strlen(table[i].help) > 10);
		assert_null(strpbrk(table[i].help, "\n\t"));
		assert_true(table[i].field < sizeof(struct options));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(table[i].name, table[j].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(sizes),
		UNIT_TEST(biggest_size),
		UNIT_TEST(switches),
		UNIT_TEST(presence),
		UNIT_TEST(shm),
		UNIT_TEST(mappings),
		UNIT_TEST(mapped_files),
		UNIT_TEST(heap),
		UNIT_TEST(limit),
		UNIT_TEST(default_page_size),
		UNIT_TEST(heap_base),
		UNIT_TEST(fork_words),
		UNIT_TEST(features),
		UNIT_TEST(verbosity),
		UNIT_TEST(level_comes_first),
		UNIT_TEST(segments),
		UNIT_TEST(segments_auto),
		UNIT_TEST(segments_of_which_objects),
		UNIT_TEST(segments_backing),
		UNIT_TEST(table_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
