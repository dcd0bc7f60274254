/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conditions of a rule.
 *
 * Usually runs in the constructor, with one thread. The syntax of a condition is checked even if an
 * earlier one did not match, so that an error is reported by every process and not only by some.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/stream.h"
#include "base/sys.h"
#include "options/rule.h"

#define BLANKS " \t"

/* Backtracks to the last star only, so the time is at worst the product of the lengths. */
bool rule_glob(const char *pattern, size_t length, const char *text)
{
	const char *end = pattern + length, *star = NULL, *star_text = NULL;

	while (*text) {
		if (pattern < end && *pattern == '*') {
			star = pattern++;
			star_text = text;
		} else if (pattern < end && (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++star_text;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

/* Decimal digits to the end of the word, up to the largest uid_t. */
static bool read_uid(const char *text, size_t length, unsigned long *uid)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*uid = (unsigned long)value;
	return length > 0;
}

/* "1000" or "1000-1999". */
static bool read_uid_range(const char *text, size_t length, unsigned long uid, bool *matches)
{
	const char *dash = memchr(text, '-', length);
	size_t first_length = dash ? (size_t)(dash - text) : length;
	unsigned long first, last;

	if (!read_uid(text, first_length, &first))
		return false;
	last = first;
	if (dash && !read_uid(dash + 1, length - first_length - 1, &last))
		return false;
	*matches = uid >= first && uid <= last;
	return first <= last;
}

/* From the kernel; without /proc, the path by which the program was started. */
static const char *path_of(struct rule_subject *subject)
{
	const char *started = (const char *)getauxval(AT_EXECFN);
	long length;

	if (subject->path[0])
		return subject->path;
	length = sys_readlink("/proc/self/exe", subject->path, sizeof(subject->path) - 1);
	if (length > 0)
		subject->path[length] = '\0';
	else if (started && strlen(started) < sizeof(subject->path))
		strcpy(subject->path, started);
	return subject->path;
}

/* Searches "name:password:uid:..." of /etc/passwd: does the user have that uid? */
static bool user_has_uid(const char *name, size_t length, unsigned long uid)
{
	struct stream users;
	char line[512];
	bool found = false, has = false;

	if (stream_open(&users, "/etc/passwd"))
		return false;
	while (!found && stream_line(&users, line, sizeof(line))) {
		const char *number;
		unsigned long value;

		if (strncmp(line, name, length) || line[length] != ':')
			continue;
		found = true;
		number = strchr(line + length + 1, ':');
		has = number && read_uid(number + 1, strcspn(number + 1, ":"), &value) &&
		      value == uid;
	}
	stream_close(&users);
	return has;
}

enum condition { BY_PROGRAM, BY_PATH, BY_UID, BY_USER };

/* One alternative. False: its syntax is invalid. Alternatives that cost a system call are tried
 * last. */
static bool read_alternative(enum condition condition, const char *text, size_t length,
			     struct rule_subject *subject, bool still_matches, bool *matches)
{
	*matches = false;
	if (!length)
		return false;
	switch (condition) {
	case BY_PROGRAM:
		*matches = rule_glob(text, length, subject->program);
		return true;
	case BY_PATH:
		*matches = still_matches && rule_glob(text, length, path_of(subject));
		return true;
	case BY_UID:
		return read_uid_range(text, length, subject->uid, matches);
	case BY_USER:
		*matches = still_matches && user_has_uid(text, length, subject->uid);
		return true;
	}
	return false;
}

/* One condition of length bytes; sets *matches to false if it does not hold. */
static bool read_condition(const char *text, size_t length, struct rule_subject *subject,
			   bool *matches)
{
	static const char keys[][sizeof("program=")] = {[BY_PROGRAM] = "program=",
							[BY_PATH] = "path=",
							[BY_UID] = "uid=",
							[BY_USER] = "user="};
	const char *end = text + length;
	bool any = false;
	size_t key = 0;

	while (key < sizeof(keys) / sizeof(keys[0]) && strncmp(text, keys[key], strlen(keys[key])))
		key++;
	if (key == sizeof(keys) / sizeof(keys[0]))
		return false;
	text += strlen(keys[key]);
	for (;; text++) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		size_t alternative = (size_t)((comma ? comma : end) - text);
		bool matches_this;

		if (!read_alternative((enum condition)key, text, alternative, subject,
				      *matches && !any, &matches_this))
			return false;
		any = any || matches_this;
		text += alternative;
		if (text == end)
			break;
	}
	*matches = *matches && any;
	return true;
}

bool rule_read(const char *text, struct rule_subject *subject, bool *matches)
{
	*matches = true;
	text += strspn(text, BLANKS);
	if (!*text)
		return false;
	while (*text) {
		size_t length = strcspn(text, BLANKS);

		if (!read_condition(text, length, subject, matches))
			return false;
		text += length;
		text += strspn(text, BLANKS);
	}
	return true;
}
