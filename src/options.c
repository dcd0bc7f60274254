/*
 * The environment, read by the table of its variables (options_table.c).
 *
 * Owns what the process was asked for. Runs in the constructor, as a rule, with one thread; uses
 * libc's string functions and getauxval only, no locale.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "log.h"
#include "options.h"
#include "sys.h"

#define PREFIX       "HUGETLB_"
#define PREFIX_BYTES (sizeof(PREFIX) - 1)

/* Returns the row whose variable entry sets, or -1; *value is behind the equals sign. To an entry
 * without one getenv is blind, and so are we. */
static int row_of(const char *entry, const char **value)
{
	int rows;
	const struct option_row *table = options_table(&rows);
	size_t name_bytes = strcspn(entry, "=");

	if (!entry[name_bytes])
		return -1;
	for (int i = 0; i < rows; i++)
		if (!strncmp(table[i].name, entry, name_bytes) && !table[i].name[name_bytes]) {
			*value = entry + name_bytes + 1;
			return i;
		}
	return -1;
}

static void log_unknown(const char *entry)
{
	char name[64];
	size_t name_bytes = strcspn(entry, "=") + 1;

	text_format(name, name_bytes < sizeof(name) ? name_bytes : sizeof(name), "%s", entry);
	log_debug("%s is no variable of this library", name);
}

static bool begins_with_prefix(const char *entry)
{
	return !strncmp(entry, PREFIX, PREFIX_BYTES);
}

/* Reads one row's value; returns whether it was bad. */
static bool read_row(const struct option_row *row, const char *value, struct options *options)
{
	char shown[64];

	if (!row->parse(value, options, (char *)options + row->field))
		return false;
	text_format(shown, sizeof(shown), "%s", value);
	log_warning("%s=%s%s: not understood; accepted: %s; the feature stays off", row->name,
		    shown, strlen(value) >= sizeof(shown) ? "..." : "", row->values);
	return true;
}

/*
 * Reads the rows that are early, or those that are not. The first of two entries of one name
 * counts, as it does for getenv. Returns how many there were.
 */
static int read_rows(struct options *options, char **environment, bool early, int *bad)
{
	int rows;
	const struct option_row *table = options_table(&rows);
	uint64_t seen = 0; /* a bit a row */

	for (char **entry = environment; *entry; entry++) {
		const char *value;
		int row;

		if (!begins_with_prefix(*entry))
			continue;
		row = row_of(*entry, &value);
		if (row < 0) {
			if (!early)
				log_unknown(*entry);
			continue;
		}
		if (table[row].early != early || seen & UINT64_C(1) << row)
			continue;
		seen |= UINT64_C(1) << row;
		*bad += read_row(&table[row], value, options);
	}
	return __builtin_popcountll(seen);
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (slash)
		return slash + 1;
	return path ? path : "";
}

/* A list that names nobody was told to be bad, and restricts nobody. */
static bool program_takes_part(char **environment, const char *program)
{
	static const char name[] = PREFIX "RESTRICT_EXE=";
	size_t program_bytes = strlen(base_name(program));
	const char *list;

	while (*environment && strncmp(*environment, name, sizeof(name) - 1))
		environment++;
	if (!*environment)
		return true;
	list = *environment + sizeof(name) - 1;
	if (!list[strspn(list, ":")])
		return true;
	for (; *list; list += *list == ':') {
		size_t length = strcspn(list, ":");

		if (length && length == program_bytes && !memcmp(list, base_name(program), length))
			return true;
		list += length;
	}
	return false;
}

int options_read(struct options *options, char **environment, const char *program, int *bad)
{
	int count;

	*bad = 0;
	memset(options, 0, sizeof(*options));
	options->verbose = LOG_WARNING;
	if (getauxval(AT_SECURE)) {
		options->segments = SEGMENTS_OFF;
		return 0;
	}
	for (char **entry = environment;; entry++) {
		if (!*entry)
			return 0;
		if (begins_with_prefix(*entry))
			break;
	}
	count = read_rows(options, environment, true, bad);
	if (options->debug)
		options->verbose = 99;
	log_set_level(options->verbose);
	if (!program_takes_part(environment, program)) {
		log_debug("HUGETLB_RESTRICT_EXE leaves %s out", base_name(program));
		memset(options, 0, sizeof(*options));
		options->segments = SEGMENTS_OFF;
		*bad = 0;
		return 0;
	}
	return count + read_rows(options, environment, false, bad);
}

const struct options *options_get(int *set, int *bad)
{
	enum { UNREAD, READING, READ };
	static struct {
		struct options options;
		int set, bad;
		uint32_t state;
	} process;
	static char *none[] = {NULL};
	uint32_t state = UNREAD;

	if (__atomic_load_n(&process.state, __ATOMIC_ACQUIRE) == READ) {
		/* as it nearly always is */
	} else if (__atomic_compare_exchange_n(&process.state, &state, READING, false,
					       __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		process.set = options_read(&process.options, environ ? environ : none,
					   program_invocation_short_name, &process.bad);
		__atomic_store_n(&process.state, READ, __ATOMIC_RELEASE);
	} else {
		while (__atomic_load_n(&process.state, __ATOMIC_ACQUIRE) != READ)
			sys_pass(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	if (set)
		*set = process.set;
	if (bad)
		*bad = process.bad;
	return &process.options;
}
