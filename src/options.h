/*
 * What the user asked for: the environment, parsed by one table.
 *
 * Parsed once: by the constructor, before any other thread runs, or by the first who asks, where
 * that is before it (a static program may be without it). Read-only afterwards. Nothing here
 * allocates or makes a system call, but for the lines of the log. A value that can't be understood
 * leaves its feature off and is told in one line.
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
	const char *path;          /* a hugetlbfs mount, or NULL; a copy */
	bool no_prefault;
	bool no_reserve;
	bool shm;              /* System V shared memory on huge pages */
	size_t shm_page_bytes; /* 0: of the default size */
	bool no_map_hugetlb;   /* no anonymous MAP_HUGETLB: a memfd, or path where that is set */
	enum heap_pages mmap;   /* the program's own mappings; as for the heap */
	size_t mmap_page_bytes; /* with HEAP_SIZE */
	size_t mmap_threshold;  /* 0: one huge page */
	size_t mmap_limit;      /* bigger ones don't take from the pool; 0: half of the pool */
	bool mmap_stacks, mmap_code;
	bool require;
	enum fork_pages fork;
	const char *report; /* NULL, "-", "2" or a path */
	bool debug;         /* HUGETLB_DEBUG; verbose is 99 then */
	int verbose;
};

/*
 * Reads the environment into *options (all off first) and sets the log's level. Returns the number
 * of known variables of ours that are set, so 0 means that there is nothing to do: also for a
 * secure (set-uid) program and for one that HUGETLB_RESTRICT_EXE leaves out. program is a path or
 * a base name. *bad is the number of values that were not understood, or that ask for a feature
 * that this version lacks: where HUGETLB_REQUIRE is set the caller does not start the program.
 * Strings in *options are copies: a program may write over its environment (setproctitle).
 */
int options_read(struct options *options, char **environment, const char *program, int *bad);

/*
 * The options of this process, read on the first call, by whichever thread comes first. What
 * options_read() returned and *bad are stored where the pointers are not NULL.
 */
const struct options *options_get(int *set, int *bad);

/* A variable, as the table has it and as documentation shows it. */
struct option_row {
	const char *name;   /* HUGETLB_... */
	const char *values; /* what is accepted, in words */
	const char *help;   /* one line */

	/* Reads value; changes *options only where it returns 0. -EINVAL: not understood;
	 * -EOPNOTSUPP: understood, but this version can't do it. */
	int (*parse)(const char *value, struct options *options, void *field);
	size_t field; /* offset in struct options of what parse fills */
	bool early;   /* decides about the lines that the others cause */
};

const struct option_row *options_table(int *rows);

/*
 * Reads a size: decimal digits with an optional K, M or G, upper or lower case. Returns 0 and
 * *bytes, or -EINVAL (not a number, trailing text) or -ERANGE (more than a size_t holds).
 */
int options_parse_size(const char *text, size_t *bytes);

#endif
