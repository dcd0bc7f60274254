/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each mapping belongs to one part of the account, whose sums and table are right, with mappings
 * made by the test.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "unit.h"
#include "usage/records.h"

#define MIB ((uint64_t)1 << 20)

static struct part_mapping maps(uint64_t start, uint64_t end, const char *rights, uint64_t inode,
				const char *name)
{
	struct smaps_mapping mapping = {.start = start, .end = end, .inode = inode};
	struct part_mapping place;

	memcpy(mapping.rights, rights, 5);
	snprintf(mapping.name, sizeof(mapping.name), "%s", name);
	part_mapping_read(&place, &mapping);
	return place;
}

static void assert_parts(const struct part_mapping *mappings, const enum part *expected,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mappings[i].part != expected[i])
			fail_msg("mapping %zu: %s, not %s", i, part_name(mappings[i].part),
				 part_name(expected[i]));
}

#define LIBRARY (0x7f00ull << 32)

static void parts_of_a_process(void **state)
{
	struct clues clues = {.program = {.count = 2}, .page_bytes = 4096};
	uint64_t stack = LIBRARY + 81 * MIB;
	struct part_mapping mappings[] = {
		maps(0x400000, 0x402000, "r-xp", 5, "/bin/p"),
		maps(0x402000, 0x403000, "rw-p", 5, "/bin/p"),
		maps(0x403000, 0x404000, "rw-p", 0, ""),
		maps(0x500000, 0x600000, "rw-p", 0, "[heap]"),
		maps(LIBRARY - 64 * MIB, LIBRARY - 63 * MIB, "rw-p", 0, ""),
		maps(LIBRARY - 63 * MIB, LIBRARY, "---p", 0, ""),
		maps(LIBRARY, LIBRARY + MIB, "r-xp", 6, "/lib/l.so"),
		maps(LIBRARY + MIB, LIBRARY + 2 * MIB, "rw-p", 6, "/lib/l.so"),
		maps(LIBRARY + 2 * MIB, LIBRARY + 3 * MIB, "rw-p", 0, ""),
		maps(LIBRARY + 10 * MIB, LIBRARY + 11 * MIB, "r--p", 7, "/etc/file"),
		maps(LIBRARY + 20 * MIB, LIBRARY + 21 * MIB, "rw-s", 8, "/SYSV00000000 (deleted)"),
		maps(LIBRARY + 30 * MIB, LIBRARY + 31 * MIB, "rw-p", 0, ""),
		maps(LIBRARY + 70 * MIB, LIBRARY + 70 * MIB + 4096, "---p", 0, ""),
		maps(LIBRARY + 70 * MIB + 4096, LIBRARY + 78 * MIB, "rw-p", 0, ""),
		maps(LIBRARY + 80 * MIB, LIBRARY + 82 * MIB, "rw-p", 0, ""),
		maps(LIBRARY + 90 * MIB, LIBRARY + 91 * MIB, "rw-p", 0, "[stack]"),
		maps(LIBRARY + 92 * MIB, LIBRARY + 93 * MIB, "r-xp", 0, "[vdso]"),
	};
	static const enum part expected[] = {
		PART_TEXT,     PART_DATA,      PART_BSS,       PART_BREAK,     PART_ARENAS,
		PART_MAPPINGS, PART_LIBRARIES, PART_LIBRARIES, PART_LIBRARIES, PART_FILES,
		PART_SHARED,   PART_MAPPINGS,  PART_MAPPINGS,  PART_STACKS,    PART_STACKS,
		PART_STACKS,   PART_KERNEL,
	};

	(void)state;
	clues.program.segments[0].start = 0x400000;
	clues.program.segments[0].file_end = clues.program.segments[0].end = 0x401f00;
	clues.program.segments[1].start = 0x402100;
	clues.program.segments[1].file_end = 0x402800;
	clues.program.segments[1].end = 0x403100;
	clues.program.segments[1].writable = true;
	clues.stack_pointers = &stack;
	clues.stack_count = 1;
	parts_classify(mappings, COUNT_OF(mappings), &clues);
	assert_parts(mappings, expected, COUNT_OF(mappings));
}

