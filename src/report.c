/*
 * HUGETLB_REPORT: see report.h.
 *
 * The figures are the kernel's, of /proc/self/smaps; only the reasons are our own records. Runs in
 * the destructor, when other threads may still run.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "heap/heap.h"
#include "log.h"
#include "memory/memory.h"
#include "report.h"
#include "pages/smaps.h"
#include "sys.h"

/* The parts of the heap, one row each. */
enum part { PART_BREAK, PART_ZONE, PART_EARLY, PART_OTHER, PART_COUNT, PART_NONE = PART_COUNT };

static const char *const part_names[PART_COUNT] = {
	"break",
	"arenas, big blocks",
	"before us ([heap])",
	/* No part of the heap, as a rule: thread stacks, other allocators, the program's own maps.
	 */
	"other anonymous",
};

struct row {
	unsigned long hugetlb_kb, thp_kb, small_kb;
};

struct table {
	struct row rows[PART_COUNT];
	struct row total;
	bool readable;
};

static enum part part_of(const struct smaps_mapping *mapping)
{
	if (mapping->start >= heap.main.region.start && mapping->start < heap.main.region.limit)
		return PART_BREAK;
	if (mapping->start >= heap.zone.region.start && mapping->start < heap.zone.region.limit)
		return PART_ZONE;
	if (!strcmp(mapping->name, "[heap]"))
		return PART_EARLY;
	return smaps_is_anonymous(mapping) ? PART_OTHER : PART_NONE;
}

static void read_smaps(struct table *table)
{
	struct smaps_mapping mapping;
	struct smaps smaps;

	*table = (struct table){.readable = !smaps_open(&smaps, "/proc/self/smaps")};
	if (!table->readable)
		return;
	while (smaps_next(&smaps, &mapping)) {
		enum part part = part_of(&mapping);
		struct row *row = &table->rows[part];

		if (part == PART_NONE)
			continue;
		/* Rss counts no hugetlb page. */
		row->hugetlb_kb += smaps_hugetlb_kb(&mapping);
		row->thp_kb += mapping.value[SMAPS_ANON_HUGE];
		row->small_kb += mapping.value[SMAPS_RSS] - mapping.value[SMAPS_ANON_HUGE];
	}
	smaps_close(&smaps);
	for (int i = 0; i < PART_OTHER; i++) {
		table->total.hugetlb_kb += table->rows[i].hugetlb_kb;
		table->total.thp_kb += table->rows[i].thp_kb;
		table->total.small_kb += table->rows[i].small_kb;
	}
}

struct page_text {
	char bytes[2048];
	int used;
};

#define ADD(text, ...)                             \
	((text)->used +=                           \
	 text_format((text)->bytes + (text)->used, \
		     sizeof((text)->bytes) - (unsigned long)(text)->used, __VA_ARGS__))

static void add_row(struct page_text *text, const char *name, const struct row *row)
{
	unsigned long huge_kb = row->hugetlb_kb + row->thp_kb, all_kb = huge_kb + row->small_kb;
	unsigned long permille = all_kb ? (unsigned long)((uint64_t)huge_kb * 1000 / all_kb) : 0;

	ADD(text, "  %s", name);
	for (size_t i = strlen(name); i < 20; i++)
		ADD(text, " ");
	ADD(text, "%12lu kB %12lu kB %12lu kB", row->hugetlb_kb, row->thp_kb, row->small_kb);
	if (all_kb)
		ADD(text, "   %3lu.%lu %%", permille / 10, permille % 10);
	ADD(text, "\n");
}

static void add_reasons(struct page_text *text, const struct table *table)
{
	const struct source *source = &heap.source;

	if (table->rows[PART_EARLY].small_kb)
		ADD(text,
		    "  not huge: %lu kB that other libraries allocated before this one started\n",
		    table->rows[PART_EARLY].small_kb);
	if (source->short_falls)
		ADD(text,
		    "  not hugetlb: the pool of %lu kB pages fell short at %lu growths (last error "
		    "%d)\n",
		    (unsigned long)(source->page_bytes >> 10), source->short_falls,
		    -source->last_error);
	if (memory.pages_made_small)
		ADD(text,
		    "  not huge any more: %lu pages of which the program protected, advised or "
		    "replaced a part\n",
		    memory.pages_made_small);
}

static void make_table(struct page_text *text, const char *program)
{
	struct table table;

	text->used = 0;
	ADD(text, "libhugetlbfs: heap of %s, process %ld\n", program, sys_getpid());
	if (!heap.active) {
		ADD(text, "  not on huge pages: HUGETLB_MORECORE is not set, or was declined\n");
		return;
	}
	read_smaps(&table);
	if (!table.readable) {
		ADD(text, "  /proc/self/smaps can't be read\n");
		return;
	}
	ADD(text,
	    "                      hugetlb %5lu kB     transparent           small     huge\n",
	    heap.source.hugetlb ? (unsigned long)(heap.source.page_bytes >> 10) : 0);
	for (int i = 0; i < PART_OTHER; i++)
		add_row(text, part_names[i], &table.rows[i]);
	add_row(text, "heap", &table.total);
	add_row(text, part_names[PART_OTHER], &table.rows[PART_OTHER]);
	if (!table.total.hugetlb_kb && !table.total.thp_kb && !table.total.small_kb)
		ADD(text, "  nothing was allocated by libc's malloc\n");
	add_reasons(text, &table);
}

void report_write(const char *target, const char *program)
{
	struct page_text text;
	long fd;

	if (memory.sandboxed)
		return;
	make_table(&text, program);
	if (!strcmp(target, "2")) {
		log_text(text.bytes, (unsigned long)text.used);
		return;
	}
	if (!strcmp(target, "-")) {
		sys_write(1, text.bytes, (size_t)text.used);
		return;
	}
	fd = sys_open(target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (SYS_IS_ERROR(fd)) {
		log_warning("HUGETLB_REPORT: %s can't be written (error %d)", target, (int)-fd);
		return;
	}
	sys_write((int)fd, text.bytes, (size_t)text.used);
	sys_close((int)fd);
}
