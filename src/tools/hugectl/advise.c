/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --advise: runs hugestat, which observes the program on small pages, and reports the benefit that
 * huge pages may have. It is searched next to this tool, then in PATH.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/hugectl/hugectl.h"

static const char *find_hugestat(char path[PATH_MAX + sizeof("hugestat")])
{
	const ssize_t bytes = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash;

	if (bytes <= 0)
		return "hugestat";
	path[bytes] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return "hugestat";
	strcpy(slash + 1, "hugestat");
	return access(path, X_OK) ? "hugestat" : path;
}

int become_adviser(const struct request *request, char **program)
{
	char path[PATH_MAX + sizeof("hugestat")];
	const char *hugestat = find_hugestat(path);
	char **words, **at;
	size_t count = 0;

	while (program[count])
		count++;
	words = at = calloc(count + 5, sizeof(*words));
	if (!words)
		abort();
	*at++ = (char *)"hugestat";
	*at++ = (char *)"--advise";
	if (request->compare.json)
		*at++ = (char *)"--json";
	*at++ = (char *)"--";
	memcpy(at, program, count * sizeof(*program));
	execvp(hugestat, words);
	fprintf(stderr, "hugectl: --advise needs hugestat: %s\n", strerror(errno));
	return STATUS_NOT_STARTED;
}
