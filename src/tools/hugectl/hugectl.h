/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugectl: runs a program with the library, configured by options instead of variables.
 *
 * The command line becomes a request. The request, and what is known about the program, become
 * changes of the environment. These are applied and the program is executed, or they are printed.
 * Memory is never freed before.
 */
#ifndef HUGECTL_H
#define HUGECTL_H

#include <stdbool.h>
#include <stddef.h>

#include "options/options.h"
#include "tools/common/option_table.h"

/* The same as those of env(1) and others. */
enum {
	STATUS_NOT_STARTED = 125, /* this tool failed */
	STATUS_NOT_RUN = 126,     /* the program exists, and cannot be executed */
	STATUS_NOT_FOUND = 127,
};

/* Changes of the environment; the last one of each name counts. Values are not copied. */
#define CHANGES_MAX 64

struct environment {
	struct change {
		const char *name, *value;
	} changes[CHANGES_MAX];
	int count;
};

void environment_set(struct environment *environment, const char *name, const char *value);

/* The value that the program will see; NULL: not set. */
const char *environment_get(const struct environment *environment, const char *name);

/*
 * Prints the changes, one VAR='value' per line; with a program, as shell commands that run it with
 * them.
 */
void environment_print(const struct environment *environment, char *const program[]);

/* 0, or -errno. */
int environment_apply(const struct environment *environment);

/* Puts an element before those of a colon-separated list, unless it is already the first. */
const char *list_with_first(const char *first, const char *list);

enum preload_wish { PRELOAD, PRELOAD_ALWAYS, PRELOAD_NEVER };

/* The options of --compare and similar modes. */
struct compare_wish {
	bool on, each, json, advise;
	bool all_features, automatic; /* because none was requested */
	int runs;
	const char *ready, *load;
};

enum thp_wish { THP_UNCHANGED, THP_OFF, THP_ADVISED_ONLY };

struct request {
	struct environment environment;
	enum preload_wish preload;
	bool library_use_path;
	const char *library_path; /* a directory, or a prefix above lib; NULL: search for it */
	bool dry_run;
	enum thp_wish thp;
	bool disable; /* --disable was given */
	int verbose;  /* the level of this tool, and HUGETLB_VERBOSE if an option sets it */
	struct compare_wish compare;
	struct options options; /* what the library will parse from the options given here */
};

/*
 * The table, and the library's variable that an option sets (NULL: none).
 */
extern const struct option_table hugectl_table;
const char *hugectl_variable(int row);

/*
 * Parses the command line; the program's words begin at optind. Returns OPTION_TABLE_END,
 * OPTION_TABLE_DONE, or OPTION_TABLE_BAD after printing one line.
 */
int request_read(int argc, char **argv, struct request *request);

/* Properties of an ELF file; class_bits is 0 for any other file. */
struct elf_kind {
	int class_bits; /* 32 or 64 */
	int machine;    /* EM_... */
	bool is_static; /* no dynamic linker loads libraries into it */
	bool has_mark;  /* hugeedit or the linker marked a segment for huge pages */
};

struct elf_kind elf_kind_of(const char *path);

/*
 * A library that the program is linked with and that aborts the program if another library is
 * loaded before it (AddressSanitizer's); false: none.
 */
bool elf_needs_first(const char *path, char *name, size_t bytes);

/* For a script everything but the path describes its interpreter, which the kernel runs. */
struct program {
	const char *path;  /* the file that execvp finds; if there is none, the name, and nothing
			    * else is known */
	const char *shown; /* for messages, with the interpreter of a script */
	bool is_script;
	struct elf_kind kind;
	bool ignores_environment; /* set-uid and similar: secure execution */
	bool has_library;         /* a static program that the library was linked into */
	bool has_tunable;         /* a static program whose libc supports glibc.malloc.hugetlb */
	char needs_first[64];     /* a library that must be loaded before all others, or "" */
};

void program_inspect(struct program *program, const char *name);

/*
 * Adds the variables that make the dynamic linker load the library or, if this program cannot be
 * preloaded, a substitute; warns about what is not possible. Returns 0, or -ENOTSUP after printing
 * the reason if the program must not be started.
 */
int preload_arrange(struct request *request, const struct program *program);

/* selinux.c: what the policy will do to the library in that program, and the reason in words. */
enum selinux_obstacle { SELINUX_ALLOWS, SELINUX_CLEARS_ENVIRONMENT, SELINUX_DENIES_HOOKS };
enum selinux_obstacle selinux_find_obstacle(const struct program *program, const char **reason);

/* LD_PRELOAD's list without this library; may be a new string. */
const char *preload_without_library(const char *list);

/* The path of a library of that kind, with $LIB in it if that serves 32 and 64 bits. NULL: not
 * found. within is a directory, or a prefix above lib; NULL: where this tool is installed. */
const char *library_find(const char *within, const struct elf_kind *kind);

/* Sets the kernel's options for this process and the program that it becomes. 0; -ENOTSUP: do not
 * start, the reason was printed. */
int thp_arrange(const struct request *request);

/* With --report: after the program has started, searches for the largest process without the
 * library. */
void watcher_start(const struct request *request);

/* --advise. Returns only on failure, after printing a line. */
int become_adviser(const struct request *request, char **program);

/* --compare (compare.h). Returns an exit status. */
int compare_program(const struct request *request, char **program);

#define LIBRARY_NAME "libhugetlbfs.so.0"

/* Makes malloc's own huge pages serve the heap, unless their tunable is already set. Returns
 * whether it did. */
bool tunables_serve_heap(struct request *request);

/*
 * remarks.c: warns about each option that may not do what the user expects. words are the
 * program's; after_end: "--" precedes them.
 */
void remark_on_request(const struct request *request, const struct program *program, char **words,
		       bool after_end);

/* Prints one line to stderr, a warning. */
void tell(const struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
