/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which mapping of a file, and of which file: see wanted.h.
 */
#include <string.h>

#include "base/words.h"
#include "files/wanted.h"
#include "options/rule.h"

bool wanted_file_is(const struct calls_file *call, size_t threshold)
{
	const int kind = call->flags & MAP_TYPE;

	return call->protection == PROT_READ && call->bytes >= threshold && call->fd >= 0 &&
	       (kind == MAP_PRIVATE || kind == MAP_SHARED) &&
	       !(call->flags & ~(MAP_TYPE | MAP_NORESERVE | MAP_POPULATE)) && !sys_sandboxed &&
	       !sys_is_filtered();
}

bool wanted_file_matches(const char *path, const char *patterns)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (; *patterns; patterns += *patterns == ':') {
		const size_t length = word_bytes(patterns, ':');

		if (rule_glob(patterns, length, memchr(patterns, '/', length) ? path : name))
			return true;
		patterns += length;
	}
	return false;
}

bool wanted_file_read(struct wanted_file *wanted, const struct calls_file *call, const char *only)
{
	wanted->call = call;
	wanted->is_named = only;
	return original_read(&wanted->original, call->fd) &&
	       (!only || wanted_file_matches(wanted->original.path, only));
}