/* The kernel joins a stack and what lies beside it, if both have the same rights. */
static void stacks_joined_to_other_memory(void **state)
{
	const uint64_t stacks[] = {LIBRARY + 9 * MIB, LIBRARY + 101 * MIB, LIBRARY + 109 * MIB,
				   LIBRARY + 310 * MIB};
	struct clues clues = {
		.page_bytes = 4096, .stack_pointers = stacks, .stack_count = COUNT_OF(stacks)};
	struct part_mapping mappings[] = {
		/* a stack above its guard, and 60M of a mapping above it: with a pointer, without
		 */
		maps(LIBRARY, LIBRARY + 4096, "---p", 0, ""),
		maps(LIBRARY + 4096, LIBRARY + 68 * MIB, "rw-p", 0, ""),
		maps(LIBRARY + 80 * MIB, LIBRARY + 80 * MIB + 4096, "---p", 0, ""),
		maps(LIBRARY + 80 * MIB + 4096, LIBRARY + 98 * MIB, "rw-p", 0, ""),
		/* two stacks whose guards are no mappings */
		maps(LIBRARY + 100 * MIB, LIBRARY + 116 * MIB, "rw-p", 0, ""),
		/* the limit allows a larger one */
		maps(LIBRARY + 300 * MIB, LIBRARY + 332 * MIB, "rw-p", 0, ""),
	};
	enum part expected[] = {
		PART_MAPPINGS, PART_MAPPINGS, PART_MAPPINGS,
		PART_MAPPINGS, PART_STACKS,   PART_MAPPINGS,
	};

	(void)state;
	parts_classify(mappings, COUNT_OF(mappings), &clues);
	assert_parts(mappings, expected, COUNT_OF(mappings));
	clues.stack_limit = 32 * MIB;
	expected[3] = expected[5] = PART_STACKS;
	parts_classify(mappings, COUNT_OF(mappings), &clues);
	assert_parts(mappings, expected, COUNT_OF(mappings));
	clues.stack_limit = UINT64_MAX;
	expected[3] = expected[5] = PART_MAPPINGS;
	parts_classify(mappings, COUNT_OF(mappings), &clues);
	assert_parts(mappings, expected, COUNT_OF(mappings));
}

/* The arenas of a 32-bit program have 1M each; full ones lie side by side. */
static void arenas_of_32_bits(void **state)
{
	const uint64_t at = 0xf6000000;
	const struct clues clues = {.page_bytes = 4096};
	struct part_mapping mappings[] = {
		maps(at, at + 0x21000, "rw-p", 0, ""),
		maps(at + 0x21000, at + MIB, "---p", 0, ""),
		maps(at + MIB, at + 3 * MIB + 0x5000, "rw-p", 0, ""),
		maps(at + 3 * MIB + 0x5000, at + 4 * MIB + 0x1000, "---p", 0, ""),
		maps(at + 4 * MIB + 0x1000, at + 12 * MIB, "rw-p", 0, ""),
		maps(at + 20 * MIB, at + 21 * MIB + 0x1000, "rw-p", 0, ""),
		maps(at + 21 * MIB + 0x1000, at + 21 * MIB + 0x2000, "---p", 0, ""),
		maps(at + 30 * MIB, at + 31 * MIB, "rw-p", 0, "[stack]"),
	};
	static const enum part expected[] = {
		PART_ARENAS, PART_MAPPINGS, PART_ARENAS,   PART_MAPPINGS,
		PART_STACKS, PART_MAPPINGS, PART_MAPPINGS, PART_STACKS,
	};

	(void)state;
	parts_classify(mappings, COUNT_OF(mappings), &clues);
	assert_parts(mappings, expected, COUNT_OF(mappings));
}

