/*
 * Lines of /proc/PID/maps and smaps.
 */
#ifndef PAGES_SMAPS_H
#define PAGES_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number in base 10 or 16 at text; *end, unless end is NULL, is behind it. */
uintptr_t smaps_number(const char *text, unsigned int base, const char **end);

/* Is this a mapping's first line, "<start>-<end> ..."? A field's begins with a capital letter. */
bool smaps_mapping(const char *line, uintptr_t *start, uintptr_t *end);

/* The value of "<name> <n> kB", where name ends in a colon, or 0: line is another field. */
unsigned long smaps_field_kb(const char *line, const char *name);

/* The base page size, as the kernel told the process. */
size_t smaps_base_bytes(void);

#endif
