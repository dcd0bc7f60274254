/*
 * Which file a program's name stands for, and what can be known of it before it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/hugectl/hugectl.h"

static bool is_executable(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode) && !access(path, X_OK);
}

/* The first of PATH's directories that has it, as execvp(3) searches them. */
static const char *find_in_path(const char *name)
{
	const char *list = getenv("PATH");

	if (!list)
		list = "/bin:/usr/bin";
	for (;; list++) {
		const int length = (int)strcspn(list, ":");
		char *path;

		if (asprintf(&path, "%.*s%s%s", length, list, length ? "/" : "", name) < 0)
			abort();
		if (is_executable(path))
			return path;
		free(path);
		list += length;
		if (!*list)
			return NULL;
	}
}

/* As the kernel decides it at execve (AT_SECURE): the program then ignores the environment. */
static bool runs_securely(const char *path)
{
	struct statvfs filesystem;
	struct stat status;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 || stat(path, &status) ||
	    (!statvfs(path, &filesystem) && filesystem.f_flag & ST_NOSUID))
		return false;
	if (status.st_mode & S_ISUID && status.st_uid != getuid())
		return true;
	if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    status.st_gid != getgid())
		return true;
	return getuid() && getxattr(path, "security.capability", NULL, 0) > 0;
}

/* Looks for names that the library and libc have in their read-only data. */
static void look_into(struct program *program)
{
	static const char library[] = "HUGETLB_MORECORE_HEAPBASE",
			  tunable[] = "glibc.malloc.hugetlb";
	const int file = open(program->path, O_RDONLY | O_CLOEXEC);
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
	const char *found = strchr(name, '/') ? name : find_in_path(name);

	/* that there is none, execvp will say */
	*program = (struct program){.path = found ? found : name};
	if (!found)
		return;
	program->kind = elf_kind_of(program->path);
	/* an interpreter's file has no rights of its own */
	program->ignores_environment = program->kind.class_bits && runs_securely(program->path);
	if (program->kind.is_static)
		look_into(program);
	else if (!elf_needs_first(program->path, program->needs_first,
				  sizeof(program->needs_first)))
		*program->needs_first = '\0';
}