/* With the library loaded, what is in the hole above the break is the heap. */
static void parts_under_the_library(void **state)
{
	struct clues clues = {.page_bytes = 4096};
	struct part_mapping mappings[] = {
		maps(0x400000, 0x500000, "rw-p", 0, "[heap]"),
		maps(0x600000, 0x800000, "rw-p", 9, "/anon_hugepage (deleted)"),
		maps(LIBRARY / 16 * 11, LIBRARY / 16 * 11 + MIB, "rw-p", 10,
		     "/memfd:libhugetlbfs (deleted)"),
		maps(LIBRARY, LIBRARY + MIB, "r-xp", 6, "/lib/libhugetlbfs.so.0"),
		maps(LIBRARY + 9 * MIB, LIBRARY + 10 * MIB, "rw-p", 11, "/anon_hugepage (deleted)"),
	};
	const uint64_t main_end = (uint64_t)960 << 30, arenas = LIBRARY / 16 * 11;
	struct part_mapping records[] = {
		maps(0x400000, 0x500000, "rw-p", 0, "[heap]"),
		maps(0x40000000, 0x40200000, "rw-p", 9, "/anon_hugepage (deleted)"),
		maps(0x40200000, 0x40300000, "rw-p", 0, ""),
		maps(main_end, main_end + 0x1000, "rw-p", 0, ""),
		maps(main_end + 0xf0000, main_end + 0xf1000, "rw-p", 0, ""),
		maps(arenas, arenas + 2 * MIB, "rw-p", 10, "/memfd:libhugetlbfs (deleted)"),
		maps(arenas + 4096 * MIB, arenas + 4098 * MIB, "rw-p", 0, ""),
		maps(arenas + 90000 * MIB, arenas + 90000 * MIB + 0x1000, "rw-p", 0, ""),
		maps(LIBRARY, LIBRARY + MIB, "r-xp", 6, "/lib/libhugetlbfs.so.0"),
	};

	(void)state;
	parts_classify(mappings, COUNT_OF(mappings), &clues);
	assert_int_equal(mappings[1].part, PART_BREAK);
	assert_int_equal(mappings[2].part, PART_ARENAS);
	assert_int_equal(mappings[3].part, PART_LIBRARIES);
	assert_int_equal(mappings[4].part, PART_MAPPINGS);
	/* the records of a region, at the end of its room, are none of the heap */
	parts_classify(records, COUNT_OF(records), &clues);
	assert_int_equal(records[1].part, PART_BREAK);
	assert_int_equal(records[2].part, PART_BREAK);
	assert_int_equal(records[3].part, PART_MAPPINGS);
	assert_int_equal(records[4].part, PART_MAPPINGS);
	assert_int_equal(records[5].part, PART_ARENAS);
	assert_int_equal(records[6].part, PART_ARENAS);
	assert_int_equal(records[7].part, PART_MAPPINGS);
	/* and where it knows its regions, what is in these */
	clues.regions_known = true;
	clues.break_region = (struct address_range){0x600000, 0x700000};
	clues.arenas_region = (struct address_range){LIBRARY + 9 * MIB, LIBRARY + 10 * MIB};
	parts_classify(mappings, COUNT_OF(mappings), &clues);
	assert_int_equal(mappings[1].part, PART_BREAK);
	assert_int_equal(mappings[2].part, PART_MAPPINGS);
	assert_int_equal(mappings[4].part, PART_ARENAS);
}

