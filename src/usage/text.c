/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of parts as lines of text, with a bar for each part if there is room.
 *
 * Columns are as wide as their figures. If a line would be too wide, the table gives up, in this
 * order: long headings, the bar, long names (which get a line of their own), and columns that are 0
 * for all parts.
 */
#include <string.h>

#include "base/log.h"
#include "usage/usage.h"

#define BAR_MAX     20
#define BAR_MIN     6
#define INDENT      2
#define SHARE_WIDTH 9 /* "  100.0 %" */
#define SHORT_NAME  14
#define COLUMNS_MAX (PAGES_SIZES_MAX + 4)

struct lines {
	char *out;
	size_t bytes, used;
};

#define ADD(lines, ...)                                                     \
	((lines)->used += (size_t)text_format((lines)->out + (lines)->used, \
					      (lines)->bytes - (lines)->used, __VA_ARGS__))

struct column {
	char heading[24];
	size_t width;
	unsigned long (*figure)(const struct usage *usage, int hugetlb);
	int hugetlb; /* the index of its page size */
};

struct layout {
	struct column columns[COLUMNS_MAX];
	int count;
	size_t name, bar; /* widths; bar 0: none */
};

static unsigned long memory_of(const struct usage *usage, int hugetlb)
{
	(void)hugetlb;
	return usage->memory;
}

static unsigned long hugetlb_of(const struct usage *usage, int hugetlb)
{
	return usage->hugetlb[hugetlb];
}

static unsigned long thp_of(const struct usage *usage, int hugetlb)
{
	(void)hugetlb;
	return usage->thp;
}

static unsigned long file_thp_of(const struct usage *usage, int hugetlb)
{
	(void)hugetlb;
	return usage->shmem_thp + usage->file_thp;
}

static unsigned long small_of(const struct usage *usage, int hugetlb)
{
	(void)hugetlb;
	return usage->small;
}

static bool has_row(const struct usage_table *table, int part)
{
	return table->parts[part].memory || part <= PART_STACKS;
}

static size_t digits(unsigned long number)
{
	size_t count = 1;

	while (number /= 10)
		count++;
	return count;
}

static void add_column(struct layout *layout, const char *heading,
		       unsigned long (*figure)(const struct usage *usage, int hugetlb), int hugetlb)
{
	struct column *column = &layout->columns[layout->count++];

	*column = (struct column){.figure = figure, .hugetlb = hugetlb};
	text_format(column->heading, sizeof(column->heading), "%s", heading);
}

/* "hugetlb 2M", or "2M" */
static void add_hugetlb(struct layout *layout, size_t page_bytes, int index, bool is_short)
{
	const unsigned int shift = page_bytes >= (size_t)1 << 30 ? 30
				   : page_bytes >= 1u << 20      ? 20
								 : 10;
	char heading[24];

	text_format(heading, sizeof(heading), "%s%zu%c", is_short ? "" : "hugetlb ",
		    page_bytes >> shift, "KMG"[shift / 10 - 1]);
	add_column(layout, heading, hugetlb_of, index);
}

struct shape {
	bool is_short, has_bar;
	size_t name_max; /* longer names get a line of their own */
	bool leaves_out; /* omit columns that are all 0 */
};

/* Returns the width of its lines without the bar. */
static size_t lay_out(struct layout *layout, const struct usage_table *table,
		      const struct shape *shape)
{
	const size_t gap = shape->is_short ? 1 : 2;
	const bool is_short = shape->is_short;
	size_t width;

	memset(layout, 0, sizeof(*layout));
	add_column(layout, is_short ? "memory" : "in memory", memory_of, 0);
	for (int i = 0; i < table->hugetlb_size_count; i++)
		add_hugetlb(layout, table->hugetlb_sizes[i], i, is_short);
	add_column(layout, "THP", thp_of, 0);
	if (!shape->leaves_out || file_thp_of(&table->total, 0))
		add_column(layout, "file THP", file_thp_of, 0);
	add_column(layout, "small", small_of, 0);
	layout->name = strlen("all");
	for (int part = 0; part < PART_COUNT; part++) {
		const size_t length = strlen(part_name((enum part)part));

		if (has_row(table, part) && length > layout->name && length <= shape->name_max)
			layout->name = length;
	}
	width = INDENT + layout->name + SHARE_WIDTH;
	for (int i = 0; i < layout->count; i++) {
		struct column *column = &layout->columns[i];

		/* no figure is larger than the total */
		column->width = digits(column->figure(&table->total, column->hugetlb));
		if (column->width < strlen(column->heading))
			column->width = strlen(column->heading);
		column->width += gap;
		width += column->width;
	}
	return width;
}

