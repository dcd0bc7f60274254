/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The questions of --setup: see setup.h. Each is repeated until its answer is valid.
 */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options/options.h"
#include "setup.h"
#include "tools/common/size_text.h"

#define MEGABYTE ((size_t)1 << 20)

static size_t memory_bytes(void)
{
	return (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
}

/* Returns the answer without surrounding blanks, or NULL at the end of the input. */
static char *ask(const char *question)
{
	static char *line;
	static size_t room;
	ssize_t length;
	char *start;

	fprintf(stderr, "%s ", question);
	length = getline(&line, &room, stdin);
	if (!isatty(STDIN_FILENO))
		fputc('\n', stderr);
	if (length < 0)
		return NULL;
	while (length && isspace((unsigned char)line[length - 1]))
		line[--length] = '\0';
	for (start = line; isspace((unsigned char)*start);)
		start++;
	return start;
}

/* A number without a unit is in megabytes. */
static int read_amount(const char *answer, size_t *bytes)
{
	const bool is_number = *answer && !answer[strspn(answer, "0123456789")];

	if (options_parse_size(answer, bytes))
		return -EINVAL;
	return is_number && __builtin_mul_overflow(*bytes, MEGABYTE, bytes) ? -EINVAL : 0;
}

static int ask_amount(struct setup *setup)
{
	const size_t memory = memory_bytes();

	for (;;) {
		const char *answer =
			ask("How much memory for huge pages, in MB, or with K, M or G?");
		size_t bytes;

		if (!answer)
			return -EINVAL;
		if (read_amount(answer, &bytes)) {
			complain(0, "\"%s\" is not an amount of memory, such as 512 or 2G", answer);
			continue;
		}
		setup->pages = bytes / setup->page_bytes + (bytes % setup->page_bytes != 0);
		if (bytes < memory - memory / 8)
			return 0;
		complain(0, "%s leaves too little of the machine's %zu MB for everything else",
			 answer, memory / MEGABYTE);
	}
}

/* Names separated by blanks and commas; root needs no permission. Returns whether all users
 * exist. */
static bool read_users(char *answer, struct setup *setup)
{
	setup->user_count = 0;
	for (char *name = strtok(answer, " \t,"); name; name = strtok(NULL, " \t,")) {
		const struct passwd *user = getpwnam(name);

		if (!user) {
			complain(0, "there is no user %s", name);
			return false;
		}
		if (!user->pw_uid)
			continue;
		if (setup->user_count == SETUP_USERS_MAX) {
			complain(0, "more than %d users: add them to the group later",
				 SETUP_USERS_MAX);
			return false;
		}
		setup->users[setup->user_count] = strdup(name);
		if (!setup->users[setup->user_count++])
			abort();
	}
	return true;
}

static int ask_users(struct setup *setup)
{
	for (;;) {
		char *answer =
			ask("Which users may use them, separated by blanks or commas? (none: "
			    "only root)");

		if (!answer)
			return -EINVAL;
		if (read_users(answer, setup))
			return 0;
	}
}

static void show_machine(const struct setup *setup, const struct pool_numbers *pool)
{
	char size[SIZE_TEXT_BYTES];
	unsigned long gid;
	const struct group *group = NULL;
	const bool is_known = read_number(PATH_SHM_GROUP, &gid);

	if (is_known)
		group = getgrgid((gid_t)gid);
	fprintf(stderr,
		"This machine has:\n"
		"  Total system memory    %zu MB\n"
		"  Huge page size         %s\n"
		"  Huge pages             %lu (%lu MB), %lu of them free\n",
		memory_bytes() / MEGABYTE, size_text_print(size, setup->page_bytes), pool->current,
		(unsigned long)(pool->current * (setup->page_bytes >> 10) >> 10), pool->available);
	if (is_known)
		fprintf(stderr, "  Group for huge pages   %lu (%s)\n\n", gid,
			group ? group->gr_name : "no name");
	else
		fputs("  Group for huge pages   unknown\n\n", stderr);
}

int setup_ask(const struct request *request, struct setup *setup)
{
	struct pool_numbers pool;
	int result;

	*setup = (struct setup){.page_bytes = request->sizes.default_huge};
	if (!setup->page_bytes)
		return complain(-ENOENT, "--setup: no default huge page size is known here");
	if (pool_numbers_read(setup->page_bytes, MACHINE, &pool))
		return -ENOENT;
	show_machine(setup, &pool);
	result = ask_amount(setup) ?: ask_users(setup);
	return result ? complain(result, "--setup: no answer: nothing is changed") : 0;
}