/* A text or data that is on hugetlb pages is a part of what it was before. */
static void parts_on_huge_pages(void **state)
{
	struct clues clues = {.program = {.count = 1}, .page_bytes = 4096};
	struct part_mapping mappings[] = {
		maps(0x400000, 0x600000, "r-xp", 5, "/bin/p"),
		maps(0x600000, 0x800000, "r-xp", 9, "/huge/libhugetlbfs.tmp.AbCdEf (deleted)"),
		maps(LIBRARY, LIBRARY + MIB, "r--p", 6, "/lib/l.so"),
		maps(LIBRARY + MIB, LIBRARY + 3 * MIB, "r-xp", 7, "/huge/shared"),
		maps(LIBRARY + 3 * MIB, LIBRARY + 5 * MIB, "rw-p", 8, "/anon_hugepage (deleted)"),
		maps(LIBRARY + 5 * MIB, LIBRARY + 6 * MIB, "rw-p", 6, "/lib/l.so"),
		maps(LIBRARY + 7 * MIB, LIBRARY + 8 * MIB, "r-xp", 6, "/lib/l.so"),
	};

	(void)state;
	clues.program.segments[0].start = 0x400000;
	clues.program.segments[0].file_end = clues.program.segments[0].end = 0x900000;
	mappings[3].is_hugetlb = mappings[4].is_hugetlb = true;
	/* the library's text comes to lie beside what became of its data */
	mappings[3].end = mappings[4].start = LIBRARY + 2 * MIB;
	mappings[2].end = LIBRARY + MIB;
	parts_classify(mappings, COUNT_OF(mappings), &clues);
	assert_int_equal(mappings[1].part, PART_TEXT);
	assert_int_equal(mappings[2].part, PART_LIBRARIES);
	assert_int_equal(mappings[3].part, PART_LIBRARIES);
	assert_int_equal(mappings[5].part, PART_LIBRARIES);
}

/*
 * Two million pieces of files, some of which have code in one piece: if each piece were compared
 * with all others, or with all stack pointers, this would take hours.
 */
static void parts_of_very_many_mappings(void **state)
{
	const size_t count = 2000000, files = 1000000;
	struct part_mapping *mappings = calloc(count, sizeof(*mappings));
	uint64_t *stacks = calloc(count, sizeof(*stacks));
	struct clues clues = {
		.page_bytes = 4096, .stack_pointers = stacks, .stack_count = count / 4};

	(void)state;
	assert_non_null(mappings);
	assert_non_null(stacks);
	for (size_t i = 0; i < count; i++) {
		uint64_t inode = i < 1000000 ? 1 + i % 3 : 4 + i % files;

		/* the last piece of file 2, and of every file with an odd number, has code */
		mappings[i] = maps((i + 1) << 12, (i + 2) << 12, "r--p", inode, "/file");
		if (i == 999997 || (inode >= 4 && inode % 2))
			mappings[i].rights[2] = 'x';
	}
	assert_int_equal(mappings[999997].inode, 2);
	/* a stack in every eighth, at its last byte */
	for (size_t i = 0; i < clues.stack_count; i++)
		stacks[i] = ((8 * i + 2) << 12) - 1;
	parts_classify(mappings, count, &clues);
	for (size_t i = 0; i < count; i++) {
		bool object =
			mappings[i].inode == 2 || (mappings[i].inode >= 4 && mappings[i].inode % 2);
		enum part expected = object ? PART_LIBRARIES : PART_FILES;

		if (i % 8 == 0)
			expected = PART_STACKS;
		if (mappings[i].part != expected)
			fail_msg("mapping %zu: %s, not %s", i, part_name(mappings[i].part),
				 part_name(expected));
	}
	free(mappings);
	free(stacks);
}

