/*
 * What all features that put the program's own memory on huge pages have in common: libc's calls
 * come to us (calls.c), memory in a region bears what small pages bear (keep.c), and survives a
 * fork (fork.c).
 *
 * init -> heap, segments, mmap -> memory -> pages. A feature lays out its regions, calls
 * memory_start(), and adds the regions. Nothing of this room knows a feature.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libc/libc.h"
#include "memory/registry.h"
#include "options.h"

/* Stands in for the kernel's break. */
struct memory_break {
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
typedef uintptr_t memory_mapper(uintptr_t hint, size_t bytes, int protection, int flags,
				bool by_libc);

#define MEMORY_MAPPERS 2

struct memory {
	bool active;    /* libc's calls come to us */
	bool sandboxed; /* the program has locked itself in: only mmap, munmap, madvise, ... */
	enum fork_pages fork;
	size_t base_bytes;           /* the kernel's small page */
	uintptr_t text, text_end;    /* libc's; none in a static program: who calls can't be told */
	const bool *single_threaded; /* libc's flag (since 2.32), or NULL */
	unsigned long pages_made_small;       /* for the report */
	const struct memory_break *own_break; /* NULL: the kernel's */
	memory_mapper
		*mappers[MEMORY_MAPPERS]; /* in the order in which they are asked; NULL: none */

	/*
	 * Told of a mapping of the program that the kernel made, in a region or not: where, as
	 * what, and where the program wanted it (0: anywhere). Takes the lock itself. NULL: nobody
	 * wants it.
	 */
	void (*watch)(uintptr_t address, size_t bytes, int protection, int flags, uintptr_t hint,
		      bool by_libc);

	struct libc libc;
};

extern struct memory memory;

/*
 * Redirects libc's calls to us, once for all features; with_break: sbrk and brk, too. 0 or -errno,
 * with one line that names the feature and says what `otherwise` happens (NULL: nothing that
 * anybody would miss, and no line), and nothing changed. While one thread runs: -EBUSY else.
 */
int memory_start(const struct options *options, bool with_break, const char *feature,
		 const char *otherwise);

/* Asks this one, too, after the others; or no longer. */
void memory_add_mapper(memory_mapper *mapper);
void memory_remove_mapper(memory_mapper *mapper);

/* A feature that called memory_start() declines after all. When none is left, libc is as it was. */
void memory_stop(void);

/*
 * Takes care of memory that is there: [start, end) is mapped and private, on hugetlb pages of
 * source's size that are all populated, with these rights (PROT_...) on all of it. From now on the
 * program may protect, advise, unmap, move or replace any part of it, and a child of fork keeps it
 * all. Needs memory_start(), and *source to stay. Memory that is in use while the process forks
 * (data segments, libc's own among them) may be in it.
 *
 * 0, or -errno with nothing changed: -EINVAL (not whole pages), -EEXIST (a region is there),
 * -ENOSPC (too many), -ENOMEM. Then the memory stays as it is, and of a part of its pages the
 * kernel refuses what it refuses.
 */
int memory_take_range(uintptr_t start, uintptr_t end, struct source *source, int rights);

/*
 * The same for text: [start, end) is a private mapping of a hugetlb file that has all of its pages,
 * or anonymous memory on transparent huge pages, and nobody may write to it. Other threads may run
 * in it. To the program it is what it was, a private mapping of its file: emptied, it is as before.
 */
int memory_take_text(uintptr_t start, uintptr_t end, struct source *source, int rights);

/*
 * What was taken is in place: [start, ...) holds the pages that were told of. Until then a fork in
 * another thread leaves it alone, as there may still be the small pages that they replace; with one
 * thread there is no such moment, and no need to call this.
 */
void memory_settle_range(uintptr_t start);

/* So many ranges are taken care of at most. */
#define MEMORY_RANGES_MAX 512

/*
 * The n-th range, n below MEMORY_RANGES_MAX; false: there is none. For who alone takes and forgets
 * ranges.
 */
bool memory_nth_range(size_t n, uintptr_t *start, uintptr_t *end);

/*
 * ld.so's own calls, for dlclose, do not come here. Before it unmaps something: the n-th range may
 * go at any moment, and a fork in another thread is not to read it (the child shares its pages, as
 * without us). Or no longer, as it is still there.
 */
void memory_doubt_range(size_t n, bool may_go);

/* [start, end) was unmapped without us. Forgets what memory_take_range() was told of it. */
void memory_forget_range(uintptr_t start, uintptr_t end);

/* Is the process single-threaded, as far as libc knows? */
bool memory_single_threaded(void);

/* The program has locked itself in (seccomp, no new privileges): from now on only the calls of
 * growth are made, and nothing is written. */
void memory_enter_sandbox(void);

#endif
