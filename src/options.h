/*
 * What the user asked for: the environment, parsed by one table.
 *
 * Parsed once by the constructor, before any other thread runs; read-only afterwards. Nothing here
 * allocates or makes a system call. A value that can't be understood leaves its feature off and is
 * told in one line.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_pages {
	HEAP_OFF,     /* HUGETLB_MORECORE unset or no */
	HEAP_DEFAULT, /* yes: the default huge page size */
	HEAP_SIZE,    /* a size: see heap_page_bytes */
	HEAP_THP,     /* thp */
};

enum fork_pages {
	FORK_AUTO, /* small heaps: as FORK_COPY; big ones by what the pool holds */
	FORK_COW,  /* the kernel's copy on write, page by page out of the pool */
	FORK_COPY, /* the child copies its heap before it goes on */
};

struct options {
	enum heap_pages heap;
	size_t heap_page_bytes;
	uintptr_t heap_base; /* 0: behind the program's break */
	bool heap_shrink;
	size_t default_page_bytes; /* 0: the system's */
	const char *path;          /* a hugetlbfs mount, or NULL */
	bool no_prefault;
	bool no_reserve;
	bool require;
	enum fork_pages fork;
	const char *report; /* NULL, "-", "2" or a path */
	int verbose;
};

/*
 * Reads the environment into *options (all off first). Returns the number of variables whose name
 * begins with HUGETLB_ and that take part, so 0 means that there is nothing to do: also for a
 * secure (set-uid) program and for one that HUGETLB_RESTRICT_EXE leaves out. *bad is the number
 * of values that were not understood.
 */
int options_read(struct options *options, char **environment, const char *program, int *bad);

/*
 * Reads a size: decimal digits with an optional K, M or G, upper or lower case. Returns 0 and
 * *bytes, or -EINVAL (not a number, trailing text) or -ERANGE (more than a size_t holds).
 */
int options_parse_size(const char *text, size_t *bytes);

#endif
