/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the entry points of this folder share: whether libc's calls come here, where libc's text is,
 * and which features want to serve which calls.
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

/* Stands in for the kernel's break. */
struct calls_break {
	long (*sbrk)(intptr_t delta);                /* the old break, or -errno */
	bool (*brk)(uintptr_t address, int *result); /* false: that is the kernel's break's */

	/* The program is about to write to, or replace, [from, to) of libc's text. Without the
	 * lock. */
	void (*text_opened)(uintptr_t from, uintptr_t to);
};

/*
 * A mapping of the program (or of libc itself: by_libc) wherever there is room; hint is 0, or where
 * the program would like it best. Takes the lock itself. Returns its address, or 0: the next one
 * shall do it, and after the last one the kernel.
 */
typedef uintptr_t calls_mapper(uintptr_t hint, size_t bytes, int protection, int flags,
			       bool by_libc);

#define CALLS_MAPPERS 2

struct libc_calls {
	bool active;       /* libc's calls come to us */
	bool sees_syscall; /* those through syscall(2), too */
	enum fork_pages fork;
	uintptr_t text, text_end; /* libc's; none in a static program: who calls can't be told */
	const struct calls_break *own_break;  /* NULL: the kernel's */
	calls_mapper *mappers[CALLS_MAPPERS]; /* in the order in which they are asked; NULL: none */

	/*
	 * Told of a mapping of the program that the kernel made, in a region or not: where, as
	 * what, and where the program wanted it (0: anywhere). Takes the lock itself. NULL: nobody
	 * wants it.
	 */
	void (*watch)(uintptr_t address, size_t bytes, int protection, int flags, uintptr_t hint,
		      bool by_libc);

	struct libc libc;
};

extern struct libc_calls libc_calls;

/* Asks this one, too, after the others; or no longer. */
void calls_add_mapper(calls_mapper *mapper);
void calls_remove_mapper(calls_mapper *mapper);

#endif
