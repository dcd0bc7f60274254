/*
 * What a loaded object is called, and whether HUGETLB_ELFMAP_OBJECTS names it.
 *
 * One library has several names: that by which it was opened (a link, as a rule), its soname, and
 * its file's, which /proc/PID/maps shows. Each of them will do.
 */
#ifndef NAMES_H
#define NAMES_H

#include <link.h>
#include <stdbool.h>

#define NAMES_MAX 3

struct names {
	const char *list[NAMES_MAX]; /* paths or base names */
	int count;
	bool is_main; /* of the program itself */
	char file[256];
};

/* The names that are in memory. Makes no system call. */
void names_read(const struct dl_phdr_info *info, bool is_main, struct names *names);

/* Adds the file's own name, behind all links; three system calls. Where that can't be had, all is
 * as it was. */
void names_read_file(struct names *names);

/*
 * Does the list of HUGETLB_ELFMAP_OBJECTS name the object? The last of its words that fits decides;
 * a list of words with minus signs only begins with all, none at all (NULL) means main.
 */
bool names_are_listed(const struct names *names, const char *list);

/* Are there names in the list, beside all and main? */
bool names_matter(const char *list);

/* Does the word, so many bytes of it, fit the object? */
bool names_fit(const struct names *names, const char *word, size_t length);

#endif
