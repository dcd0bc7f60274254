/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pagesize: the page sizes of this machine, in bytes, one per line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pages/sizes.h"
#include "tools/common/option_table.h"

enum { ALL, HUGE_ONLY };

/* clang-format off */
static const struct tool_option rows[] = {
	[ALL] = {"all", 'a', NULL, "Prints the base page size and every huge page size, one per line.", NULL,
		"Which sizes"},
	[HUGE_ONLY] = {"huge-only", 'H', NULL, "Prints every huge page size, one per line; overrides --all.",
		NULL, NULL},
	OPTION_TABLE_COMMON_ROWS,
};
/* clang-format on */

static const struct option_table table = {
	.tool = "pagesize",
	.usage = "[options]",
	.about = "Prints the size of a base page in bytes.",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};

/* Returns 0, or -ENOENT after a line on stderr if the huge page sizes are unknown. */
static int print_sizes(bool base, bool huge)
{
	struct page_sizes sizes;

	sizes_read(&sizes, (size_t)sysconf(_SC_PAGESIZE));
	if (base)
		printf("%zu\n", sizes.base);
	for (int i = 0; huge && i < sizes.huge_count; i++)
		printf("%zu\n", sizes.huge[i]);
	if (!huge || sizes.huge_count || !access("/sys/kernel/mm", F_OK))
		return 0;
	fflush(stdout);
	fputs("pagesize: the huge page sizes are unknown: /sys is not mounted\n", stderr);
	return -ENOENT;
}

int main(int argc, char **argv)
{
	bool base = true, huge = false;
	const char *value;
	int row, result = 0;

	while ((row = option_table_next(&table, argc, argv, &value)) >= 0) {
		base &= row == ALL;
		huge = true;
	}
	if (row == OPTION_TABLE_BAD)
		return EXIT_FAILURE;
	if (row == OPTION_TABLE_END)
		result = print_sizes(base, huge);
	if (ferror(stdout) || fclose(stdout)) {
		perror("pagesize: standard output");
		return EXIT_FAILURE;
	}
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