static void columns_are_rising(void **state)
{
	static const struct usage_figures figures[] = {
		{.page = 2048, .hugetlb = 4096, .is_hugetlb = true},
		{.page = 4, .resident = 100, .thp = 60, .shmem_thp = 20, .file_thp = 10, .swap = 3},
		{.page = 1048576, .hugetlb = 1048576, .is_hugetlb = true},
		{.page = 64, .hugetlb = 128, .is_hugetlb = true},
		{.page = 2048, .hugetlb = 2048, .is_hugetlb = true},
		/* more of a file's huge page than is mapped */
		{.page = 4, .resident = 8, .file_thp = 2048},
	};
	static struct usage_table table;
	const struct usage *text = &table.parts[PART_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(figures); i++)
		usage_add(&table, i == 2 ? PART_DATA : PART_TEXT, &figures[i]);
	assert_int_equal(table.hugetlb_size_count, 3);
	assert_int_equal(table.hugetlb_sizes[0], 64 << 10);
	assert_int_equal(table.hugetlb_sizes[1], 2 << 20);
	assert_int_equal(table.hugetlb_sizes[2], 1 << 30);
	assert_int_equal(text->hugetlb[0], 128);
	assert_int_equal(text->hugetlb[1], 6144);
	assert_int_equal(text->hugetlb[2], 0);
	assert_int_equal(table.parts[PART_DATA].hugetlb[2], 1048576);
	assert_int_equal(text->memory, 6144 + 128 + 108);
	assert_int_equal(text->small, 10);
	assert_int_equal(text->thp, 60);
	assert_int_equal(table.total.memory, text->memory + 1048576);
	assert_int_equal(usage_huge_kb(text), 6144 + 128 + 60 + 20 + 2058);
}

/* All sizes that a processor has, all parts: it fits. */
static void widest_table(void **state)
{
	static struct usage_table table;
	char text[USAGE_TABLE_BYTES];
	int length;

	(void)state;
	for (int part = 0; part < PART_COUNT; part++)
		for (unsigned long page = 64; page <= 16ul << 20; page *= 64)
			usage_add(&table, (enum part)part,
				  &(struct usage_figures){.page = page,
							  .hugetlb = 1ul << 29,
							  .resident = 1ul << 28,
							  .swap = 1,
							  .is_hugetlb = true});
	length = usage_text(&table, &(struct usage_style){.columns = USAGE_COLUMNS}, text,
			    sizeof(text));
	assert_true(length + 1 < (int)sizeof(text));
	assert_non_null(strstr(text, " 64K "));
	assert_non_null(strstr(text, " 4M "));
	assert_non_null(strstr(text, "\n  all "));
	assert_non_null(strstr(text, " kB are swapped out\n"));
	/* and where it does not, the text ends */
	memset(text, 'x', sizeof(text));
	length = usage_text(&table, &(struct usage_style){.columns = USAGE_COLUMNS}, text, 100);
	assert_int_equal(length, 99);
	assert_int_equal(text[99], '\0');
	assert_int_equal(text[100], 'x');
}

static size_t widest_line(const char *text)
{
	size_t widest = 0;

	for (; *text; text += strcspn(text, "\n") + 1)
		if (strcspn(text, "\n") > widest)
			widest = strcspn(text, "\n");
	return widest;
}

/* A process of that many kB on pages of two sizes, transparent and small ones. */
static void fill_table(struct usage_table *table, unsigned long kb, bool has_1g)
{
	memset(table, 0, sizeof(*table));
	for (int part = 0; part < PART_COUNT; part++) {
		usage_add(table, (enum part)part,
			  &(struct usage_figures){
				  .page = 2048, .hugetlb = kb / 40, .is_hugetlb = true});
		usage_add(table, (enum part)part,
			  &(struct usage_figures){.page = 4, .resident = kb / 20, .thp = kb / 40});
	}
	if (has_1g)
		usage_add(table, PART_ARENAS,
			  &(struct usage_figures){
				  .page = 1 << 20, .hugetlb = kb, .is_hugetlb = true});
}

