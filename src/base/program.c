/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program's name, environment and headers: see program.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/program.h"

static char **given_arguments, **given_environment;

void program_set(char **arguments, char **environment)
{
	if (environ)
		return;
	given_arguments = arguments;
	given_environment = environment;
}

char **program_environment(void)
{
	static char *none[] = {NULL};

	if (environ)
		return environ;
	return given_environment ? given_environment : none;
}

const char *program_variable(const char *name)
{
	const size_t bytes = strlen(name);

	for (char **entry = program_environment(); *entry; entry++)
		if (!strncmp(*entry, name, bytes) && (*entry)[bytes] == '=')
			return *entry + bytes + 1;
	return NULL;
}

const char *program_path(void)
{
	/* before libc has set its own it is empty, and lies on a page that nothing else may touch
	 */
	if (environ && program_invocation_name && *program_invocation_name)
		return program_invocation_name;
	return given_arguments && *given_arguments ? *given_arguments : "";
}

const char *program_name(void)
{
	const char *path = program_path(), *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct program_headers program_headers(void)
{
	struct program_headers program = {.at = (const ElfW(Phdr) *)getauxval(AT_PHDR)};

	program.count = program.at ? getauxval(AT_PHNUM) : 0;
	for (size_t i = 0; i < program.count; i++)
		if (program.at[i].p_type == PT_PHDR) {
			program.bias = (uintptr_t)program.at - program.at[i].p_vaddr;
			program.has_bias = true;
		}
	return program;
}
