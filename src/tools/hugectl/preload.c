/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes the dynamic linker load the library into the program: LD_PRELOAD and LD_LIBRARY_PATH, in
 * front of what they already contain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/hugectl/hugectl.h"

/* A file that is neither ELF nor a script with an interpreter is run by sh, which is of this tool's
 * kind. */
static struct elf_kind kind_to_serve(const struct program *program)
{
	return program->kind.class_bits ? program->kind : elf_kind_of("/proc/self/exe");
}

static bool is_copy_of_library(const char *element, size_t bytes)
{
	static const char name[] = "libhugetlbfs.so";
	const char *slash = memrchr(element, '/', bytes);
	const char *base = slash ? slash + 1 : element;

	return (size_t)(element + bytes - base) >= sizeof(name) - 1 &&
	       !memcmp(base, name, sizeof(name) - 1);
}

/* Two copies of the library in one program would both manage its heap: only this one stays. */
const char *preload_without_library(const char *list)
{
	char *kept = calloc(1, strlen(list) + 1), *end = kept;

	if (!kept)
		abort();
	while (*list) {
		const size_t bytes = strcspn(list, " :");

		if (bytes && !is_copy_of_library(list, bytes)) {
			if (end > kept)
				*end++ = ':';
			end = mempcpy(end, list, bytes);
		}
		list += bytes + (list[bytes] != '\0');
	}
	return kept;
}

static void preload_first(struct request *request, const char *path)
{
	const char *before = environment_get(&request->environment, "LD_PRELOAD");

	environment_set(&request->environment, "LD_PRELOAD",
			list_with_first(path, before ? preload_without_library(before) : NULL));
}

static void add_first(struct request *request, const char *variable, const char *element)
{
	environment_set(&request->environment, variable,
			list_with_first(element, environment_get(&request->environment, variable)));
}

/* The path's directory, where programs that are linked with the library search for it. */
static void add_directory_of(struct request *request, const char *path)
{
	char *directory = strdup(path);

	if (!directory)
		abort();
	*strrchr(directory, '/') = '\0';
	add_first(request, "LD_LIBRARY_PATH", directory);
}

/* Colons and blanks separate LD_PRELOAD's elements, and cannot be quoted. */
static int add_library(struct request *request, const char *path)
{
	if (!strpbrk(path, " :")) {
		preload_first(request, path);
		if (request->library_path)
			add_directory_of(request, path);
		return 0;
	}
	if (strpbrk(path, ":;")) {
		fprintf(stderr,
			"hugectl: %s can't be preloaded: its path has a colon or semicolon in it\n",
			path);
		return -ENOTSUP;
	}
	preload_first(request, LIBRARY_NAME);
	add_directory_of(request, path);
	return 0;
}

/*
 * The library cannot be loaded into this program. With HUGETLB_REQUIRE it is not started; otherwise
 * libc may serve the heap, the only feature for which it has a setting.
 */
static int go_without(struct request *request, const struct program *program, const char *reason,
		      bool libc_can)
{
	if (request->options.require) {
		fprintf(stderr, "hugectl: %s: %s (--require: the program is not started)\n",
			program->shown, reason);
		return -ENOTSUP;
	}
	if (!request->environment.count)
		return 0;
	if (libc_can && request->options.heap != HEAP_OFF && request->options.heap != HEAP_AUTO &&
	    tunables_serve_heap(request))
		tell(request, "%s: %s; malloc is asked for huge pages by GLIBC_TUNABLES instead",
		     program->shown, reason);
	else
		tell(request, "%s: %s", program->shown, reason);
	return 0;
}

static int find_and_add(struct request *request, const struct program *program)
{
	const struct elf_kind kind = kind_to_serve(program), own = elf_kind_of("/proc/self/exe");
	const char *path = library_find(request->library_path, &kind);
	char *reason;

	if (path)
		return add_library(request, path);
	if (request->library_path) {
		fprintf(stderr, "hugectl: --library-path: no %s for %d-bit programs in %s\n",
			LIBRARY_NAME, kind.class_bits, request->library_path);
		return -ENOTSUP;
	}
	/* the library may be where only the dynamic linker searches, which reports it if not */
	if (kind.machine == own.machine && kind.class_bits == own.class_bits &&
	    !request->options.require) {
		preload_first(request, LIBRARY_NAME);
		return 0;
	}
	if (asprintf(&reason, "no %s for this kind of program (%d-bit) is installed", LIBRARY_NAME,
		     kind.class_bits) < 0)
		abort();
	return go_without(request, program, reason, true);
}

/*
 * The library would be loaded in vain. Transparent huge pages are what malloc can take by itself
 * without harm to a program that protects or unmaps parts of them. HUGETLB_SHM needs no hook.
 */
static int go_without_hooks(struct request *request, const struct program *program,
			    const char *reason)
{
	if (request->options.heap != HEAP_OFF && request->options.heap != HEAP_AUTO)
		request->options.heap = HEAP_THP;
	return go_without(request, program, reason, true);
}

static int arrange(struct request *request, const struct program *program)
{
	const char *reason;

	if (request->preload == PRELOAD_NEVER) {
		if (request->library_path)
			add_first(request, "LD_LIBRARY_PATH", request->library_path);
		return 0;
	}
	if (request->preload != PRELOAD_ALWAYS) {
		if (program->ignores_environment)
			return go_without(request, program,
					  "set-uid, set-gid or with capabilities: it ignores the "
					  "environment",
					  false);
		if (program->kind.is_static && !program->has_library &&
		    (!program->is_script || request->options.require))
			return go_without(request, program,
					  "linked statically: no library can be preloaded into it",
					  program->has_tunable);
		/* scripts start other programs, in which malloc's own huge pages would turn the
		 * library's heap off */
		if (program->kind.is_static && !program->has_library && request->environment.count)
			tell(request,
			     "%s: linked statically: no library can be preloaded into it, only "
			     "into "
			     "what it starts",
			     program->shown);
	}
	if (request->preload != PRELOAD_ALWAYS) {
		switch (selinux_find_obstacle(program, &reason)) {
		case SELINUX_CLEARS_ENVIRONMENT:
			return go_without(request, program, reason, false);
		case SELINUX_DENIES_HOOKS:
			if (request->options.shm)
				break;
			return go_without_hooks(request, program, reason);
		case SELINUX_ALLOWS:
			break;
		}
	}
	if (request->library_use_path) {
		preload_first(request, LIBRARY_NAME);
		return 0;
	}
	return find_and_add(request, program);
}

int preload_arrange(struct request *request, const struct program *program)
{
	const int failed = arrange(request, program);

	if (!failed && *program->needs_first &&
	    environment_get(&request->environment, "LD_PRELOAD") &&
	    request->preload != PRELOAD_NEVER)
		add_first(request, "LD_PRELOAD", program->needs_first);
	return failed;
}
