/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugeedit: shows and changes which segments of an ELF file go on huge pages by default.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options/options.h"
#include "pages/sizes.h"
#include "tools/common/option_table.h"
#include "tools/hugeedit/edit.h"
#include "tools/hugeedit/image.h"
#include "tools/hugeedit/replace.h"

#define LARGEST_ALIGNMENT_BYTES ((size_t)1 << 30)
#define USUAL_PAGE_BYTES        ((size_t)2 << 20)

enum {
	OPTION_TEXT,
	OPTION_DATA,
	OPTION_CONSTANTS,
	OPTION_DISABLE,
	OPTION_ALIGN,
	OPTION_TABLE,
};

/* clang-format off */
static const struct tool_option rows[] = {
	[OPTION_TEXT] = {"text", 0, NULL,
		"Marks the executable segments: huge pages back them by default.", NULL, "Changes"},
	[OPTION_DATA] = {"data", 0, NULL,
		"Marks the writable segments, data and bss.", NULL, NULL},
	[OPTION_CONSTANTS] = {"constants", 0, NULL,
		"Marks the segments that are neither executable nor writable.", NULL, NULL},
	[OPTION_DISABLE] = {"disable", 0, NULL, "Removes the marks.", NULL, NULL},
	[OPTION_ALIGN] = {"align", 0, "[size]",
		"Makes the file load at a multiple of this size; default: the size of this machine's "
		"transparent huge pages.", "2M", NULL},
	[OPTION_TABLE] = {"table", 0, NULL,
		"Lists the segments as a table, with flags, offset and alignment.", NULL, "Listing"},
	OPTION_TABLE_COMMON_ROWS,
};
/* clang-format on */

static const struct option_table table = {
	.tool = "hugeedit",
	.usage = "[options] file",
	.about = "Changes which segments of an ELF file huge pages back by default, or its alignment; "
		 "then lists the segments.",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.has_words = true,
	.takes_file = true,
};

struct wishes {
	bool text, data, constants, disable, table;
	size_t align_bytes; /* 0: unchanged */
};

static size_t default_alignment(void)
{
	struct page_sizes sizes;

	sizes_read(&sizes, (size_t)sysconf(_SC_PAGESIZE));
	if (sizes.thp)
		return sizes.thp;
	return sizes.default_huge && sizes.default_huge < LARGEST_ALIGNMENT_BYTES
		       ? sizes.default_huge
		       : USUAL_PAGE_BYTES;
}

static int parse_alignment(const char *value, size_t *bytes)
{
	if (!value) {
		*bytes = default_alignment();
		return 0;
	}
	if (options_parse_size(value, bytes) || *bytes < (size_t)sysconf(_SC_PAGESIZE) ||
	    *bytes > LARGEST_ALIGNMENT_BYTES || *bytes & (*bytes - 1)) {
		fprintf(stderr, "hugeedit: --align=%s: not a power of two from a page to 1G\n",
			value);
		return -EINVAL;
	}
	return 0;
}

/* Returns 0, or OPTION_TABLE_BAD or OPTION_TABLE_DONE. */
static int read_wishes(int argc, char **argv, struct wishes *wishes)
{
	const char *value;
	int option;

	while ((option = option_table_next(&table, argc, argv, &value)) >= 0) {
		switch (option) {
		case OPTION_TEXT:
			wishes->text = true;
			break;
		case OPTION_DATA:
			wishes->data = true;
			break;
		case OPTION_CONSTANTS:
			wishes->constants = true;
			break;
		case OPTION_DISABLE:
			wishes->disable = true;
			break;
		case OPTION_TABLE:
			wishes->table = true;
			break;
		case OPTION_ALIGN:
			if (parse_alignment(value, &wishes->align_bytes))
				return OPTION_TABLE_BAD;
			break;
		}
	}
	if (option != OPTION_TABLE_END)
		return option;
	if (wishes->disable && (wishes->text || wishes->data || wishes->constants)) {
		fprintf(stderr,
			"hugeedit: --disable does not go with --text, --data or --constants\n");
		return OPTION_TABLE_BAD;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "hugeedit: %s (hugeedit --help)\n",
			optind == argc ? "no file was named" : "one file at a time, options first");
		return OPTION_TABLE_BAD;
	}
	return 0;
}

static const char *kind_name(const GElf_Phdr *header)
{
	if (header_is_data(header))
		return "data";
	return header_is_text(header) ? "text" : "const";
}

static void show_table(const struct image *image)
{
	const char *kind = "shared library or position-independent program";

	if (image->type == ET_EXEC)
		kind = "program at fixed addresses";
	else if (image->has_interpreter)
		kind = "position-independent program";
	printf("%s: ELF%d, %s\n", image->path, image->class == ELFCLASS64 ? 64 : 32, kind);
	printf("%-7s %-5s %-5s %14s %10s %10s %10s  %s\n", "segment", "kind", "flags", "address",
	       "offset", "bytes", "alignment", "huge pages");
	for (size_t i = 0; i < image->header_count; i++) {
		const GElf_Phdr *header = &image->headers[i];

		if (header->p_type != PT_LOAD)
			continue;
		printf("%-7zu %-5s %c%c%-3c %#14" PRIx64 " %#10" PRIx64 " %#10" PRIx64
		       " %#10" PRIx64 "  %s\n",
		       i, kind_name(header), header->p_flags & PF_R ? 'R' : '-',
		       header->p_flags & PF_W ? 'W' : '-', header->p_flags & PF_X ? 'X' : '-',
		       header->p_vaddr, header->p_offset, header->p_memsz, header->p_align,
		       header->p_flags & PF_LINUX_HUGETLB ? "yes" : "no");
	}
}

/* The original tool's lines, which scripts read. */
static void show_lines(const struct image *image)
{
	for (size_t i = 0; i < image->header_count; i++) {
		const GElf_Phdr *header = &image->headers[i];
		const char *kind = "";

		if (header->p_type != PT_LOAD)
			continue;
		if (header_is_data(header))
			kind = "DATA";
		else if (header_is_text(header))
			kind = "TEXT";
		printf("Segment %zu 0x%" PRIx64 " - 0x%" PRIx64 " (%s) default is %s pages\n", i,
		       header->p_vaddr, header->p_vaddr + header->p_memsz, kind,
		       header->p_flags & PF_LINUX_HUGETLB ? "HUGE" : "BASE");
	}
}

static int change(struct image *image, const struct wishes *wishes)
{
	int error = 0;

	if (wishes->text)
		error = edit_mark(image, EDIT_TEXT);
	if (!error && wishes->data)
		error = edit_mark(image, EDIT_DATA);
	if (!error && wishes->constants)
		error = edit_mark(image, EDIT_CONSTANTS);
	if (wishes->disable)
		edit_unmark(image);
	if (!error && wishes->align_bytes)
		error = edit_align(image, wishes->align_bytes);
	if (error || !image_store_headers(image))
		return error;
	return replace_file(image);
}

int main(int argc, char **argv)
{
	struct wishes wishes = {0};
	struct image image;
	int result = read_wishes(argc, argv, &wishes);

	if (result == OPTION_TABLE_BAD)
		return EXIT_FAILURE;
	if (!result) {
		if (image_open(&image, argv[optind]))
			return EXIT_FAILURE;
		result = change(&image, &wishes);
		if (!result && wishes.table)
			show_table(&image);
		else if (!result)
			show_lines(&image);
		image_close(&image);
		if (result)
			return EXIT_FAILURE;
	}
	if (ferror(stdout) || fclose(stdout)) {
		perror("hugeedit: standard output");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
