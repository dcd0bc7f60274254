/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The C library of this process: which object it is, where its text is, and its symbols.
 *
 * Reads the symbol table itself instead of calling dlsym: that takes locks and may allocate, and
 * another object's function of the same name (an allocator's, a sanitizer's) is not the one wanted.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct libc {
	uintptr_t base;           /* added to a symbol's value */
	uintptr_t text, text_end; /* its executable segment */
	const ElfW(Sym) * symbols;
	const char *names;
	const uint16_t *versions; /* DT_VERSYM, one per symbol; NULL: it has no versions */
	const uint32_t *hash;     /* DT_GNU_HASH */

	/* In a static program, used instead of the tables; otherwise NULL. */
	uintptr_t (*static_address)(const char *name, size_t *bytes);
};

/* Finds glibc among the loaded objects. Returns 0, or -ENOENT: another C library. */
int libc_find(struct libc *libc);

/* An address from any object's dynamic table: ld.so has already added the base on most CPUs, not on
 * all. */
static inline uintptr_t libc_table_address(uintptr_t base, uintptr_t value)
{
	return value < base ? base + value : value;
}

/* Does any segment of the object contain that address? */
bool libc_object_holds(const struct dl_phdr_info *object, uintptr_t address);

/*
 * Finds the loaded object that contains an address (in any of its segments), and its executable
 * segment: the one with the address, or its first. Returns 0, or -ENOENT: none, or it has no text
 * or tables.
 */
int libc_find_object(struct libc *object, uintptr_t address);

/* glibc in a static program; only in libhugetlbfs.a. */
int libc_find_static(struct libc *libc) __attribute__((weak, visibility("hidden")));

/*
 * The default version of a function or an object of libc. Returns its address and, if bytes is not
 * NULL, its size; or 0.
 */
uintptr_t libc_symbol(const struct libc *libc, const char *name, size_t *bytes);

#endif
