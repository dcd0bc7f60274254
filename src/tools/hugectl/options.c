/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of hugectl's options, the variables that they set, and how a command line becomes a
 * request.
 *
 * A value is parsed by the library's own parser for its variable, so that both accept the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "tools/hugectl/compare.h"
#include "tools/hugectl/hugectl.h"

enum option_id {
	AUTO,
	HEAP,
	THP,
	TEXT,
	DATA,
	BSS,
	LIBS,
	SHM,
	MMAP,
	FILES,
	FILES_ONLY,
	DEFAULT_PAGE_SIZE,
	HEAP_BASE,
	SHRINK,
	MMAP_LIMIT,
	LIMIT,
	MMAP_ALSO,
	FORK,
	EXACT,
	BACKING,
	MERGE,
	FORCE_ELFMAP,
	NO_MINIMAL_COPY,
	SHARE_TEXT,
	SHARE_PATH,
	MOUNT_PATH,
	FEATURES,
	NO_PREFAULT,
	NO_RESERVE,
	NO_THP,
	THP_ADVISED_ONLY_ROW,
	DISABLE,
	REPORT,
	VERBOSE,
	VERBOSE_LETTER,
	QUIET,
	DEBUG,
	RESTRICT_EXE,
	CONFIG,
	REQUIRE,
	NO_PRELOAD,
	FORCE_PRELOAD,
	LIBRARY_USE_PATH,
	LIBRARY_PATH,
	COMPARE,
	READY,
	LOAD,
	ADVISE,
	JSON,
	DRY_RUN,
	COMMON, /* and the rows after it: handled by the option table */
};

#define SIZES "2M 1G"

