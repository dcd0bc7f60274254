/*
 * Hooking libc's entry points: sbrk, brk, mmap ... of the whole process come to the files of this
 * folder, where memory in a region behaves as base pages do, and survives a fork.
 *
 * A feature lays out its regions, calls calls_start(), and adds the regions to the registry.
 * Nothing in this folder knows a feature.
 */
#ifndef START_H
#define START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hook/symbols.h"
#include "options/options.h"
#include "region/registry.h"

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
	bool active; /* libc's calls come to us */
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

/*
 * Redirects libc's calls to us, once for all features; with_break: sbrk and brk, too. 0 or -errno,
 * with one line that names the feature and says what `otherwise` happens (NULL: nothing that
 * anybody would miss, and no line), and nothing changed. While one thread runs: -EBUSY else.
 */
int calls_start(const struct options *options, bool with_break, const char *feature,
		const char *otherwise);

/* Asks this one, too, after the others; or no longer. */
void calls_add_mapper(calls_mapper *mapper);
void calls_remove_mapper(calls_mapper *mapper);

/* A feature that called calls_start() declines after all. When none is left, libc is as it was. */
void calls_stop(void);

#endif
