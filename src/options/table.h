/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be asked for: the variables, one row each, and the struct that they fill. Parsing, the
 * tools' help and the manual's table all come from these rows. Pure.
 */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_pages {
	HEAP_OFF,     /* HUGETLB_MORECORE unset or no */
	HEAP_DEFAULT, /* yes: the default huge page size */
	HEAP_SIZE,    /* a size: see heap_page_bytes */
	HEAP_THP,     /* thp */
	HEAP_AUTO,    /* auto: base pages until huge ones cost next to nothing */
};

enum fork_pages {
	FORK_AUTO, /* small heaps: as FORK_COPY; big ones by what the pool holds */
	FORK_COW,  /* the kernel's copy on write, page by page out of the pool */
	FORK_COPY, /* the child copies its heap before it goes on */
};

/* What a call that needs a page split gets where no way to do so is exact. */
enum exact_mode {
	EXACT_DEFAULT, /* it fails; pages that the user asked for stay */
	EXACT_STRICT,  /* there are no hugetlb pages, then */
};

/* Whether text and data go on huge pages. */
enum segments_asked {
	SEGMENTS_MARKED, /* HUGETLB_ELFMAP is unset: those that the linker or hugeedit marked */
	SEGMENTS_OFF,
	SEGMENTS_CHOSEN, /* see text and data */
};

/* What segments are put on; all but the first two are exactly that. */
enum segment_backing {
	BACKING_LADDER, /* unset: hugetlb, the file's own pages, THP */
	BACKING_AUTO,   /* what is best for each segment */
	BACKING_HUGETLB,
	BACKING_FILE,
	BACKING_THP,
};

/* In exact_means: none at all. */
#define OPTIONS_EXACT_NONE 0x80u

/* HUGETLB_PATH names at most this many directories. */
#define OPTIONS_MOUNTS_MAX 8

struct options {
	enum heap_pages heap;
	size_t heap_page_bytes;
	uintptr_t heap_base; /* 0: behind the program's break */
	bool heap_shrink;
	size_t default_page_bytes; /* 0: the system's */
	const char *path;          /* HUGETLB_PATH as it was given, or NULL; a copy */
	const char *mounts[OPTIONS_MOUNTS_MAX + 1]; /* its directories, up to the first NULL */
	bool no_prefault;
	bool no_reserve;
	bool shm;              /* System V shared memory on huge pages */
	size_t shm_page_bytes; /* 0: of the default size */
	enum segments_asked segments;
	bool segments_auto; /* text alone, where that costs no memory */
	bool text, data;                         /* with SEGMENTS_CHOSEN */
	size_t text_page_bytes, data_page_bytes; /* 0: the default size */
	enum segment_backing backing;
	const char *objects;    /* HUGETLB_ELFMAP_OBJECTS, or NULL; a copy */
	bool merge_text;        /* read-only data and text of one huge page together */
	bool force_segments;    /* asks for what happens anyway */
	bool copy_all;          /* bss that is all zero, too */
	bool share;             /* one copy of text for many processes */
	const char *share_path; /* a directory, or NULL; a copy */
	bool no_map_hugetlb;    /* no anonymous MAP_HUGETLB: a memfd, or path where that is set */
	enum heap_pages mmap;   /* the program's own mappings; as for the heap */
	size_t mmap_page_bytes; /* with HEAP_SIZE */
	size_t mmap_threshold;  /* 0: one huge page */
	size_t mmap_limit;      /* bigger ones don't take from the pool; 0: half of the pool */
	bool mmap_stacks, mmap_code;
	size_t limit_bytes;         /* of each pool, for this process; 0: not so given */
	unsigned int limit_percent; /* of each pool; 0: not so given */
	bool require;
	enum fork_pages fork;
	enum exact_mode exact;
	unsigned int exact_means; /* for tests: the only EXACT_BY_... of region/exact.h; 0: all */
	const char *report;       /* NULL, "-", "2" or a path */
	bool debug;               /* HUGETLB_DEBUG; verbose is 99 then */
	int verbose;
};

enum option_flag {
	OPTION_EARLY = 1,       /* read first: it decides which lines the others may print */
	OPTION_TAKES_EMPTY = 2, /* an empty value does not leave the variable unset */
};

/* A variable, as the table has it and as documentation shows it. */
struct option_row {
	const char *name;   /* HUGETLB_... */
	const char *values; /* what is accepted, in words */
	const char *help;   /* one line */

	/* Reads value; changes *options only where it returns 0. -EINVAL: not understood. */
	int (*parse)(const char *value, struct options *options, void *field);
	size_t field; /* offset in struct options of what parse fills */
	unsigned int flags;
};

#define OPTIONS_ROWS_MAX 64

const struct option_row *options_table(int *rows);

/*
 * Reads a size: decimal digits with an optional K, M or G, each a power of 1024, and an optional B
 * or iB ("2M", "2MB", "2MiB"), in upper or lower case. Returns 0 and *bytes, or -EINVAL (not a
 * number, trailing text) or -ERANGE (more than a size_t holds).
 */
int options_parse_size(const char *text, size_t *bytes);

#endif