/* clang-format off */
static const struct tool_option rows[] = {
	[AUTO] = {"auto", 0, NULL,
		"Uses huge pages for heap, mappings and text when they are worth it.", NULL,
		"Memory to back with huge pages"},
	[HEAP] = {"heap", 0, "[size]",
		"The heap, on huge pages of the default or the given size; thp: the same as --thp; auto: "
		"only when the heap is large.",
		SIZES " thp auto", NULL},
	[THP] = {"thp", 0, NULL, "The heap, on transparent huge pages.", NULL, NULL},
	[TEXT] = {"text", 0, "[size]", "The text and constants of the program.", SIZES, NULL},
	[DATA] = {"data", 0, "[size]", "The data and bss of the program.", SIZES, NULL},
	[BSS] = {"bss", 0, "[size]", "The same as --data.", SIZES, NULL},
	[LIBS] = {"libs", 0, "[names]",
		"Text (with --data, also data) of all libraries, or of those named, separated by "
		"colons; a minus sign excludes one.", "all main", NULL},
	[SHM] = {"shm", 0, "[size]", "New segments of System V shared memory.", SIZES, NULL},
	[MMAP] = {"mmap", 0, "[threshold[,size]]",
		"Private mappings of at least this threshold (default: a huge page), on pages of this "
		"size or thp.", "1M 2M yes,thp auto", NULL},
	[FILES] = {"files", 0, "[threshold[,size]]",
		"Mapped files that are only read, of at least this threshold (default: a huge page): in "
		"the page cache, or copied to pages of this size or thp.", "64M yes,2M yes,1G yes,thp", NULL},
	[FILES_ONLY] = {"files-only", 0, "patterns",
		"With --files, only files with these names or paths, separated by colons; they may be "
		"copied.", "'*.gguf' '/data/*'", NULL},

	[DEFAULT_PAGE_SIZE] = {"default-page-size", 0, "size",
		"The huge page size for options without a size.", SIZES, "How"},
	[HEAP_BASE] = {"heap-base", 0, "address", "The start address of the heap, in hexadecimal.", NULL, NULL},
	[SHRINK] = {"shrink", 0, NULL, "Returns freed pages of the heap to the pool.", NULL, NULL},
	[MMAP_LIMIT] = {"mmap-limit", 0, "size",
		"Larger mappings take no pages from the pool.", "1G 4G", NULL},
	[LIMIT] = {"limit", 0, "size|percent%",
		"One process takes at most this much of each pool.", "1G 25%", NULL},
	[MMAP_ALSO] = {"mmap-also", 0, "stacks,code",
		"Transparent huge pages for the stacks of threads, for executable memory, or both.",
		"stacks code stacks,code", NULL},
	[FORK] = {"fork", 0, "auto|cow|copy",
		"How a child gets its memory at fork: shared (cow), copied (copy), or depending on free "
		"memory (auto).",
		"auto cow copy", NULL},
	[EXACT] = {"exact", 0, "default|strict",
		"strict: uses no hugetlb pages if parts of them cannot be changed safely.", "default strict",
		NULL},
	[BACKING] = {"backing", 0, "auto|hugetlb|file|thp",
		"The kind of huge pages for text and data.", "auto hugetlb file thp", NULL},
	[MERGE] = {"merge", 0, NULL,
		"Also uses huge pages that contain both text and constants, which makes these constants "
		"executable.",
		NULL, NULL},
	[FORCE_ELFMAP] = {"force-elfmap", 0, NULL,
		"Has no effect: programs are covered without being linked for it.",
		NULL, NULL},
	[NO_MINIMAL_COPY] = {"no-minimal-copy", 0, NULL,
		"Also copies bss that is still zero, so that transparent huge pages are present from the "
		"start.", NULL, NULL},
	[SHARE_TEXT] = {"share-text", 0, NULL, "One copy of text for many processes.", NULL, NULL},
	[SHARE_PATH] = {"share-path", 0, "directory", "The directory of the shared copies.", "@file", NULL},

	[MOUNT_PATH] = {"path", 0, "directory",
		"Takes huge pages from files on this hugetlbfs mount.", "@file",
		"Where the pages come from"},
	[FEATURES] = {"features", 0, "list", "no_map_hugetlb: takes huge pages from memfds, not from anonymous mappings.",
		"no_map_hugetlb map_hugetlb", NULL},
	[NO_PREFAULT] = {"no-prefault", 0, NULL,
		"Does not populate huge pages in advance.", NULL, NULL},
	[NO_RESERVE] = {"no-reserve", 0, NULL, "Does not reserve huge pages when mapping them.",
		NULL, NULL},
	[NO_THP] = {"no-thp", 0, NULL,
		"Turns transparent huge pages off for the program and its children.", NULL, NULL},
	[THP_ADVISED_ONLY_ROW] = {"thp-advised-only", 0, NULL,
		"Allows transparent huge pages only where madvise requests them (Linux 6.18).", NULL, NULL},

	[DISABLE] = {"disable", 0, "[parts]",
		"Keeps these parts on small pages, even if hugeedit marked them: text, data, bss, heap, "
		"shm, mmap, separated by commas; default: text,data,bss.",
		"text data bss heap shm mmap heap,shm,mmap", NULL},

	[REPORT] = {"report", 0, "[file]",
		"Reports at exit which pages back the program's memory: to a file, to standard output "
		"(-), or to standard error.", "@file", "Messages and reports"},
	[VERBOSE] = {"verbose", 0, "level",
		"Prints messages up to this level: 0 none, 1 errors, 2 warnings (the default), 3 what is "
		"done, 4 to 99 debugging.", "0 1 2 3 99", NULL},
	[VERBOSE_LETTER] = {NULL, 'v', NULL, "Increases the level by one.", NULL, NULL},
	[QUIET] = {"quiet", 'q', NULL, "Decreases the level by one.", NULL, NULL},
	[DEBUG] = {"debug", 0, NULL, "Prints all messages, like --verbose=99.", NULL, NULL},

	[RESTRICT_EXE] = {"restrict-exe", 0, "names",
		"Only for programs with these base names, separated by colons.", NULL,
		"Which programs"},
	[CONFIG] = {"config", 0, "file",
		"Reads this configuration file instead of /etc/libhugetlbfs.conf.", "@file", NULL},
	[REQUIRE] = {"require", 0, NULL,
		"Does not start the program if the settings cannot be met.", NULL, NULL},

	[NO_PRELOAD] = {"no-preload", 0, NULL, "Sets variables only: for a program that is linked with "
		"the library.", NULL, "The library"},
	[FORCE_PRELOAD] = {"force-preload", 0, NULL,
		"Preloads the library for the children of a program that cannot be preloaded itself.", NULL, NULL},
	[LIBRARY_USE_PATH] = {"library-use-path", 0, NULL,
		"Lets the dynamic linker search for the library, in LD_LIBRARY_PATH and the system's directories.",
		NULL, NULL},
	[LIBRARY_PATH] = {"library-path", 0, "directory",
		"Uses the library in this directory, or in the lib directories below it.", "@file", NULL},

	[COMPARE] = {"compare", 0, "[runs|each]",
		"Runs the program without and with huge pages in turn, n times each (default: 5), and "
		"prints the difference and how sure it is; each: also every feature separately.", "5 20 each each,10",
		"Measuring"},
	[READY] = {"ready", 0, "when",
		"With --compare: a server is ready when a line of its output matches (/.../), a port "
		"accepts connections, or a command succeeds.", NULL, NULL},
	[LOAD] = {"load", 0, "command", "With --ready: the shell command whose time is compared.", NULL, NULL},
	[ADVISE] = {"advise", 0, NULL,
		"Runs the program once on small pages and prints whether huge pages are worth it.",
		NULL, NULL},
	[JSON] = {"json", 0, NULL, "Prints the measurements or the advice as JSON.", NULL, NULL},

	[DRY_RUN] = {"dry-run", 0, NULL,
		"Runs nothing; prints the variables as VAR='value' or, with a program, the shell "
		"commands that run it with them.", NULL, "Trying"},
	OPTION_TABLE_COMMON_ROWS,
};

