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

/* What the kernel has: scripts whose interpreters are scripts, and the bytes it reads of each. */
#define SCRIPT_LEVELS     5
#define SCRIPT_LINE_BYTES 256

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

/* The program that a script's first line names; NULL: it is no script, or execve will refuse it. */
static const char *interpreter_of(const char *path)
{
	char line[SCRIPT_LINE_BYTES + 1] = "", *word = line + 2;
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (file < 0)
		return NULL;
	if (pread(file, line, SCRIPT_LINE_BYTES, 0) < 0)
		line[0] = '\0';
	close(file);
	if (line[0] != '#' || line[1] != '!')
		return NULL;
	word += strspn(word, " \t");
	word[strcspn(word, " \t\n")] = '\0';
	if (!is_executable(word))
		return NULL;
	word = strdup(word);
	if (!word)
		abort();
	return word;
}

/* The file that the kernel runs for that one: itself, or what interprets it in the end. */
static const char *runs_by(const char *path)
{
	for (int level = 0; level < SCRIPT_LEVELS; level++) {
		const char *interpreter = interpreter_of(path);

		if (!interpreter)
			break;
		path = interpreter;
	}
	return path;
}

void program_inspect(struct program *program, const char *name)
{
	const char *found = strchr(name, '/') ? name : find_in_path(name), *file;
	char *shown;

	/* that there is none, execvp will say */
	*program = (struct program){.path = found ? found : name, .shown = name};
	if (!found)
		return;
	file = runs_by(found);
	program->shown = found;
	program->is_script = file != found;
	if (program->is_script) {
		if (asprintf(&shown, "%s (run by %s)", found, file) < 0)
			abort();
		program->shown = shown;
	}
	program->kind = elf_kind_of(file);
	/* rights of a file that is neither a script with an interpreter nor ELF count for nothing
	 */
	program->ignores_environment = program->kind.class_bits && runs_securely(file);
	if (program->kind.is_static)
		look_into(program, file);
	else if (!elf_needs_first(file, program->needs_first, sizeof(program->needs_first)))
		*program->needs_first = '\0';
}