static void choose_layout(struct layout *layout, const struct usage_table *table, size_t columns)
{
	static const struct shape shapes[] = {{false, true, SIZE_MAX, false},
					      {true, true, SIZE_MAX, false},
					      {true, false, SIZE_MAX, false},
					      {true, false, SHORT_NAME, false},
					      {true, false, SHORT_NAME, true}};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const size_t width = lay_out(layout, table, &shapes[i]);
		const size_t room = columns > width + 2 ? columns - width - 2 : 0;

		if (room >= BAR_MIN)
			layout->bar = room < BAR_MAX ? room : BAR_MAX;
		if (shapes[i].has_bar ? layout->bar : width <= columns)
			return;
	}
}

static void add_repeated(struct lines *lines, const char *sign, size_t count)
{
	while (count--)
		ADD(lines, "%s", sign);
}

static void add_right(struct lines *lines, const char *word, size_t width)
{
	const size_t length = strlen(word);

	add_repeated(lines, " ", length < width ? width - length : 0);
	ADD(lines, "%s", word);
}

static void add_name(struct lines *lines, const struct layout *layout, const char *name)
{
	const size_t length = strlen(name);

	ADD(lines, "  %s", name);
	if (length > layout->name)
		ADD(lines, "\n  ");
	add_repeated(lines, " ", length < layout->name ? layout->name - length : 0);
	if (length > layout->name)
		add_repeated(lines, " ", layout->name);
}

/* In colour and with characters that fill their cell, if the style has them. */
static void add_bar(struct lines *lines, size_t filled, size_t empty,
		    const struct usage_style *style)
{
	const bool colors = style->colors && filled;

	ADD(lines, colors ? "  \033[36m" : "  ");
	add_repeated(lines, style->utf8 ? "\u2588" : "#", filled);
	if (colors)
		ADD(lines, "\033[0m");
	add_repeated(lines, style->utf8 ? "\u2591" : "-", empty);
}

/* The share on huge pages: "##########----------"; empty for a part without memory. */
static void add_share(struct lines *lines, const struct layout *layout, const struct usage *usage,
		      const struct usage_style *style)
{
	unsigned long huge = usage_huge_kb(usage), filled, permille;

	if (!usage->memory) {
		ADD(lines, "\n");
		return;
	}
	if (huge > usage->memory)
		huge = usage->memory;
	filled = (unsigned long)((uint64_t)huge * layout->bar / usage->memory);
	permille = (unsigned long)((uint64_t)huge * 1000 / usage->memory);
	/* A small share still shows one mark. */
	if (huge && !filled && layout->bar)
		filled = 1;
	if (layout->bar)
		add_bar(lines, filled, layout->bar - filled, style);
	ADD(lines, "  %3lu.%lu %%\n", permille / 10, permille % 10);
}

static void add_row(struct lines *lines, const struct layout *layout, const char *name,
		    const struct usage *usage, const struct usage_style *style)
{
	add_name(lines, layout, name);
	for (int i = 0; i < layout->count; i++) {
		const struct column *column = &layout->columns[i];
		char figure[24];

		text_format(figure, sizeof(figure), "%lu", column->figure(usage, column->hugetlb));
		add_right(lines, figure, column->width);
	}
	add_share(lines, layout, usage, style);
}

int usage_text(const struct usage_table *table, const struct usage_style *style, char *out,
	       size_t bytes)
{
	struct lines lines = {.out = out, .bytes = bytes};
	struct layout layout;

	out[0] = '\0';
	choose_layout(&layout, table, style->columns);
	add_name(&lines, &layout, "");
	for (int i = 0; i < layout.count; i++)
		add_right(&lines, layout.columns[i].heading, layout.columns[i].width);
	ADD(&lines, layout.bar ? "  huge\n" : "     huge\n");
	for (int part = 0; part < PART_COUNT; part++)
		if (has_row(table, part))
			add_row(&lines, &layout, part_name((enum part)part), &table->parts[part],
				style);
	add_row(&lines, &layout, "all", &table->total, style);
	if (table->total.swap)
		ADD(&lines, "  %lu kB are swapped out\n", table->total.swap);
	return (int)lines.used;
}