/* Every width from that of a terminal on: no line is wider, and none loses a figure. */
static void table_fits(void **state)
{
	static const unsigned long sizes_kb[] = {400, 400000, 40ul << 20, 400ul << 20};
	static struct usage_table table;
	char text[USAGE_TABLE_BYTES], total[24];

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(sizes_kb); i++)
		for (unsigned int columns = 80; columns <= 200; columns += 10) {
			fill_table(&table, sizes_kb[i / 2], i % 2);
			usage_text(&table, &(struct usage_style){.columns = columns}, text,
				   sizeof(text));
			snprintf(total, sizeof(total), " %lu ", table.total.memory);
			if (widest_line(text) > columns || !strstr(text, total) ||
			    !strstr(text, "heap (threads, large blocks)"))
				fail_msg("%lu kB in %u columns:\n%s", sizes_kb[i / 2], columns,
					 text);
		}
	/* room is used: long headings and a whole bar */
	fill_table(&table, 400000, true);
	usage_text(&table, &(struct usage_style){.columns = 200}, text, sizeof(text));
	assert_non_null(strstr(text, "hugetlb 1G"));
	assert_non_null(strstr(text, "  #############-------  "));
	usage_text(&table, &(struct usage_style){.columns = 200, .colors = true, .utf8 = true},
		   text, sizeof(text));
	assert_non_null(strstr(text, "  \033[36m\u2588\u2588"));
	assert_non_null(strstr(text, "\u2588\033[0m\u2591"));
	assert_null(strchr(text, '#'));
}

static const char small_smaps[] =
	"55550000-55560000 rw-p 00000000 00:00 0    [heap]\n"
	"Size:                 64 kB\n"
	"KernelPageSize:        4 kB\n"
	"Rss:                  40 kB\n"
	"AnonHugePages:        16 kB\n"
	"VmFlags: rd wr\n"
	"60000000-60200000 rw-p 00000000 00:0f 77    /anon_hugepage (deleted)\n"
	"KernelPageSize:     2048 kB\n"
	"Rss:                   0 kB\n"
	"Private_Hugetlb:    2048 kB\n"
	"VmFlags: rd wr ht\n";

static void own_process(void **state)
{
	struct clues clues = {.regions_known = true, .break_region = {0x60000000, 0x70000000}};
	struct own_usage usage;

	(void)state;
	gate_hide_system();
	gate_file("/proc/self/smaps", small_smaps);
	assert_int_equal(own_usage_read(&usage, &clues), 0);
	assert_int_equal(usage.early_small_kb, 24);
	assert_int_equal(usage.table.parts[PART_BREAK].memory, 2088);
	assert_int_equal(usage.table.parts[PART_BREAK].hugetlb[0], 2048);
	assert_int_equal(usage.table.total.memory, 2088);
	assert_int_equal(gate_calls(SYS_munmap), 1);

	/* the real one: its program is where the kernel says */
	gate_reset();
	assert_int_equal(own_usage_read(&usage, &clues), 0);
	assert_true(clues.program.count >= 2);
	assert_true(clues.program.segments[0].start <= (uintptr_t)own_process);
	assert_true(usage.table.parts[PART_TEXT].memory > 0);
	assert_true(usage.table.parts[PART_LIBRARIES].memory > 100);
}

/* More mappings than there is room at first: it is read again with more. */
static void many_mappings(void **state)
{
	static char text[400000];
	struct clues clues = {0};
	struct own_usage usage;
	size_t used = 0;

	(void)state;
	for (unsigned long at = 0x100000; used < sizeof(text) - 100; at += 0x2000)
		used += (size_t)sprintf(text + used, "%lx-%lx rw-p 0 00:00 0\nRss:  4 kB\n", at,
					at + 0x1000);
	gate_hide_system();
	gate_file("/proc/self/smaps", text);
	assert_int_equal(own_usage_read(&usage, &clues), 0);
	assert_uint_in_range(usage.table.total.memory, 30000, 60000);
	assert_true(gate_calls(CPU_MMAP_NUMBER) > 1);
	assert_int_equal(gate_calls(SYS_munmap), gate_calls(CPU_MMAP_NUMBER));
}

static void own_calls_fail(void **state)
{
	struct clues clues = {0};
	struct own_usage usage;

	(void)state;
	gate_fail(CPU_MMAP_NUMBER, 1, ENOMEM);
	assert_int_equal(own_usage_read(&usage, &clues), -ENOMEM);
	assert_int_equal(gate_calls(GATE_ANY), 1);
	gate_reset();
	gate_fail(SYS_openat, 1, EACCES);
	assert_int_equal(own_usage_read(&usage, &clues), -EACCES);
	assert_int_equal(gate_calls(SYS_munmap), 1);
}