/* The variable of an option, and its value if the option has none. */
static const struct setting {
	const char *variable, *value;
} settings[] = {
	[AUTO] = {NULL, NULL},
	[HEAP] = {"HUGETLB_MORECORE", "yes"},
	[THP] = {"HUGETLB_MORECORE", "thp"},
	[TEXT] = {"HUGETLB_ELFMAP", NULL},
	[DATA] = {"HUGETLB_ELFMAP", NULL},
	[BSS] = {"HUGETLB_ELFMAP", NULL},
	[LIBS] = {"HUGETLB_ELFMAP_OBJECTS", "all"},
	[SHM] = {"HUGETLB_SHM", "yes"},
	[MMAP] = {"HUGETLB_MMAP", "yes"},
	[FILES] = {"HUGETLB_MMAP_FILES", "yes"},
	[FILES_ONLY] = {"HUGETLB_MMAP_FILES_ONLY", NULL},
	[DEFAULT_PAGE_SIZE] = {"HUGETLB_DEFAULT_PAGE_SIZE", NULL},
	[HEAP_BASE] = {"HUGETLB_MORECORE_HEAPBASE", NULL},
	[SHRINK] = {"HUGETLB_MORECORE_SHRINK", "yes"},
	[MMAP_LIMIT] = {"HUGETLB_MMAP_LIMIT", NULL},
	[LIMIT] = {"HUGETLB_LIMIT", NULL},
	[MMAP_ALSO] = {"HUGETLB_MMAP_ALSO", NULL},
	[FORK] = {"HUGETLB_FORK", NULL},
	[EXACT] = {"HUGETLB_EXACT", NULL},
	[BACKING] = {"HUGETLB_ELFMAP_BACKING", NULL},
	[MERGE] = {"HUGETLB_ELFMAP_MERGE", "yes"},
	[FORCE_ELFMAP] = {"HUGETLB_FORCE_ELFMAP", "yes"},
	[NO_MINIMAL_COPY] = {"HUGETLB_MINIMAL_COPY", "no"},
	[SHARE_TEXT] = {"HUGETLB_SHARE", "1"},
	[SHARE_PATH] = {"HUGETLB_SHARE_PATH", NULL},
	[MOUNT_PATH] = {"HUGETLB_PATH", NULL},
	[FEATURES] = {"HUGETLB_FEATURES", NULL},
	[NO_PREFAULT] = {"HUGETLB_NO_PREFAULT", "yes"},
	[NO_RESERVE] = {"HUGETLB_NO_RESERVE", "yes"},
	[DISABLE] = {NULL, NULL},
	[REPORT] = {"HUGETLB_REPORT", "2"},
	[VERBOSE] = {"HUGETLB_VERBOSE", NULL},
	[DEBUG] = {"HUGETLB_DEBUG", "yes"},
	[RESTRICT_EXE] = {"HUGETLB_RESTRICT_EXE", NULL},
	[CONFIG] = {"HUGETLB_CONFIG", NULL},
	[REQUIRE] = {"HUGETLB_REQUIRE", "yes"},
	[COMMON] = {NULL, NULL},
};
/* clang-format on */

const struct option_table hugectl_table = {
	.tool = "hugectl",
	.usage = "[options] program [argument ...]",
	.about = "Runs a program on huge pages.",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.has_words = true,
};

