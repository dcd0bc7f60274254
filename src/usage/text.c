/*
 * The table of parts as lines of text, with a bar each.
 */
#include <string.h>

#include "base/log.h"
#include "usage/usage.h"

#define BAR_WIDTH  20
#define NAME_WIDTH 14

struct lines {
	char *out;
	size_t bytes, used;
};

#define ADD(lines, ...)                                                     \
	((lines)->used += (size_t)text_format((lines)->out + (lines)->used, \
					      (lines)->bytes - (lines)->used, __VA_ARGS__))

static void add_repeated(struct lines *lines, char c, size_t count)
{
	while (count--)
		ADD(lines, "%c", c);
}

static void add_name(struct lines *lines, const char *name)
{
	size_t length = strlen(name);

	ADD(lines, "  %s", name);
	add_repeated(lines, ' ', length < NAME_WIDTH ? NAME_WIDTH - length : 0);
}

static void add_right(struct lines *lines, const char *word, size_t width)
{
	size_t length = strlen(word);

	add_repeated(lines, ' ', length < width ? width - length : 0);
	ADD(lines, "%s", word);
}

/* "hugetlb 2M" */
static void add_size(struct lines *lines, size_t page_bytes)
{
	char name[32];
	unsigned int shift = page_bytes >= (size_t)1 << 30 ? 30 : page_bytes >= 1u << 20 ? 20 : 10;

	text_format(name, sizeof(name), "hugetlb %zu%c", page_bytes >> shift,
		    shift == 30   ? 'G'
		    : shift == 20 ? 'M'
				  : 'K');
	add_right(lines, name, 13);
}

static void add_heading(struct lines *lines, const struct usage_table *table)
{
	add_name(lines, "");
	add_right(lines, "in memory", 13);
	for (int i = 0; i < table->hugetlb_size_count; i++)
		add_size(lines, table->hugetlb_sizes[i]);
	ADD(lines, "         THP    file THP        small  huge\n");
}

/* The share on huge pages: "##########----------"; no memory: nothing. */
static void add_bar(struct lines *lines, const struct usage *usage)
{
	unsigned long huge = usage_huge_kb(usage), filled, permille;

	if (!usage->memory) {
		ADD(lines, "\n");
		return;
	}
	if (huge > usage->memory)
		huge = usage->memory;
	filled = (unsigned long)((uint64_t)huge * BAR_WIDTH / usage->memory);
	permille = (unsigned long)((uint64_t)huge * 1000 / usage->memory);
	/* A little is not nothing. */
	if (huge && !filled)
		filled = 1;
	ADD(lines, "  ");
	add_repeated(lines, '#', filled);
	add_repeated(lines, '-', BAR_WIDTH - filled);
	ADD(lines, " %3lu.%lu %%\n", permille / 10, permille % 10);
}

static void add_row(struct lines *lines, const struct usage_table *table, const char *name,
		    const struct usage *usage)
{
	add_name(lines, name);
	ADD(lines, " %12lu", usage->memory);
	for (int i = 0; i < table->hugetlb_size_count; i++)
		ADD(lines, " %12lu", usage->hugetlb[i]);
	ADD(lines, " %11lu %11lu %12lu", usage->thp, usage->shmem_thp + usage->file_thp,
	    usage->small);
	add_bar(lines, usage);
}

int usage_text(const struct usage_table *table, char *out, size_t bytes)
{
	struct lines lines = {.out = out, .bytes = bytes};

	out[0] = '\0';
	add_heading(&lines, table);
	for (int part = 0; part < PART_COUNT; part++)
		if (table->parts[part].memory || part <= PART_STACKS)
			add_row(&lines, table, part_name((enum part)part), &table->parts[part]);
	add_row(&lines, table, "all", &table->total);
	if (table->total.swap)
		ADD(&lines, "  %lu kB are swapped out\n", table->total.swap);
	return (int)lines.used;
}
