/*
 * The heap as a whole: one process has one.
 *
 * Filled in by heap_start() in the constructor, before any other thread runs. After that the
 * members change only in their own rooms, under the rules written there.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/arenas.h"
#include "heap/morecore.h"
#include "heap/region.h"
#include "options.h"
#include "pages/source.h"

struct heap {
	struct source source;
	struct morecore main;
	struct zone zone; /* zone.region.start is 0 where there is none (32-bit) */
	bool shrink;      /* HUGETLB_MORECORE_SHRINK: freed pages go back to the pool */
	enum fork_pages fork;
	size_t base_bytes;              /* the kernel's small page */
	uint64_t memory_bytes;          /* of the machine */
	uintptr_t low, high;            /* both regions lie in between */
	uintptr_t text, text_end;       /* libc's */
	const bool *single_threaded;    /* libc's flag (since 2.32), or NULL */
	unsigned long pages_made_small; /* for the report */
	bool active;
};

extern struct heap heap;

/*
 * Puts the program's heap on huge pages as the options ask. Returns 0, or -errno with the program
 * as it was and one line about the reason written.
 */
int heap_start(const struct options *options);

/*
 * The lock for both regions' states. False: this very thread holds it already (a signal came in
 * between), and the caller has to do without us. Under it nothing but system calls and memory
 * copies happen; a fork's child begins with it free.
 */
bool heap_lock(void);
void heap_unlock(void);
void heap_unlock_in_child(void);

/* Is the process single-threaded, as far as libc knows? */
bool heap_single_threaded(void);

/* The program has locked itself in (seccomp, no new privileges): from now on only the calls of
 * growth are made, and nothing is written. */
void heap_enter_sandbox(void);

#endif