const char *hugectl_variable(int row)
{
	return row < COMMON ? settings[row].variable : NULL;
}

/* Options that are combined: text and data set one variable, and so do both kinds of heap. */
struct together {
	bool automatic, text, data, libs, heap, thp;
	const char *text_size, *data_size, *heap_size; /* NULL: the default size */
	enum option_id data_id;                        /* which of the two options named the size */
	int more_verbose;
	const char *verbose;
	const char *disabled; /* --disable's list; NULL: the segments */
};

static const struct option_row *row_of_variable(const char *variable)
{
	int count;
	const struct option_row *table = options_table(&count);

	for (int i = 0; i < count; i++)
		if (!strcmp(table[i].name, variable))
			return &table[i];
	abort();
}

/* shown is what the user typed after the option, value is the variable's value for it. */
static int set_checked(struct request *request, enum option_id id, const char *shown,
		       const char *value)
{
	const struct option_row *row = row_of_variable(settings[id].variable);
	int result;

	result = row->parse(value, &request->options, (char *)&request->options + row->field);
	if (result == -EINVAL) {
		fprintf(stderr, "hugectl: --%s: %s: not understood; accepted by %s: %s\n",
			rows[id].name, shown, row->name, row->values);
		return -EINVAL;
	}
	/* if an older library lacks a value, the library itself reports that, in each program */
	environment_set(&request->environment, row->name, value);
	return 0;
}

static int set(struct request *request, enum option_id id, const char *value)
{
	if (!value)
		value = settings[id].value;
	return set_checked(request, id, value, value);
}

/* One part of the variable: an invalid size must not become another part. */
static char *segment_text(const char *letter, const char *size)
{
	char *text;

	if (size && size[strspn(size, "0123456789kKmMgGiIbB")])
		letter = "";

	if (asprintf(&text, "%s%s%s", letter, size ? "=" : "", size ? size : "") < 0)
		abort();
	return text;
}

/* --libs without --text or --data means their text, which is most of them. */
static int set_segments(struct request *request, const struct together *together)
{
	const bool has_text =
		together->text || (together->libs && !together->data &&
				   !environment_get(&request->environment, "HUGETLB_ELFMAP"));
	const char *text = segment_text("R", together->text_size);
	const char *data = segment_text("W", together->data_size);
	char *both;

	if (has_text && set_checked(request, TEXT, together->text_size, text))
		return -EINVAL;
	if (together->data && set_checked(request, together->data_id, together->data_size, data))
		return -EINVAL;
	if (!has_text || !together->data)
		return 0;
	if (asprintf(&both, "%s:%s", text, data) < 0)
		abort();
	return set_checked(request, TEXT, both, both);
}

static int set_heap(struct request *request, const struct together *together)
{
	if (!together->thp)
		return together->heap ? set(request, HEAP, together->heap_size) : 0;
	if (together->heap_size && strcasecmp(together->heap_size, "thp")) {
		fprintf(stderr, "hugectl: --heap=%s and --thp exclude each other\n",
			together->heap_size);
		return -EINVAL;
	}
	return set(request, THP, NULL);
}

/* --auto: sets what no other option sets. */
static int set_automatic(struct request *request, const struct together *together)
{
	static const enum option_id features[] = {HEAP, MMAP, TEXT};
	int failed = 0;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (together->automatic && !failed &&
		    !environment_get(&request->environment, settings[features[i]].variable))
			failed = set(request, features[i], "auto");
	return failed;
}

static int take_data(struct together *together, enum option_id id, const char *size)
{
	if (size && together->data_size && strcasecmp(size, together->data_size)) {
		fprintf(stderr, "hugectl: --data and --bss are one: %s and %s exclude each other\n",
			together->data_size, size);
		return -EINVAL;
	}
	together->data = true;
	if (size) {
		together->data_size = size;
		together->data_id = id;
	}
	return 0;
}

/* Starts from the value in the environment, or from the library's default. */
static int set_verbose(struct request *request, const struct together *together)
{
	const char *before = together->verbose ? together->verbose : getenv("HUGETLB_VERBOSE");
	const struct option_row *row = row_of_variable("HUGETLB_VERBOSE");
	char *level;

	if (together->verbose && set(request, VERBOSE, together->verbose))
		return -EINVAL;
	request->verbose = LOG_WARNING;
	if (before && *before)
		row->parse(before, &request->options, &request->verbose);
	if (!together->more_verbose)
		return 0;
	request->verbose += together->more_verbose;
	if (request->verbose < 0)
		request->verbose = 0;
	if (request->verbose > 99)
		request->verbose = 99;
	if (asprintf(&level, "%d", request->verbose) < 0)
		abort();
	return set(request, VERBOSE, level);
}

