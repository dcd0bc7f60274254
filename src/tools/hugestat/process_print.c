/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints a process's parts for people, and one line per mapping.
 */
#include <stdio.h>

#include "tools/common/screen.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/process.h"

/* Prints one line: those columns of pmap -XX that are not 0; always the size and the page size. */
static void print_mapping(const struct process_mapping *mapping, FILE *out)
{
	const struct smaps_mapping *smaps = &mapping->smaps;

	fprintf(out, "%012llx-%012llx %s %08llx %02x:%02x %llu ", (unsigned long long)smaps->start,
		(unsigned long long)smaps->end, smaps->rights, (unsigned long long)smaps->offset,
		smaps->device_major, smaps->device_minor, (unsigned long long)smaps->inode);
	text_show(smaps->name[0] ? smaps->name : "[anonymous]", out);
	fprintf(out, " (%s):", part_name(mapping->part));
	for (unsigned int field = 0; field < SMAPS_FIELDS; field++) {
		bool is_kb = field != SMAPS_THP_ELIGIBLE && field != SMAPS_PROTECTION_KEY;

		if (!(smaps->present & 1u << field) || (!smaps->value[field] && field > SMAPS_RSS))
			continue;
		fprintf(out, " %s %lu%s,", smaps_field_name(field), smaps->value[field],
			is_kb ? " kB" : "");
	}
	fprintf(out, " VmFlags %s\n", smaps->flags);
}

/* Bars in colour and with characters that fill their cell, if the terminal supports them. */
static void print_table(const char *table, FILE *out)
{
	const bool utf8 = screen_has_utf8(out), colors = screen_has_colors(out);

	for (; *table; table++) {
		const bool is_full = *table == '#';

		if (!is_full && *table != '-') {
			fputc(*table, out);
			continue;
		}
		if (is_full && colors)
			fputs("\033[36m", out);
		if (utf8)
			fputs(is_full ? "\u2588" : "\u2591", out);
		else
			fputc(*table, out);
		if (is_full && colors)
			fputs("\033[0m", out);
	}
}

void process_print(const struct process *process, bool verbose, FILE *out)
{
	const unsigned int usual = screen_columns(stdout, USAGE_COLUMNS);
	char table[USAGE_TABLE_BYTES];

	/* --watch prints into memory first */
	usage_text(&process->table, screen_columns(out, usual), table, sizeof(table));
	text_show(process->name, out);
	fprintf(out, ", process %d: kB in memory, and on each kind of page\n", (int)process->pid);
	print_table(table, out);
	if (!verbose)
		return;
	fputc('\n', out);
	for (size_t i = 0; i < process->count; i++)
		print_mapping(&process->mappings[i], out);
}
