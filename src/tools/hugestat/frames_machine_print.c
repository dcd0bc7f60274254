/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints transparent huge pages of the machine and its cgroups by size, for people and as JSON: see
 * machine.h.
 */
#include <stdio.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/frames_machine.h"

#define GROUPS_SHOWN 10

static unsigned long page_kb(void)
{
	return (unsigned long)sysconf(_SC_PAGESIZE) >> 10;
}

static unsigned long pages_of(const struct frames_machine_sizes *sizes, int order)
{
	unsigned long sum = 0;

	for (int kind = 0; kind < MACHINE_KINDS; kind++)
		sum += sizes->pages[order][kind];
	return sum;
}

static void print_size(const struct frames_machine_sizes *sizes, int order)
{
	const unsigned long size_kb = page_kb() << order;
	char name[32];

	snprintf(name, sizeof(name), "%lu%c", size_kb >= 1024 ? size_kb >> 10 : size_kb,
		 size_kb >= 1024 ? 'M' : 'K');
	printf("  %-8s", name);
	for (int kind = 0; kind < MACHINE_KINDS; kind++)
		printf(" %14lu", sizes->pages[order][kind] * page_kb());
	putchar('\n');
}

/* False: there are none. */
static bool print_sizes(const struct frames_machine_sizes *sizes)
{
	bool any = false;

	for (int order = 0; order < FRAMES_ORDERS; order++)
		if (pages_of(sizes, order)) {
			print_size(sizes, order);
			any = true;
		}
	return any;
}

static void print_group_name(const struct frames_machine_group *group)
{
	if (group->path)
		text_show(group->path, stdout);
	else
		fputs(group->inode ? "a group that is gone or not visible here" : "no group",
		      stdout);
}

void frames_machine_print(const struct frames_machine *machine, bool verbose)
{
	const size_t shown = verbose || machine->group_count < GROUPS_SHOWN ? machine->group_count
									    : GROUPS_SHOWN;

	puts("Transparent huge pages of the machine by size, in kB");
	printf("  %-8s %14s %14s %14s\n", "size", "anonymous", "shared memory", "files");
	if (!print_sizes(&machine->all))
		puts("  none");
	if (machine->group_count)
		puts("\nBy memory cgroup");
	for (size_t i = 0; i < shown; i++) {
		fputs("  ", stdout);
		print_group_name(&machine->groups[i]);
		putchar('\n');
		print_sizes(&machine->groups[i].sizes);
	}
	if (shown < machine->group_count)
		printf("  and %zu more (--verbose)\n", machine->group_count - shown);
}

static void put_sizes(struct json *json, const struct frames_machine_sizes *sizes)
{
	json_open(json, "sizes", '[');
	for (int order = 0; order < FRAMES_ORDERS; order++) {
		if (!pages_of(sizes, order))
			continue;
		json_open(json, NULL, '{');
		json_number(json, "page_kb", page_kb() << order);
		json_number(json, "anonymous_kb",
			    sizes->pages[order][MACHINE_ANONYMOUS] * page_kb());
		json_number(json, "shared_kb", sizes->pages[order][MACHINE_SHARED] * page_kb());
		json_number(json, "file_kb", sizes->pages[order][MACHINE_FILE] * page_kb());
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_group(struct json *json, const void *of, size_t number)
{
	const struct frames_machine_group *group =
		&((const struct frames_machine *)of)->groups[number];

	json_text(json, "path", group->path);
	json_number(json, "inode", group->inode);
	put_sizes(json, &group->sizes);
}

void frames_machine_json(const struct frames_machine *machine, struct json *json)
{
	json_document(json);
	put_sizes(json, &machine->all);
	json_objects(json, "cgroups", machine->group_count, put_group, machine);
	json_close(json, '}');
}