/* The variable that keeps a part on small pages, or NULL: not a part. */
static const char *variable_of_part(const char *part, size_t bytes)
{
	static const struct {
		const char *part;
		enum option_id id;
	} parts[] = {{"text", TEXT}, {"data", DATA}, {"bss", BSS},
		     {"heap", HEAP}, {"shm", SHM},   {"mmap", MMAP}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strlen(parts[i].part) == bytes && !strncasecmp(part, parts[i].part, bytes))
			return settings[parts[i].id].variable;
	return NULL;
}

static int disable_part(struct request *request, const char *part, size_t bytes)
{
	const char *variable = variable_of_part(part, bytes);

	if (!variable) {
		fprintf(stderr,
			"hugectl: --disable: %.*s is not one of text, data, bss, heap, shm, mmap\n",
			(int)bytes, part);
		return -EINVAL;
	}
	for (int i = 0; i < request->environment.count; i++) {
		const struct change *change = &request->environment.changes[i];

		if (strcmp(change->name, variable) || !strcmp(change->value, "no"))
			continue;
		fprintf(stderr, "hugectl: --disable: another option sets %s=%s\n", variable,
			change->value);
		return -EINVAL;
	}
	environment_set(&request->environment, variable, "no");
	return 0;
}

static int set_disabled(struct request *request, const struct together *together)
{
	const char *list = together->disabled ? together->disabled : "text";
	size_t bytes;

	if (!request->disable)
		return 0;
	do {
		bytes = strcspn(list, ",");
		if (disable_part(request, list, bytes))
			return -EINVAL;
		list += bytes;
	} while (*list++);
	return 0;
}

/* Absolute, for programs that change their directory, and for their children. */
static int set_library_path(struct request *request, const char *directory)
{
	char *current, *path;

	request->library_path = directory;
	if (!*directory) {
		fputs("hugectl: --library-path: an empty name is no directory\n", stderr);
		return -EINVAL;
	}
	if (*directory == '/')
		return 0;
	current = getcwd(NULL, 0);
	if (!current) {
		fprintf(stderr,
			"hugectl: --library-path: %s: can't tell the current directory: %s\n",
			directory, strerror(errno));
		return -errno;
	}
	if (asprintf(&path, "%s/%s", current, directory) < 0)
		abort();
	request->library_path = path;
	return 0;
}

/* "7", "each", "each,7" */
static int take_compare(struct compare_wish *wish, const char *value)
{
	const char *count = value;
	char *end;
	long runs;

	*wish = (struct compare_wish){.on = true,
				      .json = wish->json,
				      .advise = wish->advise,
				      .runs = COMPARE_RUNS_DEFAULT,
				      .ready = wish->ready,
				      .load = wish->load};
	if (!value)
		return 0;
	if (!strncmp(value, "each", 4) && (!value[4] || value[4] == ',')) {
		wish->each = true;
		count = value[4] ? value + 5 : NULL;
	}
	if (!count)
		return 0;
	runs = strtol(count, &end, 10);
	if (end == count || *end || runs < 1 || runs > COMPARE_RUNS_MAX) {
		fprintf(stderr, "hugectl: --compare: %s: not 1 to %d, each, or each,<runs>\n",
			value, COMPARE_RUNS_MAX);
		return -EINVAL;
	}
	wish->runs = (int)runs;
	return 0;
}

static int set_all_features(struct request *request)
{
	request->compare.all_features = true;
	if (set(request, HEAP, NULL) || set(request, MMAP, NULL) || set(request, SHM, NULL) ||
	    set(request, LIBS, NULL))
		return -EINVAL;
	return set_checked(request, TEXT, "R:W", "R:W");
}

static bool has_features(const struct request *request)
{
	static const enum option_id features[] = {HEAP, TEXT, SHM, MMAP, FILES};

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (environment_get(&request->environment, settings[features[i]].variable))
			return true;
	return false;
}

