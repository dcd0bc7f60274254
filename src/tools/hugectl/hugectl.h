/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugectl: runs a program under the library, by options instead of variables.
 *
 * The command line becomes a request, the request and what is known of the program become changes
 * of the environment, and these are applied and the program is executed, or they are printed. What
 * is allocated lives until then: nothing is freed.
 */
#ifndef HUGECTL_H
#define HUGECTL_H

#include <stdbool.h>
#include <stddef.h>

#include "options/options.h"
#include "tools/common/option_table.h"

/* As env(1) and others have it. */
enum {
	STATUS_NOT_STARTED = 125, /* this tool failed */
	STATUS_NOT_RUN = 126,     /* the program is there, and can't be executed */
	STATUS_NOT_FOUND = 127,
};

/* Changes of the environment, the last of a name counting. Values are not copied. */
#define CHANGES_MAX 64

struct environment {
	struct change {
		const char *name, *value;
	} changes[CHANGES_MAX];
	int count;
};

void environment_set(struct environment *environment, const char *name, const char *value);

/* What the program will see; NULL: not set. */
const char *environment_get(const struct environment *environment, const char *name);

/*
 * Prints the changes, a line VAR='value' each; with a program, as shell commands that run it with
 * them.
 */
void environment_print(const struct environment *environment, char *const program[]);

/* 0, or -errno. */
int environment_apply(const struct environment *environment);

/* Puts an element before those of a list that colons separate, where it isn't the first already. */
const char *list_with_first(const char *first, const char *list);

enum preload_wish { PRELOAD, PRELOAD_ALWAYS, PRELOAD_NEVER };

/* What --compare and its like ask for. */
struct compare_wish {
	bool on, each, json, advise;
	bool all_features, automatic; /* because none was asked for */
	int runs;
	const char *ready, *load;
};

enum thp_wish { THP_UNCHANGED, THP_OFF, THP_ADVISED_ONLY };

struct request {
	struct environment environment;
	enum preload_wish preload;
	bool library_use_path;
	const char *library_path; /* a directory, or a prefix above lib; NULL: found */
	bool dry_run;
	enum thp_wish thp;
	bool disable; /* --disable was given */
	int verbose;  /* the level of this tool, and HUGETLB_VERBOSE where an option sets it */
	struct compare_wish compare;
	struct options options; /* what the library will read out of the options given here */
};

/*
 * The table, and which variable of the library an option of it sets (NULL: none).
 */
extern const struct option_table hugectl_table;
const char *hugectl_variable(int row);

/*
 * Reads the command line; the program's words begin at optind. Returns OPTION_TABLE_END,
 * OPTION_TABLE_DONE, or OPTION_TABLE_BAD with one line told.
 */
int request_read(int argc, char **argv, struct request *request);

/* What is known of an ELF file; class_bits is 0 for any other file. */
struct elf_kind {
	int class_bits; /* 32 or 64 */
	int machine;    /* EM_... */
	bool is_static; /* nothing loads libraries into it */
	bool has_mark;  /* hugeedit or the linker marked a segment for huge pages */
};

struct elf_kind elf_kind_of(const char *path);

/*
 * The library that the program is linked with and that ends it where another one is loaded before
 * (AddressSanitizer's); false: none.
 */
bool elf_needs_first(const char *path, char *name, size_t bytes);

/* Of a script all but the path is its interpreter's: that is what the kernel runs. */
struct program {
	const char *path; /* as execvp finds it; its name where it doesn't: nothing is known then */
	const char *shown; /* for messages, with the interpreter of a script */
	bool is_script;
	struct elf_kind kind;
	bool ignores_environment; /* set-uid and its like: secure execution */
	bool has_library;         /* a static one into which the library was linked */
	bool has_tunable;         /* a static one whose libc knows glibc.malloc.hugetlb */
	char needs_first[64];     /* a library that must be loaded before all others, or "" */
};

void program_inspect(struct program *program, const char *name);

/*
 * Adds to the environment what makes the dynamic linker load the library, or where that can't serve
 * this program, what serves instead; tells what can't be had. Returns 0, or -ENOTSUP with the
 * reason told, where the program is not to be started.
 */
int preload_arrange(struct request *request, const struct program *program);

/* LD_PRELOAD's list without this library, which may be a new one. */
const char *preload_without_library(const char *list);

/* Where a library of that kind is: its path, with $LIB in it where that serves 32 and 64 bits.
 * NULL: nowhere. within is a directory, or a prefix above lib; NULL: where this tool is installed.
 */
const char *library_find(const char *within, const struct elf_kind *kind);

/* What the kernel does for this process and what it becomes. 0; -ENOTSUP: do not start, told why.
 */
int thp_arrange(const struct request *request);

/* With --report: looks after the program has begun for the largest process without the library. */
void watcher_start(const struct request *request);

/* --advise. Returns only where it fails, with a line told. */
int become_adviser(const struct request *request, char **program);

/* --compare (compare.h). Returns an exit status. */
int compare_program(const struct request *request, char **program);

#define LIBRARY_NAME "libhugetlbfs.so.0"

/* Has malloc's own huge pages serve the heap; not where a value for them is set. Returns whether.
 */
bool tunables_serve_heap(struct request *request);

/*
 * remarks.c: a warning for each option that does not do what its user may expect. words are the
 * program's, and after_end says that "--" comes before them.
 */
void remark_on_request(const struct request *request, const struct program *program, char **words,
		       bool after_end);

/* One line on stderr, a warning. */
void tell(const struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
