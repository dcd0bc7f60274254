/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_REPORT: see report.h.
 *
 * The figures come from the kernel's /proc/self/smaps; only the reasons come from the library's own
 * records. Runs in the destructor, while other threads may still run.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/program.h"
#include "base/sys.h"
#include "base/terminal.h"
#include "calls/start.h"
#include "heap/heap.h"
#include "options/options.h"
#include "region/process.h"
#include "region/split.h"
#include "report.h"
#include "usage/records.h"
#include "usage/report_file.h"

struct page_text {
	char bytes[USAGE_TABLE_BYTES + USAGE_FILES_TEXT_BYTES + 2048];
	int used;
};

#define ADD(text, ...)                             \
	((text)->used +=                           \
	 text_format((text)->bytes + (text)->used, \
		     sizeof((text)->bytes) - (unsigned long)(text)->used, __VA_ARGS__))

#define PARTS(part) (1u << (part))

static bool heap_is_asked(const struct options *options)
{
	return options->heap != HEAP_OFF;
}

static bool shm_is_asked(const struct options *options)
{
	return options->shm;
}

static bool mappings_are_asked(const struct options *options)
{
	return options->mmap != HEAP_OFF;
}

static bool files_are_asked(const struct options *options)
{
	return options->files != HEAP_OFF;
}

static bool text_is_asked(const struct options *options)
{
	return options->segments == SEGMENTS_CHOSEN && options->text;
}

static bool data_is_asked(const struct options *options)
{
	return options->segments == SEGMENTS_CHOSEN && options->data;
}

static bool objects_are_asked(const struct options *options)
{
	return options->segments == SEGMENTS_CHOSEN && options->objects;
}

/* What can be requested, and which parts it covers. */
static const struct request {
	const char *variable, *what;
	unsigned int parts;
	bool (*is_asked)(const struct options *options);
} requests[] = {
	{"HUGETLB_MORECORE", "heap", PARTS(PART_BREAK) | PARTS(PART_ARENAS), heap_is_asked},
	{"HUGETLB_ELFMAP", "text", PARTS(PART_TEXT), text_is_asked},
	{"HUGETLB_ELFMAP", "data, bss", PARTS(PART_DATA) | PARTS(PART_BSS), data_is_asked},
	{"HUGETLB_ELFMAP_OBJECTS", "libraries", PARTS(PART_LIBRARIES), objects_are_asked},
	{"HUGETLB_MMAP", "other mappings", PARTS(PART_MAPPINGS), mappings_are_asked},
	{"HUGETLB_MMAP_FILES", "files", PARTS(PART_FILES), files_are_asked},
	{"HUGETLB_SHM", "shared memory", PARTS(PART_SHARED), shm_is_asked},
};

/* What was requested, and how much of it is on huge pages. */
static void add_request(struct page_text *text, const struct usage_table *table,
			const struct request *request)
{
	unsigned long all = 0, huge = 0, permille;

	for (int part = 0; part < PART_COUNT; part++)
		if (request->parts & PARTS(part)) {
			all += table->parts[part].memory;
			huge += usage_huge_kb(&table->parts[part]);
		}
	if (huge > all)
		huge = all;
	ADD(text, "  %s (%s): ", request->variable, request->what);
	if (!all) {
		ADD(text, "nothing in memory\n");
		return;
	}
	permille = (unsigned long)((uint64_t)huge * 1000 / all);
	ADD(text, "%lu of %lu kB on huge pages, %lu.%lu %%\n", huge, all, permille / 10,
	    permille % 10);
}

static void add_requests(struct page_text *text, const struct usage_table *table)
{
	const struct options *options = options_get(NULL, NULL);
	bool any = false;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].is_asked(options)) {
			add_request(text, table, &requests[i]);
			any = true;
		}
	if (!any)
		ADD(text, "  no variable asks for huge pages\n");
}

static void add_reasons(struct page_text *text, const struct own_usage *usage)
{
	const struct source *source = &heap.source;

	if (!heap.active) {
		if (options_get(NULL, NULL)->heap != HEAP_OFF)
			ADD(text, "  not huge: HUGETLB_MORECORE was declined\n");
		return;
	}
	if (usage->early_small_kb)
		ADD(text, "  not huge: %lu kB that was allocated before this library started\n",
		    usage->early_small_kb);
	if (source->short_falls)
		ADD(text,
		    "  not hugetlb: the pool of %lu kB pages was short %lu times (last error: "
		    "%s)\n",
		    (unsigned long)(source->page_bytes >> 10), source->short_falls,
		    error_name(source->last_error));
	if (split_count)
		ADD(text,
		    "  split into base pages: %lu huge pages that the program changed in part\n",
		    split_count);
}

static struct address_range range_of(const struct region *region, uintptr_t end)
{
	return (struct address_range){region->start, end};
}

/* A part that would gain from an option that is not in use. */
static const struct next_step {
	enum part part;
	bool (*is_asked)(const struct options *options);
	const char *option, *variable;
} next_steps[] = {
	{PART_BREAK, heap_is_asked, "--heap", "HUGETLB_MORECORE=yes"},
	{PART_ARENAS, heap_is_asked, "--heap", "HUGETLB_MORECORE=yes"},
	{PART_MAPPINGS, mappings_are_asked, "--mmap", "HUGETLB_MMAP=yes"},
	{PART_FILES, files_are_asked, "--files", "HUGETLB_MMAP_FILES=yes"},
	{PART_TEXT, text_is_asked, "--text", "HUGETLB_ELFMAP=R"},
	{PART_DATA, data_is_asked, "--data", "HUGETLB_ELFMAP=W"},
	{PART_BSS, data_is_asked, "--data", "HUGETLB_ELFMAP=W"},
	{PART_LIBRARIES, objects_are_asked, "--libs", NULL}, /* two variables */
};

