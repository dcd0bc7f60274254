/*
 * What a command line says and its user hardly means: one warning each. Nothing is changed for it.
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

/* The configuration file may ask for more than the options do: what it holds is not checked here. */
static bool has_config(const struct request *request)
{
	const char *path = environment_get(&request->environment, "HUGETLB_CONFIG");

	return path ? *path : !access(CONFIG_PATH, F_OK);
}

static void remark_on_nothing(const struct request *request)
{
	static const char *const features[] = {"HUGETLB_MORECORE", "HUGETLB_ELFMAP", "HUGETLB_MMAP",
					       "HUGETLB_SHM", "HUGETLB_MMAP_ALSO"};

	if (request->disable || request->preload == PRELOAD_NEVER || has_config(request))
		return;
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (asks(request, features[i]))
			return;
	tell(request, "nothing asks for huge pages: only segments that hugeedit marked will use "
		      "them (to use them for the heap, add --heap)");
}

/* Whether the program's text is on huge pages, so that there is something to share. */
static bool asks_for_text(const struct request *request)
{
	const char *map = environment_get(&request->environment, "HUGETLB_ELFMAP");

	return map ? strpbrk(map, "Rr") : false;
}

static void remark_on_sharing(const struct request *request)
{
	const char *share = environment_get(&request->environment, "HUGETLB_SHARE");

	if (share && !strcmp(share, "1") && !asks_for_text(request) && !has_config(request))
		tell(request, "--share-text has no effect without --text, --libs or text that "
			      "hugeedit marked (add --text)");
}

/* A path never matches: programs are compared by their base names. */
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

/* Those that hardly another program has. */
static const char *option_of_ours(const char *word)
{
	static const char *const names[] = {"heap",	  "thp",	"text",	      "bss",
					    "libs",	  "shm",	"mmap",	      "share-text",
					    "no-prefault", "no-reserve", "no-preload", "mmap-also"};
	const size_t bytes = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bytes == strlen(names[i]) + 2 && !strncmp(word, "--", 2) &&
		    !strncmp(word + 2, names[i], bytes - 2))
			return names[i];
	return NULL;
}

static void remark_on_options_behind(const struct request *request, char **program)
{
	for (char **word = program + 1; *program && *word; word++) {
		const char *name = option_of_ours(*word);

		if (!name)
			continue;
		tell(request,
		     "--%s comes after the program's name, so %s gets it (hugectl's options come "
		     "before the program; -- before the program ends them)",
		     name, *program);
		return;
	}
}

void remark_on_request(const struct request *request, char **program, bool after_end)
{
	remark_on_nothing(request);
	remark_on_sharing(request);
	remark_on_paths(request);
	if (!after_end)
		remark_on_options_behind(request, program);
}
