/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * State that the entry points of this folder share: whether libc's calls are hooked, where libc's
 * text is, and which features handle which calls.
 *
 * Filled in by calls_start() while one thread runs. Features set own_break, watch and the mappers,
 * also while one thread runs.
 */
#ifndef CALLS_STATE_H
#define CALLS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hook/symbols.h"
#include "options/options.h"

/* Replaces the kernel's break. */
struct calls_break {
	long (*sbrk)(intptr_t delta);                /* returns the old break, or -errno */
	bool (*brk)(uintptr_t address, int *result); /* false: the address is in the kernel's
						      * break */
	long (*system_call)(uintptr_t address);      /* SYS_brk: returns the break */

	/* The program is about to write to [from, to) of libc's text, or to replace it. Without the
	 * lock. */
	void (*text_opened)(uintptr_t from, uintptr_t to);
};

/*
 * A mapping of the program (or of libc itself: by_libc) at any address; hint is 0, or the address
 * that the program prefers. Takes the lock itself. Returns the mapping's address, or 0: then the
 * next mapper is called, and after the last one the kernel.
 */
typedef uintptr_t calls_mapper(uintptr_t hint, size_t bytes, int protection, int flags,
			       bool by_libc);

#define CALLS_MAPPERS 2

/* A mapping of a file that the program (not libc) makes, wherever there is room. */
struct calls_file {
	size_t bytes;
	int protection, flags, fd;
	uint64_t offset;
};

struct libc_calls {
	bool active;       /* libc's functions are hooked */
	bool sees_syscall; /* syscall(2) is hooked, too */
	bool copies_text;  /* set by the constructor: segments are copied next, which may be libc's
			    * text, and then have to be as in their files */
	enum fork_mode fork;
	uintptr_t text, text_end; /* libc's; none in a static program, where callers cannot be
				   * identified */
	const struct calls_break *own_break;  /* NULL: the kernel's */
	calls_mapper *mappers[CALLS_MAPPERS]; /* in the order in which they are called; NULL:
					       * none */

	/* Maps a file for the program. Returns the address, or 0: the kernel shall do it. */
	uintptr_t (*map_file)(const struct calls_file *file);

	/*
	 * Called for a mapping of the program that the kernel made, in a region or not: its
	 * address, its kind, and the address that the program asked for (0: any). Takes the lock
	 * itself. NULL: no feature needs it.
	 */
	void (*watch)(uintptr_t address, size_t bytes, int protection, int flags, uintptr_t hint,
		      bool by_libc);

	/* Called before the program installs a filter of system calls. NULL: no feature needs it.
	 */
	void (*before_filter)(void);

	/* Called before libc unmaps memory of its own. NULL: no feature needs it. */
	void (*unmapping)(uintptr_t address, size_t bytes);

	struct libc libc;
};

extern struct libc_calls libc_calls;

/* Adds a mapper after the others; or removes it. */
void calls_add_mapper(calls_mapper *mapper);
void calls_remove_mapper(calls_mapper *mapper);

#endif
