/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Warns about command lines that do not do what the user probably means: one line each. Nothing is
 * changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "options/config.h"
#include "tools/hugectl/hugectl.h"

static bool asks(const struct request *request, const char *variable)
{
	const char *value = environment_get(&request->environment, variable);

	return value && *value && strcasecmp(value, "no");
}

/* The configuration file may request more than the options do: its content is not checked here. */
static bool has_config(const struct request *request)
{
	const char *path = environment_get(&request->environment, "HUGETLB_CONFIG");

	return path ? *path : !access(CONFIG_PATH, F_OK);
}

static void remark_on_nothing(const struct request *request, const struct program *program,
			      char **words)
{
	static const char *const features[] = {"HUGETLB_MORECORE", "HUGETLB_ELFMAP", "HUGETLB_MMAP",
					       "HUGETLB_SHM", "HUGETLB_MMAP_ALSO",
					       "HUGETLB_MMAP_FILES"};

	/* not for a program that does not exist: another line reports that */
	if (!program->kind.class_bits && *words)
		return;
	if (request->disable || request->thp || request->preload == PRELOAD_NEVER ||
	    program->kind.has_mark || has_config(request))
		return;
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (asks(request, features[i]))
			return;
	tell(request, "no option asks for huge pages: the program runs without them (for its heap: "
		      "--heap)");
}

/* Will the program's text be on huge pages, so that it can be shared? */
static bool asks_for_text(const struct request *request)
{
	const char *map = environment_get(&request->environment, "HUGETLB_ELFMAP");

	return map ? strpbrk(map, "Rr") : false;
}

static void remark_on_sharing(const struct request *request, const struct program *program)
{
	const char *share = environment_get(&request->environment, "HUGETLB_SHARE");

	if (share && !strcmp(share, "1") && !asks_for_text(request) && !program->kind.has_mark &&
	    !has_config(request))
		tell(request, "--share-text has no effect: no option puts text on huge pages (add "
			      "--text)");
}

/* A path never matches, because programs are compared by their base names. */
static void remark_on_paths(const struct request *request)
{
	const char *list = environment_get(&request->environment, "HUGETLB_RESTRICT_EXE");

	while (list && *list) {
		const size_t bytes = strcspn(list, ":");
		const char *slash = memrchr(list, '/', bytes);

		if (slash)
			tell(request,
			     "--restrict-exe: no program matches %.*s: base names are compared "
			     "(write %.*s)",
			     (int)bytes, list, (int)(list + bytes - slash - 1), slash + 1);
		list += bytes + (list[bytes] != '\0');
	}
}

/* Options that hardly any other program has. */
static const char *option_of_ours(const char *word)
{
	static const char *const names[] = {"heap",        "thp",        "text",       "bss",
					    "libs",        "shm",        "mmap",       "share-text",
					    "no-prefault", "no-reserve", "no-preload", "mmap-also"};
	const size_t bytes = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bytes == strlen(names[i]) + 2 && !strncmp(word, "--", 2) &&
		    !strncmp(word + 2, names[i], bytes - 2))
			return names[i];
	return NULL;
}

static void remark_on_options_after(const struct request *request, char **words)
{
	for (char **word = words + 1; *words && *word; word++) {
		const char *name = option_of_ours(*word);

		if (!name)
			continue;
		tell(request,
		     "--%s comes after the program's name, so %s gets it (hugectl's options come "
		     "before the program; -- before the program ends them)",
		     name, *words);
		return;
	}
}

void remark_on_request(const struct request *request, const struct program *program, char **words,
		       bool after_end)
{
	remark_on_nothing(request, program, words);
	remark_on_sharing(request, program);
	remark_on_paths(request);
	if (!after_end)
		remark_on_options_after(request, words);
}
