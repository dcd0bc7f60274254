/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A loaded object, by what its headers, notes and dynamic table in memory say: where it lies, what
 * it is called, which build it is.
 *
 * A library has several names: the name by which it was opened (usually a link), its soname, and
 * the name of its file, which /proc/PID/maps shows. HUGETLB_ELFMAP_OBJECTS takes each of them.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program, or a shared library. */
struct object {
	const char *name;     /* usually a path; the linker's, valid while the object is loaded */
	uintptr_t base;       /* added to the addresses of its file */
	uintptr_t start, end; /* of all of its segments */
	uintptr_t relro_start, relro_end; /* made read-only by the linker (RELRO); whole base
					   * pages */
	const ElfW(Phdr) * headers;
	int header_count;
	bool main;
};

/* Reads the program headers. False: the object has no segments. */
bool object_read(const struct dl_phdr_info *info, size_t base_bytes, struct object *object);

/* Do these program headers, of an object at base, show relocations in its text (DT_TEXTREL)? */
bool object_has_text_relocations(const ElfW(Phdr) * headers, int count, uintptr_t base);

#define BUILD_ID_BYTES_MAX 32

struct build_id {
	unsigned char bytes[BUILD_ID_BYTES_MAX];
	size_t count; /* 0: the object has none */
};

/* The build-id of an object, from its notes. */
void object_build_id(const struct object *object, struct build_id *id);

#define OBJECT_NAMES_MAX 3

struct object_names {
	const char *list[OBJECT_NAMES_MAX]; /* paths or base names */
	int count;
	bool is_main; /* for the program itself */
	char file[256];
};

/* Reads the names that are in memory. Makes no system call. */
void object_names_read(const struct dl_phdr_info *info, bool is_main, struct object_names *names);

/* Adds the name of the file that all links lead to; three system calls. If it cannot be read,
 * *names does not change. */
void object_names_read_file(struct object_names *names);

/*
 * Does the list of HUGETLB_ELFMAP_OBJECTS name the object? The last word that fits decides; a list
 * whose words all have a minus sign begins with all, no list (NULL) means main.
 */
bool object_names_are_listed(const struct object_names *names, const char *list);

/* Does the list hold names other than all and main? */
bool object_names_matter(const char *list);

/* Does the word, length bytes long, fit the object? */
bool object_names_fit(const struct object_names *names, const char *word, size_t length);

#endif
