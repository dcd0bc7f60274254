/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The values of options: parsed and checked before anything is changed. An invalid value is
 * reported in one line, and -EINVAL is returned.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hugeadm.h"
#include "options/options.h"
#include "tools/common/size_text.h"

int argument_number(const char *name, const char *value, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || *number == UNSET)
		return complain(-EINVAL, "--%s: %s is no number", name, value);
	return 0;
}

int argument_size(const char *name, const char *value, unsigned long *bytes)
{
	size_t size;

	if (options_parse_size(value, &size) || size == UNSET)
		return complain(-EINVAL, "--%s: %s is no size (bytes, or with K, M, G)", name,
				value);
	*bytes = size;
	return 0;
}

int argument_mode(const char *name, const char *value, unsigned long *mode)
{
	char *end;

	*mode = strtoul(value, &end, 8);
	if (*value < '0' || *value > '7' || *end || *mode > 07777)
		return complain(-EINVAL, "--%s: %s is no mode (octal, like 0770)", name, value);
	return 0;
}

static bool is_id(const char *value, unsigned long *id)
{
	char *end;

	errno = 0;
	*id = strtoul(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end && !errno && *id < UINT_MAX;
}

int argument_user(const char *name, const char *value, unsigned long *uid)
{
	const struct passwd *user = getpwnam(value);

	if (user)
		*uid = user->pw_uid;
	else if (!is_id(value, uid))
		return complain(-EINVAL, "--%s: there is no user %s", name, value);
	return 0;
}

int argument_group(const char *name, const char *value, unsigned long *gid)
{
	const struct group *group = getgrnam(value);

	if (group)
		*gid = group->gr_gid;
	else if (!is_id(value, gid))
		return complain(-EINVAL, "--%s: there is no group %s", name, value);
	return 0;
}

int argument_node(const char *name, const char *value, int *node)
{
	unsigned long number;

	if (argument_number(name, value, &number))
		return -EINVAL;
	if (number > INT_MAX || !node_exists((int)number))
		return complain(-EINVAL, "--%s: there is no node %s here", name, value);
	*node = (int)number;
	return 0;
}

static int find_page_size(const struct request *request, const char *name, const char *word,
			  size_t *page_bytes)
{
	char sizes[PAGES_SIZES_MAX * SIZE_TEXT_BYTES] = "", text[SIZE_TEXT_BYTES];

	if (!strcmp(word, "DEFAULT")) {
		*page_bytes = request->sizes.default_huge;
		if (!*page_bytes)
			return complain(-EINVAL, "--%s: this kernel has no default huge page size",
					name);
		return 0;
	}
	if (options_parse_size(word, page_bytes))
		return complain(-EINVAL, "--%s: %s is no page size (DEFAULT, or like 2M)", name,
				word);
	if (sizes_have(&request->sizes, *page_bytes))
		return 0;
	for (int i = 0; i < request->sizes.huge_count; i++) {
		strcat(sizes, " ");
		strcat(sizes, size_text_print(text, request->sizes.huge[i]));
	}
	return complain(-EINVAL, "--%s: no huge pages of %s here; there are:%s", name, word,
			sizes[0] ? sizes : " none");
}

/* A size before a colon is one; any other colon belongs to the file's name. */
int argument_preload(const struct request *request, const char *name, const char *value,
		     struct preload *preload)
{
	const size_t length = strcspn(value, ":");
	char word[32];
	size_t bytes;

	*preload = (struct preload){.file = value, .page_bytes = request->sizes.default_huge};
	if (value[length] && length < sizeof(word)) {
		memcpy(word, value, length);
		word[length] = '\0';
		if (!strcmp(word, "DEFAULT") || !options_parse_size(word, &bytes)) {
			preload->file = value + length + 1;
			if (find_page_size(request, name, word, &preload->page_bytes))
				return -EINVAL;
		}
	}
	if (!*preload->file)
		return complain(-EINVAL, "--%s: the name of a file is empty", name);
	if (!preload->page_bytes)
		return complain(-EINVAL, "--%s: this kernel has no default huge page size", name);
	return 0;
}

/* Parses a number of pages or, with a unit, an amount of memory: the whole pages in it. */
static int count_pages(const char *name, const char *word, struct pool_change *change)
{
	const bool is_memory = word[0] && strspn(word, "0123456789") != strlen(word);
	size_t count;

	if (word[0] < '0' || word[0] > '9' || options_parse_size(word, &count))
		return complain(-EINVAL,
				"--%s: %s: %s is no number of pages and no amount of memory", name,
				change->text, word);
	change->rounded = is_memory && count % change->page_bytes;
	if (is_memory)
		count /= change->page_bytes;
	if (count > LONG_MAX)
		return complain(-EINVAL, "--%s: %s: too many pages", name, change->text);
	change->pages = count;
	return 0;
}

/* <size|DEFAULT>:[<node>:][+|-]<pages or memory>; for a demotion there is no sign. */
int argument_pool(const struct request *request, const char *name, const char *value,
		  struct pool_change *change)
{
	char words[128], *count, *node = NULL;

	if (strlen(value) >= sizeof(words))
		return complain(-EINVAL, "--%s: %s is too long", name, value);
	strcpy(words, value);
	change->text = value;
	change->node = MACHINE;
	count = strchr(words, ':');
	if (!count)
		return complain(-EINVAL, "--%s: %s is not like 2M:64, 2M:+64M or 2M:0:64", name,
				value);
	*count++ = '\0';
	if (find_page_size(request, name, words, &change->page_bytes))
		return -EINVAL;
	if (strchr(count, ':')) {
		node = count;
		count = strchr(count, ':');
		*count++ = '\0';
		if (argument_node(name, node, &change->node))
			return -EINVAL;
	}
	change->sign = '\0';
	if (change->kind != POOL_DEMOTE && (*count == '+' || *count == '-'))
		change->sign = *count++;
	return count_pages(name, count, change);
}
