/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings: the variables, one row each, and the struct that they fill. Parsing, the tools'
 * help and the manual's table all use these rows. Pure.
 */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum feature_pages {
	HEAP_OFF,     /* HUGETLB_MORECORE unset or no */
	HEAP_DEFAULT, /* yes: the default huge page size */
	HEAP_SIZE,    /* a size: see heap_page_bytes */
	HEAP_THP,     /* thp */
	HEAP_AUTO,    /* auto: base pages until huge pages cost next to nothing */
};

enum fork_mode {
	FORK_AUTO, /* small heaps: as FORK_COPY; large ones: depending on the free pages of the
		    * pool */
	FORK_COW,  /* the kernel's copy on write, page by page from the pool */
	FORK_COPY, /* the parent copies its heap for the child, whatever it takes */
};

/* What happens to a call that needs a page split if no exact means is available. */
enum exact_mode {
	EXACT_DEFAULT, /* the call fails; the pages that the user requested stay */
	EXACT_STRICT,  /* no hugetlb pages are used in that case */
};

/* Whether text and data move to huge pages. */
enum segments_asked {
	SEGMENTS_MARKED, /* HUGETLB_ELFMAP is unset: segments that the linker or hugeedit marked */
	SEGMENTS_OFF,
	SEGMENTS_CHOSEN, /* see text and data */
};

/* The pages for segments; all but the first two name one kind exactly. */
enum segment_backing {
	BACKING_LADDER, /* unset: hugetlb, then the page cache's huge pages, then THP */
	BACKING_AUTO,   /* the best kind for each segment */
	BACKING_HUGETLB,
	BACKING_FILE,
	BACKING_THP,
};

/* In exact_means: no means at all. */
#define OPTIONS_EXACT_NONE 0x80u

/* HUGETLB_PATH names at most this many directories. */
#define OPTIONS_MOUNTS_MAX 8

struct options {
	enum feature_pages heap;
	size_t heap_page_bytes;
	uintptr_t heap_base; /* 0: after the program's break */
	bool heap_shrink;
	size_t default_page_bytes;                  /* 0: the system's */
	const char *path;                           /* HUGETLB_PATH as given, or NULL; a copy */
	const char *mounts[OPTIONS_MOUNTS_MAX + 1]; /* its directories, up to the first NULL */
	bool no_prefault;
	bool no_reserve;
	bool shm;              /* System V shared memory on huge pages */
	size_t shm_page_bytes; /* 0: the default size */
	enum segments_asked segments;
	bool segments_auto;                      /* text only, where that costs no memory */
	bool text, data;                         /* with SEGMENTS_CHOSEN */
	size_t text_page_bytes, data_page_bytes; /* 0: the default size */
	enum segment_backing backing;
	const char *objects;     /* HUGETLB_ELFMAP_OBJECTS, or NULL; a copy */
	bool merge_text;         /* read-only data and text that lie in one huge page are moved
				  * together */
	bool force_segments;     /* requests the default behaviour */
	bool copy_all;           /* including bss that is all zero */
	bool share;              /* one copy of text for many processes */
	const char *share_path;  /* a directory, or NULL; a copy */
	bool no_map_hugetlb;     /* memfd, or path if that is set, instead of anonymous
				  * MAP_HUGETLB */
	enum feature_pages mmap; /* for the program's own mappings; same values as for the heap */
	size_t mmap_page_bytes;  /* with HEAP_SIZE */
	size_t mmap_threshold;   /* 0: one huge page */
	size_t mmap_limit;       /* larger mappings do not use the pool; 0: half of the pool */
	bool mmap_stacks, mmap_code;
	enum feature_pages files;   /* files that the program maps to read them; as for the heap */
	size_t files_page_bytes;    /* with HEAP_SIZE */
	size_t files_threshold;     /* 0: one huge page */
	const char *files_only;     /* patterns of paths, or NULL: all; a copy */
	size_t limit_bytes;         /* of each pool, for this process; 0: not given in bytes */
	unsigned int limit_percent; /* of each pool; 0: not given in percent */
	bool require;
	enum fork_mode fork;
	enum exact_mode exact;
	unsigned int exact_means; /* for tests: the only allowed EXACT_BY_... of region/exact.h;
				   * 0: all */
	const char *report;       /* NULL, "-", "2" or a path */
	bool debug;               /* HUGETLB_DEBUG; sets verbose to 99 */
	int verbose;
};

enum option_flag {
	OPTION_EARLY = 1,       /* parsed first: it decides which lines the others may print */
	OPTION_TAKES_EMPTY = 2, /* an empty value is a value, and does not leave the variable
				 * unset */
};

/* A variable, for the parser and for documentation. */
struct option_row {
	const char *name;   /* HUGETLB_... */
	const char *values; /* accepted values, in words */
	const char *help;   /* one line */

	/* Parses value; changes *options only if it returns 0. -EINVAL: invalid value. */
	int (*parse)(const char *value, struct options *options, void *field);
	size_t field; /* offset in struct options of the member that parse fills */
	unsigned int flags;
};

#define OPTIONS_ROWS_MAX 64

const struct option_row *options_table(int *rows);

/*
 * Parses a size: decimal digits with an optional K, M or G, each a power of 1024, and an optional B
 * or iB ("2M", "2MB", "2MiB"), in upper or lower case. Returns 0 and *bytes, or -EINVAL (not a
 * number, trailing text) or -ERANGE (more than a size_t holds).
 */
int options_parse_size(const char *text, size_t *bytes);

#endif
