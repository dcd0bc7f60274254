/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a loaded object is called, and whether HUGETLB_ELFMAP_OBJECTS names it.
 *
 * One library has several names: that by which it was opened (a link, as a rule), its soname, and
 * its file's, which /proc/PID/maps shows. Each of them will do.
 */
#ifndef OBJECT_NAMES_H
#define OBJECT_NAMES_H

#include <link.h>
#include <stdbool.h>

#define OBJECT_NAMES_MAX 3

struct object_names {
	const char *list[OBJECT_NAMES_MAX]; /* paths or base names */
	int count;
	bool is_main; /* of the program itself */
	char file[256];
};

/* The names that are in memory. Makes no system call. */
void object_names_read(const struct dl_phdr_info *info, bool is_main, struct object_names *names);

/* Adds the file's own name, behind all links; three system calls. Where that can't be had, all is
 * as it was. */
void object_names_read_file(struct object_names *names);

/*
 * Does the list of HUGETLB_ELFMAP_OBJECTS name the object? The last of its words that fits decides;
 * a list of words with minus signs only begins with all, none at all (NULL) means main.
 */
bool object_names_are_listed(const struct object_names *names, const char *list);

/* Are there names in the list, beside all and main? */
bool object_names_matter(const char *list);

/* Does the word, so many bytes of it, fit the object? */
bool object_names_fit(const struct object_names *names, const char *word, size_t length);

#endif
