/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The variables: one row each, and how each one's value is parsed.
 *
 * Owns the copies of strings that outlive the parsing. Usually runs in the constructor, with one
 * thread; uses libc's string functions only, no locale.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "options/table.h"

#define PATH_BYTES 4096

static char path_copy[PATH_BYTES], mounts_copy[PATH_BYTES], report_copy[PATH_BYTES],
	share_path_copy[PATH_BYTES], objects_copy[PATH_BYTES], files_only_copy[PATH_BYTES];

static const char all_objects[] = "all";

int options_parse_size(const char *text, size_t *bytes)
{
	size_t value = 0;
	unsigned int shift = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (size_t)(*text - '0'), &value))
			return -ERANGE;
	switch (*text) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	}
	text += shift != 0;
	if (shift && (*text == 'i' || *text == 'I') && (text[1] == 'b' || text[1] == 'B'))
		text++;
	text += *text == 'b' || *text == 'B';
	if (*text)
		return -EINVAL;
	if (value > SIZE_MAX >> shift)
		return -ERANGE;
	*bytes = value << shift;
	return 0;
}

static bool value_says(const char *value, const char *what)
{
	return word_says(value, strlen(value), what);
}

static int read_switch(const char *value, bool *on)
{
	static const char words[][2][sizeof("false")] = {
		{"no", "yes"}, {"0", "1"}, {"false", "true"}, {"off", "on"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (int is_on = 0; is_on < 2; is_on++)
			if (value_says(value, words[i][is_on])) {
				*on = is_on;
				return 0;
			}
	return -EINVAL;
}

static int parse_switch(const char *value, struct options *options, void *field)
{
	(void)options;
	return read_switch(value, field);
}

/* Any word turns it on, except those that mean no. */
static int parse_presence(const char *value, struct options *options, void *field)
{
	bool *on = field;

	(void)options;
	if (read_switch(value, on))
		*on = true;
	return 0;
}

static int parse_page_size(const char *value, struct options *options, void *field)
{
	size_t bytes;

	(void)options;
	if (options_parse_size(value, &bytes) || !bytes || bytes & (bytes - 1))
		return -EINVAL;
	*(size_t *)field = bytes;
	return 0;
}

/* 0 and 1 mean no and yes: no page is that small. */
static int parse_heap(const char *value, struct options *options, void *field)
{
	bool on;

	(void)field;
	if (!read_switch(value, &on)) {
		options->heap = on ? HEAP_DEFAULT : HEAP_OFF;
		return 0;
	}
	if (value_says(value, "thp")) {
		options->heap = HEAP_THP;
		return 0;
	}
	if (value_says(value, "auto")) {
		options->heap = HEAP_AUTO;
		return 0;
	}
	if (parse_page_size(value, options, &options->heap_page_bytes))
		return -EINVAL;
	options->heap = HEAP_SIZE;
	return 0;
}

/* What a feature for mappings is asked for: see read_mapped(). */
struct mapped_pages {
	enum feature_pages pages;
	size_t page_bytes, threshold;
};

/* yes, no or a threshold; after a comma, thp or a page size. */
static int read_mapped(const char *value, struct mapped_pages *mapped)
{
	size_t length = word_bytes(value, ',');
	char first[24];
	bool on = true;

	*mapped = (struct mapped_pages){.pages = HEAP_DEFAULT};
	if (length >= sizeof(first))
		return -EINVAL;
	memcpy(first, value, length);
	first[length] = '\0';
	if (read_switch(first, &on) &&
	    (options_parse_size(first, &mapped->threshold) || !mapped->threshold))
		return -EINVAL;
	if (value[length] && value_says(value + length + 1, "thp"))
		mapped->pages = HEAP_THP;
	else if (value[length] && parse_page_size(value + length + 1, NULL, &mapped->page_bytes))
		return -EINVAL;
	if (!on)
		mapped->pages = HEAP_OFF;
	else if (mapped->page_bytes)
		mapped->pages = HEAP_SIZE;
	return 0;
}

static int parse_mmap(const char *value, struct options *options, void *field)
{
	struct mapped_pages mapped = {.pages = HEAP_AUTO};

	(void)field;
	if (!value_says(value, "auto") && read_mapped(value, &mapped))
		return -EINVAL;
	options->mmap = mapped.pages;
	options->mmap_page_bytes = mapped.page_bytes;
	options->mmap_threshold = mapped.threshold;
	return 0;
}

static int parse_files(const char *value, struct options *options, void *field)
{
	struct mapped_pages mapped;

	(void)field;
	if (read_mapped(value, &mapped))
		return -EINVAL;
	options->files = mapped.pages;
	options->files_page_bytes = mapped.page_bytes;
	options->files_threshold = mapped.threshold;
	return 0;
}

static int parse_size(const char *value, struct options *options, void *field)
{
	(void)options;
	return options_parse_size(value, field) ? -EINVAL : 0;
}

/* A size, or a percentage from 1 to 100. */
static int parse_limit(const char *value, struct options *options, void *field)
{
	const size_t length = strcspn(value, "%");
	char number[8];
	size_t amount;

	(void)field;
	if (!value[length]) {
		if (options_parse_size(value, &amount) || !amount)
			return -EINVAL;
		options->limit_bytes = amount;
		options->limit_percent = 0;
		return 0;
	}
	if (value[length + 1] || length >= sizeof(number) ||
	    value[strspn(value, "0123456789")] != '%')
		return -EINVAL;
	memcpy(number, value, length);
	number[length] = '\0';
	if (options_parse_size(number, &amount) || !amount || amount > 100)
		return -EINVAL;
	options->limit_bytes = 0;
	options->limit_percent = (unsigned int)amount;
	return 0;
}

/* stacks, code, or both separated by a comma. */
static int parse_mmap_also(const char *value, struct options *options, void *field)
{
	bool stacks = false, code = false;

	(void)field;
	while (*value) {
		size_t length = word_bytes(value, ',');

		if (word_says(value, length, "stacks"))
			stacks = true;
		else if (word_says(value, length, "code"))
			code = true;
		else
			return -EINVAL;
		value += length;
		value += *value == ',';
	}
	options->mmap_stacks = stacks;
	options->mmap_code = code;
	return 0;
}

static int parse_shm(const char *value, struct options *options, void *field)
{
	if (!read_switch(value, field))
		return 0;
	if (parse_page_size(value, options, &options->shm_page_bytes))
		return -EINVAL;
	options->shm = true;
	return 0;
}

static int parse_address(const char *value, struct options *options, void *field)
{
	uintptr_t address = 0;

	(void)options;
	if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X'))
		value += 2;
	if (!*value)
		return -EINVAL;
	for (; *value; value++) {
		static const char digits[] = "0123456789abcdef";
		char lower = *value >= 'A' && *value <= 'F' ? *value - 'A' + 'a' : *value;
		const char *digit = strchr(digits, lower);

		if (!digit || address > UINTPTR_MAX >> 4)
			return -EINVAL;
		address = address << 4 | (uintptr_t)(digit - digits);
	}
	*(uintptr_t *)field = address;
	return 0;
}

static int parse_level(const char *value, struct options *options, void *field)
{
	size_t level;

	(void)options;
	if (value[strspn(value, "0123456789")] || options_parse_size(value, &level) || level > 99)
		return -EINVAL;
	*(int *)field = (int)level;
	return 0;
}

static int parse_fork(const char *value, struct options *options, void *field)
{
	static const char words[][sizeof("copy")] = {
		[FORK_AUTO] = "auto", [FORK_COW] = "cow", [FORK_COPY] = "copy"};

	(void)options;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (value_says(value, words[i])) {
			*(enum fork_mode *)field = (enum fork_mode)i;
			return 0;
		}
	return -EINVAL;
}

/* default or strict; after a comma, for tests, the only means that is allowed. */
static int parse_exact(const char *value, struct options *options, void *field)
{
	static const char ways[][sizeof("userfaultfd")] = {"userfaultfd", "alone", "ptrace"};
	const size_t length = word_bytes(value, ',');
	unsigned int means = 0;

	if (value[length]) {
		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			if (value_says(value + length + 1, ways[i]))
				means = 1u << i;
		if (value_says(value + length + 1, "none"))
			means = OPTIONS_EXACT_NONE;
		if (!means)
			return -EINVAL;
	}
	if (!word_says(value, length, "default") && !word_says(value, length, "strict"))
		return -EINVAL;
	*(enum exact_mode *)field =
		word_says(value, length, "strict") ? EXACT_STRICT : EXACT_DEFAULT;
	options->exact_means = means;
	return 0;
}

/* An empty path means none. */
static int copy_path(const char *value, char *copy, const char **field)
{
	size_t length = strlen(value);

	if (length >= PATH_BYTES)
		return -EINVAL;
	memcpy(copy, value, length + 1);
	*field = length ? copy : NULL;
	return 0;
}

/* A list of directories separated by colons; empty ones are ignored. */
static int parse_path(const char *value, struct options *options, void *field)
{
	int failed = copy_path(value, path_copy, field), count = 0;
	char *at = mounts_copy;

	if (failed)
		return failed;
	memcpy(mounts_copy, value, strlen(value) + 1);
	while (*at) {
		size_t length = word_bytes(at, ':');
		bool last = !at[length];

		at[length] = '\0';
		if (length && count == OPTIONS_MOUNTS_MAX)
			return -EINVAL;
		if (length)
			options->mounts[count++] = at;
		at += length + !last;
	}
	options->mounts[count] = NULL;
	return 0;
}

static int parse_report(const char *value, struct options *options, void *field)
{
	(void)options;
	return copy_path(value, report_copy, field);
}

/* A list of nothing but colons would name no file. */
static int parse_files_only(const char *value, struct options *options, void *field)
{
	(void)options;
	return value[strspn(value, ":")] ? copy_path(value, files_only_copy, field) : -EINVAL;
}

static int parse_share_path(const char *value, struct options *options, void *field)
{
	(void)options;
	return copy_path(value, share_path_copy, field);
}

/* Only checked here: options_read() opens it. Copied, because a child process may start in another
 * directory. */
static int parse_config(const char *value, struct options *options, void *field)
{
	(void)options;
	(void)field;
	return !*value || *value == '/' ? 0 : -EINVAL;
}

/* Only checked here: program_takes_part() reads it. */
static int parse_programs(const char *value, struct options *options, void *field)
{
	(void)options;
	(void)field;
	return value[strspn(value, ":")] ? 0 : -EINVAL;
}

/* Names of kernel features for which the original library had to be configured; this library
 * detects them. */
static int parse_features(const char *value, struct options *options, void *field)
{
	static const char words[][sizeof("private_reservations")] = {
		"private_reservations", "safe_noreserve", "map_hugetlb"};
	bool no_map_hugetlb = false;

	(void)field;
	while (*value) {
		size_t length = word_bytes(value, ','), i;
		bool no = !strncmp(value, "no_", 3);
		const char *word = value + 3 * no;
		size_t word_length = length - 3 * no;

		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (word_is(word, word_length, words[i]))
				break;
		if (i == sizeof(words) / sizeof(words[0]))
			return -EINVAL;
		if (i == 2)
			no_map_hugetlb = no;
		else
			log_debug("HUGETLB_FEATURES: %s%s has no effect: the kernel is asked",
				  no ? "no_" : "", words[i]);
		value += length;
		value += *value == ',';
	}
	options->no_map_hugetlb = no_map_hugetlb;
	return 0;
}

/*
 * Names of objects separated by colons; a name must not be empty or a single minus sign. Common
 * values need no copy, which would touch a page at each start.
 */
static int parse_objects(const char *value, struct options *options, void *field)
{
	const char *name = value;

	(void)options;
	for (;; name++) {
		size_t length;

		name += *name == '-';
		length = word_bytes(name, ':');
		if (!length || memchr(name, '/', length))
			return -EINVAL;
		name += length;
		if (!*name)
			break;
	}
	if (!word_is(value, strlen(value), all_objects))
		return copy_path(value, objects_copy, field);
	*(const char **)field = all_objects;
	return 0;
}

static int parse_backing(const char *value, struct options *options, void *field)
{
	static const char words[][sizeof("hugetlb")] = {[BACKING_AUTO] = "auto",
							[BACKING_HUGETLB] = "hugetlb",
							[BACKING_FILE] = "file",
							[BACKING_THP] = "thp"};

	(void)options;
	for (size_t i = BACKING_AUTO; i < sizeof(words) / sizeof(words[0]); i++)
		if (value_says(value, words[i])) {
			*(enum segment_backing *)field = (enum segment_backing)i;
			return 0;
		}
	return -EINVAL;
}

/* HUGETLB_MINIMAL_COPY: yes is the default behaviour. */
static int parse_minimal_copy(const char *value, struct options *options, void *field)
{
	bool minimal;

	(void)field;
	if (read_switch(value, &minimal))
		return -EINVAL;
	options->copy_all = !minimal;
	return 0;
}

/* Text of all objects on the page cache's huge pages, unless other variables say otherwise. */
static void choose_segments(struct options *options)
{
	options->segments = SEGMENTS_CHOSEN;
	options->segments_auto = true;
	options->text = true;
	options->data = false;
	options->text_page_bytes = options->data_page_bytes = 0;
	if (options->backing == BACKING_LADDER)
		options->backing = BACKING_FILE;
	if (!options->objects)
		options->objects = all_objects;
}

/* no, auto, or R and W, each with an optional =size, each at most once, in any order. */
static int parse_segments(const char *value, struct options *options, void *field)
{
	bool on, seen[2] = {false, false};
	size_t page_bytes[2] = {0, 0};

	(void)field;
	if (!read_switch(value, &on)) {
		if (on)
			return -EINVAL;
		options->segments = SEGMENTS_OFF;
		return 0;
	}
	if (value_says(value, "auto")) {
		choose_segments(options);
		return 0;
	}
	if (!*value)
		return -EINVAL;
	while (*value) {
		bool write = *value == 'W' || *value == 'w';

		if (!strchr("RrWw", *value) || seen[write])
			return -EINVAL;
		seen[write] = true;
		if (*++value == '=') {
			size_t length = strcspn(++value, ":RrWw");
			char size[24];

			if (length >= sizeof(size))
				return -EINVAL;
			memcpy(size, value, length);
			size[length] = '\0';
			if (parse_page_size(size, options, &page_bytes[write]))
				return -EINVAL;
			value += length;
		}
		value += *value == ':';
	}
	options->segments = SEGMENTS_CHOSEN;
	options->text = seen[false];
	options->data = seen[true];
	options->text_page_bytes = page_bytes[false];
	options->data_page_bytes = page_bytes[true];
	return 0;
}

#define YES_NO      "yes or no"
#define FIELD(name) offsetof(struct options, name)

/* clang-format off */
static const struct option_row table[] = {
	{"HUGETLB_VERBOSE", "a number from 0 to 99",
	 "how much is printed on stderr: 0 nothing, 1 errors, 2 warnings too, 3 what is done, 4 and up "
	 "debugging",
	 parse_level, FIELD(verbose), OPTION_EARLY},
	{"HUGETLB_DEBUG", "any value, or no",
	 "print all messages, as HUGETLB_VERBOSE=99",
	 parse_presence, FIELD(debug), OPTION_EARLY | OPTION_TAKES_EMPTY},
	{"HUGETLB_RESTRICT_EXE", "base names of programs, separated by colons",
	 "take part in these programs only",
	 parse_programs, 0, OPTION_EARLY},
	{"HUGETLB_CONFIG", "the path of a file, from / on, or nothing for no file",
	 "read this configuration file instead of /etc/libhugetlbfs.conf",
	 parse_config, 0, OPTION_EARLY | OPTION_TAKES_EMPTY},
	{"HUGETLB_DEFAULT_PAGE_SIZE", "a page size such as 2M or 1G",
	 "the huge page size where none is named",
	 parse_page_size, FIELD(default_page_bytes), 0},
	{"HUGETLB_MORECORE", "yes, no, auto, thp, or a page size such as 2M or 1G",
	 "put the heap on huge pages",
	 parse_heap, FIELD(heap), 0},
	{"HUGETLB_MORECORE_HEAPBASE", "a hexadecimal address",
	 "where the heap begins",
	 parse_address, FIELD(heap_base), 0},
	{"HUGETLB_MORECORE_SHRINK", YES_NO,
	 "give pages that the heap frees back to the pool",
	 parse_switch, FIELD(heap_shrink), 0},
	{"HUGETLB_PATH", "directories of hugetlbfs mounts, separated by colons",
	 "take huge pages from files on the mount of their size",
	 parse_path, FIELD(path), 0},
	{"HUGETLB_NO_PREFAULT", "any value, or no",
	 "do not populate huge pages before the program gets them",
	 parse_presence, FIELD(no_prefault), OPTION_TAKES_EMPTY},
	{"HUGETLB_NO_RESERVE", YES_NO,
	 "do not reserve huge pages when mapping them",
	 parse_switch, FIELD(no_reserve), 0},
	{"HUGETLB_FEATURES", "private_reservations, safe_noreserve and map_hugetlb, each with or "
	 "without no_ before it, separated by commas",
	 "no_map_hugetlb: take huge pages by memfd or mount, not by anonymous mappings",
	 parse_features, 0, 0},
	{"HUGETLB_REQUIRE", YES_NO,
	 "do not start the program if the settings cannot be met",
	 parse_switch, FIELD(require), 0},
	{"HUGETLB_FORK", "auto, cow or copy",
	 "how a child of fork comes by its huge pages",
	 parse_fork, FIELD(fork), 0},
	{"HUGETLB_EXACT", "default or strict",
	 "strict: no hugetlb pages where calls on part of one can fail",
	 parse_exact, FIELD(exact), 0},
	{"HUGETLB_REPORT", "a path, - for standard output, or 2 for stderr",
	 "at exit, tell how much of the memory is on which pages",
	 parse_report, FIELD(report), 0},
	{"HUGETLB_SHM", "yes, no, or a page size such as 2M or 1G",
	 "put System V shared memory on huge pages",
	 parse_shm, FIELD(shm), 0},
	{"HUGETLB_MMAP", "yes, no, auto, or a threshold such as 1M, and then, behind a comma, thp or a page size",
	 "put private anonymous mappings of at least the threshold on huge pages",
	 parse_mmap, 0, 0},
	{"HUGETLB_MMAP_LIMIT", "a size such as 4G",
	 "a mapping bigger than this takes no pages from the pool (unset: half of the pool)",
	 parse_size, FIELD(mmap_limit), 0},
	{"HUGETLB_LIMIT", "a size such as 4G, or a percentage such as 25%",
	 "one process takes at most this much of each pool",
	 parse_limit, 0, 0},
	{"HUGETLB_MMAP_ALSO", "stacks, code, or both with a comma between them",
	 "advise transparent huge pages for these mappings, too",
	 parse_mmap_also, 0, 0},
	{"HUGETLB_MMAP_FILES", "yes, no, or a threshold such as 64M, and then, behind a comma, thp or a page size",
	 "put files that the program maps to read them on huge pages",
	 parse_files, 0, 0},
	{"HUGETLB_MMAP_FILES_ONLY", "patterns of paths or names, separated by colons",
	 "only these files; they may be copied to huge pages",
	 parse_files_only, FIELD(files_only), 0},
	{"HUGETLB_ELFMAP", "no, auto, or R and W, each with or without =<page size>",
	 "put text (R) and data (W) on huge pages",
	 parse_segments, 0, 0},
	{"HUGETLB_ELFMAP_OBJECTS", "main, all, or base names of programs and libraries, separated by "
	 "colons; one with a minus sign before it is left out",
	 "whose text and data: the program's (main) or libraries' as well",
	 parse_objects, FIELD(objects), 0},
	{"HUGETLB_ELFMAP_BACKING", "auto, hugetlb, file or thp",
	 "which huge pages text and data are put on",
	 parse_backing, FIELD(backing), 0},
	{"HUGETLB_ELFMAP_MERGE", YES_NO,
	 "take read-only data and text of one huge page together, readable and executable",
	 parse_switch, FIELD(merge_text), 0},
	{"HUGETLB_FORCE_ELFMAP", YES_NO,
	 "do so for programs that were not linked for it, which is done anyway",
	 parse_switch, FIELD(force_segments), 0},
	{"HUGETLB_MINIMAL_COPY", YES_NO,
	 "leave out of the copy what the program never initialised",
	 parse_minimal_copy, 0, 0},
	{"HUGETLB_SHARE", "0 or 1",
	 "share one copy of text between processes",
	 parse_switch, FIELD(share), 0},
	{"HUGETLB_SHARE_PATH", "a directory",
	 "where shared copies are kept",
	 parse_share_path, FIELD(share_path), 0},
};
/* clang-format on */

#define ROWS ((int)(sizeof(table) / sizeof(table[0])))

_Static_assert(ROWS <= OPTIONS_ROWS_MAX, "there is a setting for each");

const struct option_row *options_table(int *rows)
{
	*rows = ROWS;
	return table;
}
