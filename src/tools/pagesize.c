/*
 * pagesize: the page sizes of this machine, in bytes, one a line.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pages/pages.h"

static const char usage[] =
	"Usage: pagesize [options]\n"
	"Prints the size of a base page in bytes.\n"
	"\n"
	"  -a, --all        the base page and every huge page size, one a line\n"
	"  -H, --huge-only  every huge page size, one a line\n"
	"  -h, --help       this text\n";

static void print_sizes(bool base, bool huge)
{
	struct page_sizes sizes;

	sizes_read(&sizes, (size_t)sysconf(_SC_PAGESIZE));
	if (base)
		printf("%zu\n", sizes.base);
	for (int i = 0; huge && i < sizes.huge_count; i++)
		printf("%zu\n", sizes.huge[i]);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{"huge-only", no_argument, NULL, 'H'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool base = true, huge = false, help = false;
	int option;

	while ((option = getopt_long(argc, argv, "aHh", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			base = huge = true;
			break;
		case 'H':
			base = false;
			huge = true;
			break;
		case 'h':
			help = true;
			break;
		default:
			fputs(usage, stderr);
			return EXIT_FAILURE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "pagesize: unexpected argument: %s\n%s", argv[optind], usage);
		return EXIT_FAILURE;
	}
	if (help)
		fputs(usage, stdout);
	else
		print_sizes(base, huge);
	if (ferror(stdout) || fclose(stdout)) {
		perror("pagesize: standard output");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