static struct smaps_mapping file_of(const char *name, unsigned long small, unsigned long huge)
{
	struct smaps_mapping mapping = {.inode = 1, .rights = "r--p"};

	snprintf(mapping.name, sizeof(mapping.name), "%s", name);
	mapping.value[SMAPS_RSS] = small + huge;
	mapping.value[SMAPS_FILE_PMD] = huge;
	return mapping;
}

static void add_file(struct usage_files *files, const char *name, unsigned long small,
		     unsigned long huge)
{
	const struct smaps_mapping mapping = file_of(name, small, huge);

	usage_files_add(files, &mapping, "");
}

/* Mappings of a file are added up, and the largest files are listed, from the largest on. */
static void files_by_name(void **state)
{
	static struct usage_files files;
	char text[USAGE_FILES_TEXT_BYTES], name[32];

	(void)state;
	add_file(&files, "/small", 2047, 0);
	add_file(&files, "/model", 2048, 4096);
	add_file(&files, "/other", 3000, 0);
	add_file(&files, "/model", 0, 2048);
	add_file(&files, "/nothing", 0, 0);
	usage_files_sort(&files);
	usage_files_text(&files, 80, text, sizeof(text));
	assert_string_equal(text, "  /model: 6144 of 8192 kB on huge pages, 75.0 %\n"
				  "  /other: 0 of 3000 kB on huge pages, 0.0 %\n");
	for (int i = 0; i < 2 * USAGE_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "/file%d", i);
		add_file(&files, name, 4000 + (unsigned long)i, 0);
	}
	usage_files_sort(&files);
	assert_int_equal(files.count, USAGE_FILES_MAX);
	assert_string_equal(files.files[0].name, "/model");
	snprintf(name, sizeof(name), "/file%d", 2 * USAGE_FILES_MAX - 1);
	assert_string_equal(files.files[1].name, name);
}

/* A long name loses its start; what would confuse a terminal is replaced. */
static void files_fit(void **state)
{
	static struct usage_files files;
	char text[USAGE_FILES_TEXT_BYTES], name[SMAPS_NAME_BYTES] = "/\xc3\xa4";

	(void)state;
	memset(name + 3, 'x', 300);
	strcpy(name + 303, "\xc3\xa4\033end");
	add_file(&files, name, 3000, 3000);
	for (unsigned int columns = 40; columns < 400; columns++) {
		size_t shown = 0;
		int length = usage_files_text(&files, columns, text, sizeof(text));

		for (int i = 0; i < length; i++)
			shown += (text[i] & 0xc0) != 0x80;
		assert_true(shown <= (columns < 60 ? 60 : columns) + 1);
		assert_non_null(strstr(text, ": 3000 of 6000 kB on huge pages, 50.0 %\n"));
		assert_null(strchr(text, '\033'));
		assert_true((text[5] & 0xc0) != 0x80 || text[2] != '.');
	}
	assert_non_null(strstr(text, "  /\xc3\xa4xx"));
	/* what has no space is left out as a whole line */
	assert_int_equal(usage_files_text(&files, 80, text, 40), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(parts_of_a_process),  UNIT_TEST(stacks_joined_to_other_memory),
		UNIT_TEST(arenas_of_32_bits),   UNIT_TEST(parts_under_the_library),
		UNIT_TEST(parts_on_huge_pages), UNIT_TEST(parts_of_very_many_mappings),
		UNIT_TEST(columns_are_rising),  UNIT_TEST(widest_table),
		UNIT_TEST(table_fits),          UNIT_TEST(own_process),
		UNIT_TEST(many_mappings),       UNIT_TEST(own_calls_fail),
		UNIT_TEST(files_by_name),       UNIT_TEST(files_fit),
	};

	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
