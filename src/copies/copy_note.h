/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which file a copy is of: an empty file beside it says so in its name, for people. hugetlbfs keeps
 * no symbolic links, and a file on it holds huge pages or nothing.
 *
 * Its name has the device and the inode, like the copy's, and the path with a backslash for each
 * slash. Paths that are too long for that, or have a backslash themselves, are not noted.
 */
#ifndef COPIES_COPY_NOTE_H
#define COPIES_COPY_NOTE_H

#include <stdbool.h>
#include <stddef.h>

#define COPY_NOTE_BYTES 256

/* In the directory of the copy of that name. Without it the copy serves as well. */
void copy_note_make(int directory, const char *copy_name, const char *path);

/* Is it the name of a note, or that of a copy, of the file that the copy is of? Pure. */
bool copy_note_is(const char *name, const char *copy_name);
bool copy_note_is_copy(const char *name, const char *copy_name);

/* Finds the note of a copy in the directory, open or by its path. False: there is none. */
bool copy_note_find(int directory, const char *copy_name, char note[COPY_NOTE_BYTES]);

/* The path in a note. */
void copy_note_path(const char *note, const char *copy_name, char path[COPY_NOTE_BYTES]);

/*
 * Stores the path of the file that was copied, if the path is that of a copy; root is put before it
 * ("", or another process's root directory). False: it is none, or that is not known.
 */
bool copy_note_original(const char *path, const char *root, char original[COPY_NOTE_BYTES]);

#endif
