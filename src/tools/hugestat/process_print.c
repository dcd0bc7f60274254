/*
 * A process's parts for people, with a bar each; and one line a mapping.
 */
#include <stdio.h>
#include <string.h>

#include "tools/hugestat/process.h"

#define BAR_WIDTH 20

/* The share on huge pages: "##########----------"; no memory: nothing. */
static void print_bar(const struct usage *usage, FILE *out)
{
	unsigned long huge = usage_huge_kb(usage);
	unsigned long filled, permille;

	if (!usage->memory) {
		fputc('\n', out);
		return;
	}
	if (huge > usage->memory)
		huge = usage->memory;
	filled = (unsigned long)((uint64_t)huge * BAR_WIDTH / usage->memory);
	permille = (unsigned long)((uint64_t)huge * 1000 / usage->memory);
	/* A little is not nothing. */
	if (huge && !filled)
		filled = 1;
	fputs("  ", out);
	for (unsigned long i = 0; i < BAR_WIDTH; i++)
		fputc(i < filled ? '#' : '-', out);
	fprintf(out, " %3lu.%lu %%\n", permille / 10, permille % 10);
}

static void print_usage(const struct process *process, const char *name, const struct usage *usage,
			FILE *out)
{
	fprintf(out, "  %-14s %12lu", name, usage->memory);
	for (int i = 0; i < process->hugetlb_size_count; i++)
		fprintf(out, " %12lu", usage->hugetlb[i]);
	fprintf(out, " %11lu %11lu %12lu", usage->thp, usage->shmem_thp + usage->file_thp,
		usage->small);
	print_bar(usage, out);
}

static void print_heading(const struct process *process, FILE *out)
{
	fprintf(out, "%s, process %d: kB in memory, and on each kind of page\n", process->name,
		(int)process->pid);
	fprintf(out, "  %-14s %12s", "", "in memory");
	for (int i = 0; i < process->hugetlb_size_count; i++) {
		char name[32];

		if (process->hugetlb_sizes[i] >= 1u << 30)
			snprintf(name, sizeof(name), "hugetlb %zuG",
				 process->hugetlb_sizes[i] >> 30);
		else if (process->hugetlb_sizes[i] >= 1u << 20)
			snprintf(name, sizeof(name), "hugetlb %zuM",
				 process->hugetlb_sizes[i] >> 20);
		else
			snprintf(name, sizeof(name), "hugetlb %zuK",
				 process->hugetlb_sizes[i] >> 10);
		fprintf(out, " %12s", name);
	}
	fprintf(out, " %11s %11s %12s  huge\n", "THP", "file THP", "small");
}

/* One line. Of pmap -XX's columns those that are not 0; the size and the pages' size always. */
static void print_mapping(const struct process_mapping *mapping, FILE *out)
{
	const struct smaps_mapping *smaps = &mapping->smaps;

	fprintf(out, "%012llx-%012llx %s %08llx %02x:%02x %llu %s (%s):",
		(unsigned long long)smaps->start, (unsigned long long)smaps->end, smaps->rights,
		(unsigned long long)smaps->offset, smaps->device_major, smaps->device_minor,
		(unsigned long long)smaps->inode, smaps->name[0] ? smaps->name : "[anonymous]",
		part_name(mapping->part));
	for (unsigned int field = 0; field < SMAPS_FIELDS; field++) {
		bool is_kb = field != SMAPS_THP_ELIGIBLE && field != SMAPS_PROTECTION_KEY;

		if (!(smaps->present & 1u << field) || (!smaps->value[field] && field > SMAPS_RSS))
			continue;
		fprintf(out, " %s %lu%s,", smaps_field_name(field), smaps->value[field],
			is_kb ? " kB" : "");
	}
	fprintf(out, " VmFlags %s\n", smaps->flags);
}

void process_print(const struct process *process, bool verbose, FILE *out)
{
	print_heading(process, out);
	for (int part = 0; part < PART_COUNT; part++)
		if (process->parts[part].memory || part <= PART_STACKS)
			print_usage(process, part_name(part), &process->parts[part], out);
	print_usage(process, "all", &process->total, out);
	if (process->total.swap)
		fprintf(out, "  %lu kB are swapped out\n", process->total.swap);
	if (!verbose)
		return;
	fputc('\n', out);
	for (size_t i = 0; i < process->count; i++)
		print_mapping(&process->mappings[i], out);
}
