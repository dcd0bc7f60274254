/*
 * hugeedit: shows and changes what an ELF file says about huge pages.
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

enum { OPTION_TEXT, OPTION_DATA, OPTION_DISABLE, OPTION_ALIGN };

static const struct tool_option rows[] = {
	[OPTION_TEXT] = {"text", 0, NULL,
			 "Marks what is not writable, text and constants, to be put on huge pages.",
			 NULL, "Changes"},
	[OPTION_DATA] = {"data", 0, NULL,
			 "Marks what is writable, data and bss, to be put on huge pages.", NULL,
			 NULL},
	[OPTION_DISABLE] = {"disable", 0, NULL, "Takes these marks away.", NULL, NULL},
	[OPTION_ALIGN] =
		{"align", 0, "[size]",
		 "Has the file loaded on a boundary of so many bytes (K, M, G); unset: the "
		 "size of this machine's transparent huge pages.",
		 "2M", NULL},
	OPTION_TABLE_COMMON_ROWS,
};

static const struct option_table table = {
	.tool = "hugeedit",
	.usage = "[--text] [--data] [--disable] [--align[=size]] file",
	.about = "Without an option shows the segments of an ELF file.",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.has_words = true,
	.takes_file = true,
};

struct wishes {
	bool text, data, disable;
	size_t align_bytes; /* 0: as it is */
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
		case OPTION_DISABLE:
			wishes->disable = true;
			break;
		case OPTION_ALIGN:
			if (parse_alignment(value, &wishes->align_bytes))
				return OPTION_TABLE_BAD;
			break;
		}
	}
	if (option != OPTION_TABLE_END)
		return option;
	if (wishes->disable && (wishes->text || wishes->data)) {
		fprintf(stderr, "hugeedit: --disable does not go with --text or --data\n");
		return OPTION_TABLE_BAD;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "hugeedit: %s (hugeedit --help)\n",
			optind == argc ? "no file was named" : "one file at a time, options first");
		return OPTION_TABLE_BAD;
	}
	return 0;
}

static void show(const struct image *image)
{
	const char *kind = "shared library or program that may be loaded anywhere";

	if (image->type == ET_EXEC)
		kind = "program at fixed addresses";
	else if (image->has_interpreter)
		kind = "program that may be loaded anywhere";
	printf("%s: ELF%d, %s\n", image->path, image->class == ELFCLASS64 ? 64 : 32, kind);
	printf("%-7s %-5s %-5s %18s %12s %12s %12s  %s\n", "segment", "kind", "flags", "address",
	       "offset", "bytes", "alignment", "huge pages");
	for (size_t i = 0; i < image->header_count; i++) {
		const GElf_Phdr *header = &image->headers[i];

		if (header->p_type != PT_LOAD)
			continue;
		printf("%-7zu %-5s %c%c%-3c %#18" PRIx64 " %#12" PRIx64 " %#12" PRIx64
		       " %#12" PRIx64 "  %s\n",
		       i, header_is_text(header) ? "text" : "data",
		       header->p_flags & PF_R ? 'R' : '-', header->p_flags & PF_W ? 'W' : '-',
		       header->p_flags & PF_X ? 'X' : '-', header->p_vaddr, header->p_offset,
		       header->p_memsz, header->p_align,
		       header->p_flags & PF_LINUX_HUGETLB ? "yes" : "no");
	}
}

static int change(struct image *image, const struct wishes *wishes)
{
	int error = 0;

	if (wishes->text || wishes->data)
		error = edit_mark(image, wishes->text, wishes->data);
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
		if (wishes.text || wishes.data || wishes.disable || wishes.align_bytes)
			result = change(&image, &wishes);
		else
			show(&image);
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