/* Smaller amounts are not worth an option, nor is less than a tenth of the process's memory. */
#define NEXT_STEP_KB (16ul << 10)

static void add_next_step(struct page_text *text, const struct usage_table *table)
{
	const struct options *options = options_get(NULL, NULL);
	const struct next_step *best = NULL;

	for (size_t i = 0; i < sizeof(next_steps) / sizeof(next_steps[0]); i++) {
		const struct next_step *step = &next_steps[i];
		const unsigned long small = table->parts[step->part].small;

		if (small >= NEXT_STEP_KB && small >= table->total.memory / 10 &&
		    !step->is_asked(options) && (!best || small > table->parts[best->part].small))
			best = step;
	}
	if (!best)
		return;
	ADD(text, "  %s: %lu MB on small pages: try hugectl %s", part_name(best->part),
	    table->parts[best->part].small >> 10, best->option);
	if (best->variable)
		ADD(text, " (%s)", best->variable);
	ADD(text, "\n");
}

/* The kernel's name for this process, as hugestat and ps show it. */
static void read_name(char *name, unsigned long bytes, const char *program)
{
	const long length = sys_read_file("/proc/self/comm", name, bytes);

	if (length > 1)
		name[length - 1] = '\0';
	else
		text_format(name, bytes, "%s", program);
}

static struct usage_style style_for(const char *target)
{
	const struct terminal terminal = terminal_of(!strcmp(target, "-")   ? 1
						     : !strcmp(target, "2") ? 2
									    : -1);

	return (struct usage_style){
		.columns = terminal.columns ? terminal.columns : USAGE_COLUMNS,
		.colors = terminal.colors,
		.utf8 = terminal.utf8,
	};
}

static void make_table(struct page_text *text, const char *target, const char *program)
{
	struct clues clues = {.regions_known = true};
	const struct usage_style style = style_for(target);
	static struct own_usage usage; /* exit may be called on a stack of 16 kB */
	char name[64];
	int result;

	text->used = 0;
	read_name(name, sizeof(name), program);
	ADD(text, "libhugetlbfs: %s", name);
	text_make_plain(text->bytes, (unsigned long)text->used);
	ADD(text, ", process %ld: kB in memory, and on each kind of page\n", sys_getpid());
	if (heap.active) {
		/* on 32 bits others use the addresses that the main heap never reached */
		clues.break_region = range_of(&heap.main.region, heap.main.region.high);
		clues.arenas_region = range_of(&heap.zone.region, heap.zone.region.limit);
	}
	result = own_usage_read(&usage, &clues);
	if (result) {
		ADD(text, "  /proc/self/smaps cannot be read (%s)\n", error_name(result));
		return;
	}
	text->used += usage_text(&usage.table, &style, text->bytes + text->used, USAGE_TABLE_BYTES);
	text->used += usage_files_text(&usage.files, style.columns, text->bytes + text->used,
				       USAGE_FILES_TEXT_BYTES);
	add_requests(text, &usage.table);
	add_reasons(text, &usage);
	add_next_step(text, &usage.table);
}

/* The current directory at the program's end may differ from the one at its start. */
static char absolute_path[4096];

void report_start(const char *target)
{
	long length;

	if (!strcmp(target, "-"))
		log_start_output();
	if (!strcmp(target, "-") || !strcmp(target, "2") || *target == '/')
		return;
	length = sys_getcwd(absolute_path, sizeof(absolute_path) - 1);
	if (length <= 0 || *absolute_path != '/' ||
	    (size_t)length + strlen(target) >= sizeof(absolute_path)) {
		*absolute_path = '\0';
		return;
	}
	absolute_path[length - 1] = '/';
	strcpy(absolute_path + length, target);
}

static int write_to_file(const char *path, const struct page_text *text)
{
	int result, fd = report_file_open(path, 0644);

	if (fd < 0)
		return fd;
	result = log_write(fd, text->bytes, (unsigned long)text->used);
	sys_close(fd);
	return result;
}

void report_write(const char *target, const char *program)
{
	static struct page_text text;
	int result = 0;

	if (sys_sandboxed)
		return;
	make_table(&text, target, program);
	if (!strcmp(target, "2")) {
		log_text(text.bytes, (unsigned long)text.used);
	} else if (!strcmp(target, "-")) {
		result = log_output(text.bytes, (unsigned long)text.used);
		target = "standard output";
	} else {
		if (*absolute_path)
			target = absolute_path;
		result = write_to_file(target, &text);
	}
	if (result)
		log_warning("HUGETLB_REPORT: %s cannot be written (%s)", target,
			    error_name(result));
}

void report_end(void)
{
	static long reported; /* the process; its forked child has a table of its own */
	const char *target = options_get(NULL, NULL)->report;
	long process;

	if (!target)
		return;
	process = sys_getpid();
	if (reported == process)
		return;
	reported = process;
	report_write(target, program_name());
}
