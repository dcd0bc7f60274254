/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the file that a program's name stands for, and its properties before it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/common/program_file.h"
#include "tools/hugectl/hugectl.h"

/* Searches its read-only data for names that the library and libc have there. */
static void look_into(struct program *program, const char *path)
{
	static const char library[] = "HUGETLB_MORECORE_HEAPBASE",
			  tunable[] = "glibc.malloc.hugetlb";
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *content;

	if (file < 0)
		return;
	if (!fstat(file, &status) && status.st_size > 0 &&
	    (unsigned long long)status.st_size < SIZE_MAX) {
		const size_t bytes = (size_t)status.st_size;

		content = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, file, 0);
		if (content != MAP_FAILED) {
			program->has_library = memmem(content, bytes, library, sizeof(library));
			program->has_tunable = memmem(content, bytes, tunable, sizeof(tunable));
			munmap(content, bytes);
		}
	}
	close(file);
}

void program_inspect(struct program *program, const char *name)
{
	const char *found = program_file_find(name), *file;
	char *shown;

	/* execvp will report that there is none */
	*program = (struct program){.path = found ? found : name, .shown = name};
	if (!found)
		return;
	file = program_file_run_by(found);
	program->shown = found;
	program->is_script = file != found;
	if (program->is_script) {
		if (asprintf(&shown, "%s (run by %s)", found, file) < 0)
			abort();
		program->shown = shown;
	}
	program->kind = elf_kind_of(file);
	/* privileges of a file that is neither a script with an interpreter nor ELF are ignored */
	program->ignores_environment =
		program->kind.class_bits && program_file_changes_rights(file);
	if (program->kind.is_static)
		look_into(program, file);
	else if (!elf_needs_first(file, program->needs_first, sizeof(program->needs_first)))
		*program->needs_first = '\0';
}
