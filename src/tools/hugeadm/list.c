/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The listings: mounts, pools and page sizes, as text for people and scripts, or as JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hugeadm.h"
#include "tools/common/shown_text.h"

static void put_mount(struct json *json, const void *mounts, size_t number)
{
	const struct listed_mount *mount = (const struct listed_mount *)mounts + number;

	json_text(json, "path", mount->path);
	json_number(json, "page_size_bytes", mount->page_bytes);
	json_text(json, "options", mount->options);
}

/* A mount takes one line, whatever its name contains. Like the list, the text is never freed. */
static char *shown_path(const char *path)
{
	char *shown = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&shown, &bytes);

	if (!stream)
		abort();
	text_show(path, stream);
	if (fclose(stream))
		abort();
	return shown;
}

/* Counts the bytes of UTF-8 that are not continuation bytes. */
static int columns_of(const char *text)
{
	int columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}

int list_mounts(const struct request *request, struct json *json)
{
	struct listed_mount *mounts;
	int count = mount_table_read(&mounts), width = (int)strlen("Mount Point          ");

	(void)request;
	if (count < 0)
		return count;
	if (json) {
		json_objects(json, "mounts", (size_t)count, put_mount, mounts);
		return 0;
	}
	/* standard output has only the list */
	if (!count)
		return complain(0, "No hugetlbfs mount points found");
	for (int i = 0; i < count; i++) {
		mounts[i].path = shown_path(mounts[i].path);
		if (columns_of(mounts[i].path) > width)
			width = columns_of(mounts[i].path);
	}
	printf("%-*s %s\n", width, "Mount Point", "Options");
	for (int i = 0; i < count; i++)
		printf("%s%*s %s\n", mounts[i].path, width - columns_of(mounts[i].path), "",
		       mounts[i].options);
	return 0;
}

static void numbers_as_json(struct json *json, const struct pool_numbers *numbers)
{
	json_number(json, "minimum_pages", numbers->minimum);
	json_number(json, "current_pages", numbers->current);
	json_number(json, "free_pages", numbers->available);
	json_number(json, "surplus_pages", numbers->surplus);
}

static void nodes_as_json(struct json *json, size_t page_bytes)
{
	json_open(json, "nodes", '[');
	for (int node = node_next(MACHINE); node != MACHINE; node = node_next(node)) {
		struct pool_numbers numbers;
		char path[160];
		unsigned long any;

		/* a node without memory has no pool */
		pool_path(path, sizeof(path), page_bytes, node, "nr_hugepages");
		if (!read_number(path, &any) || pool_numbers_read(page_bytes, node, &numbers))
			continue;
		json_open(json, NULL, '{');
		json_number(json, "node", (unsigned int)node);
		numbers_as_json(json, &numbers);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void pool_as_json(const struct request *request, struct json *json, size_t page_bytes,
			 const struct pool_numbers *numbers)
{
	json_open(json, NULL, '{');
	json_number(json, "page_size_bytes", page_bytes);
	json_boolean(json, "default", page_bytes == request->sizes.default_huge);
	if (request->node != MACHINE) {
		json_number(json, "node", (unsigned int)request->node);
		numbers_as_json(json, numbers);
	} else {
		numbers_as_json(json, numbers);
		json_number(json, "maximum_pages", pool_maximum(numbers));
		json_number(json, "reserved_pages", numbers->reserved);
		json_number(json, "overcommit_pages", numbers->overcommit);
		nodes_as_json(json, page_bytes);
	}
	json_close(json, '}');
}

/* No page size is listed: the kernel has no huge pages, or cannot be asked. */
static int no_page_sizes(void)
{
	return complain(-ENOENT, has_sys()
					 ? "this kernel has no huge pages"
					 : "the huge page sizes are unknown: /sys is not mounted");
}

/* The columns that scripts expect; a node has no maximum of its own. */
int list_pools(const struct request *request, struct json *json)
{
	int result = 0;

	if (json)
		json_open(json, "pools", '[');
	else
		printf("%10s %8s %8s %8s %8s\n", "Size", "Minimum", "Current", "Maximum",
		       "Default");
	if (!request->sizes.huge_count)
		result = no_page_sizes();
	for (int i = 0; i < request->sizes.huge_count; i++) {
		const size_t page_bytes = request->sizes.huge[i];
		const char *mark = page_bytes == request->sizes.default_huge ? "*" : "";
		struct pool_numbers numbers;
		char maximum[24] = "-";

		if (pool_numbers_read(page_bytes, request->node, &numbers)) {
			result = -1;
			continue;
		}
		if (json) {
			pool_as_json(request, json, page_bytes, &numbers);
			continue;
		}
		if (request->node == MACHINE)
			snprintf(maximum, sizeof(maximum), "%lu", pool_maximum(&numbers));
		printf("%10zu %8lu %8lu %8s %8s\n", page_bytes, numbers.minimum, numbers.current,
		       maximum, mark);
	}
	if (json)
		json_close(json, ']');
	return result;
}

/* Sizes with a pool that has pages or may get some; with all, every size of the machine. */
int list_page_sizes(const struct request *request, struct json *json, bool all)
{
	int result = request->sizes.huge_count ? 0 : no_page_sizes();

	if (json)
		json_open(json, all ? "page_sizes_all_bytes" : "page_sizes_bytes", '[');
	for (int i = 0; i < request->sizes.huge_count; i++) {
		const size_t page_bytes = request->sizes.huge[i];
		struct pool_numbers numbers;

		if (!all && (pool_numbers_read(page_bytes, MACHINE, &numbers) ||
			     (!numbers.current && !numbers.overcommit)))
			continue;
		if (json)
			json_number(json, NULL, page_bytes);
		else
			printf("%zu\n", page_bytes);
	}
	if (json)
		json_close(json, ']');
	return result;
}
