/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads a library late and runs its main: dlopen-main <file> arguments…
 */
#include <dlfcn.h>

#include "test.h"

int main(int count, char **arguments)
{
	void *library;
	int (*function)(int, char **);

	CHECK(count > 1, "no library");
	library = dlopen(arguments[1], RTLD_NOW);
	CHECK(library, "%s", dlerror());
	function = (int (*)(int, char **))(uintptr_t)dlsym(library, "main");
	CHECK(function, "%s", dlerror());
	return function(count - 1, arguments + 1);
}