static int check_compare(struct request *request)
{
	const struct compare_wish *wish = &request->compare;
	const char *problem = NULL;

	if (!wish->on && (wish->ready || wish->load))
		problem = "--ready and --load go with --compare";
	else if (wish->json && !wish->on && !wish->advise)
		problem = "--json goes with --compare or --advise";
	else if (wish->advise && (wish->on || request->dry_run))
		problem = "--advise, --compare and --dry-run exclude each other";
	else if (wish->on && request->dry_run)
		problem = "--compare and --dry-run exclude each other";
	else if (!wish->ready != !wish->load)
		problem = "--ready and --load go together";
	if (problem) {
		fprintf(stderr, "hugectl: %s\n", problem);
		return -EINVAL;
	}
	return 0;
}

/* --compare without a feature: all features separately, or what --auto gives. */
static int set_compared(struct request *request)
{
	const struct together automatic = {.automatic = true};

	if (!request->compare.on || has_features(request))
		return 0;
	if (request->compare.each)
		return set_all_features(request);
	request->compare.automatic = true;
	return set_automatic(request, &automatic);
}

/* clang-format off */
static int take(struct request *request, struct together *together, enum option_id id,
		const char *value)
{
	switch (id) {
	case AUTO: together->automatic = true; return 0;
	case HEAP: together->heap = true; together->heap_size = value; return 0;
	case THP: together->thp = true; return 0;
	case TEXT: together->text = true; together->text_size = value; return 0;
	case DATA:
	case BSS: return take_data(together, id, value);
	case LIBS: together->libs = true; return set(request, id, value);
	case VERBOSE: together->verbose = value; together->more_verbose = 0; return 0;
	case VERBOSE_LETTER: together->more_verbose++; return 0;
	case QUIET: together->more_verbose--; return 0;
	case NO_PRELOAD: request->preload = PRELOAD_NEVER; return 0;
	case FORCE_PRELOAD: request->preload = PRELOAD_ALWAYS; return 0;
	case LIBRARY_USE_PATH: request->library_use_path = true; return 0;
	case LIBRARY_PATH: return set_library_path(request, value);
	case NO_THP: request->thp = THP_OFF; return 0;
	case THP_ADVISED_ONLY_ROW: request->thp = THP_ADVISED_ONLY; return 0;
	case COMPARE: return take_compare(&request->compare, value);
	case READY: request->compare.ready = value; return 0;
	case LOAD: request->compare.load = value; return 0;
	case ADVISE: request->compare.advise = true; return 0;
	case JSON: request->compare.json = true; return 0;
	case DRY_RUN: request->dry_run = true; return 0;
	case DISABLE: request->disable = true; together->disabled = value; return 0;
	default: return set(request, id, value);
	}
}
/* clang-format on */

/* Options that change the process, without a variable. */
static int check_thp_options(const struct request *request, bool heap_on_thp)
{
	const char *problem = NULL;

	if (request->thp == THP_OFF && heap_on_thp)
		problem = "--thp and --no-thp exclude each other";
	else if (request->thp != THP_UNCHANGED && request->dry_run)
		problem = "--no-thp and --thp-advised-only set no variable: --dry-run cannot show "
			  "them";
	if (!problem)
		return 0;
	fprintf(stderr, "hugectl: %s\n", problem);
	return -EINVAL;
}

static int check_library_options(const struct request *request)
{
	if (request->library_path && request->library_use_path) {
		fputs("hugectl: --library-path and --library-use-path exclude each other\n",
		      stderr);
		return -EINVAL;
	}
	return 0;
}

int request_read(int argc, char **argv, struct request *request)
{
	struct together together = {.data_id = DATA};
	const char *value;
	int row;

	*request = (struct request){.preload = PRELOAD};
	while ((row = option_table_next(&hugectl_table, argc, argv, &value)) >= 0)
		if (take(request, &together, (enum option_id)row, value))
			return OPTION_TABLE_BAD;
	if (row != OPTION_TABLE_END)
		return row;
	if (set_heap(request, &together) || set_segments(request, &together) ||
	    set_disabled(request, &together) || set_automatic(request, &together) ||
	    set_verbose(request, &together) || check_library_options(request) ||
	    check_compare(request) || set_compared(request) ||
	    check_thp_options(request, request->options.heap == HEAP_THP))
		return OPTION_TABLE_BAD;
	if (!argv[optind] && !request->dry_run) {
		fputs("hugectl: no program to run: see hugectl --help\n", stderr);
		return OPTION_TABLE_BAD;
	}
	return row;
}
