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

/* A stream in memory, as --watch has, is shown on standard output afterwards. */
static struct usage_style style_for(FILE *out)
{
	FILE *screen = fileno(out) < 0 ? stdout : out;

	return (struct usage_style){
		.columns = screen_columns(screen, screen_columns(stdout, USAGE_COLUMNS)),
		.colors = screen_has_colors(screen),
		.utf8 = screen_has_utf8(screen),
	};
}

void process_print(const struct process *process, bool verbose, FILE *out)
{
	const struct usage_style style = style_for(out);
	char table[USAGE_TABLE_BYTES], files[USAGE_FILES_TEXT_BYTES];

	usage_text(&process->table, &style, table, sizeof(table));
	text_show(process->name, out);
	fprintf(out, ", process %d: kB in memory, and on each kind of page\n", (int)process->pid);
	fputs(table, out);
	usage_files_text(&process->files, style.columns, files, sizeof(files));
	fputs(files, out);
	if (!verbose)
		return;
	fputc('\n', out);
	for (size_t i = 0; i < process->count; i++)
		print_mapping(&process->mappings[i], out);
}
