/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs' files: see program_file.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/common/program_file.h"

/* The kernel's limits: scripts whose interpreters are scripts, and the bytes it reads of each. */
#define SCRIPT_LEVELS     5
#define SCRIPT_LINE_BYTES 256

static bool is_executable(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode) && !access(path, X_OK);
}

/* The file in the first directory of PATH that has it, searched like execvp(3). */
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

const char *program_file_find(const char *name)
{
	return strchr(name, '/') ? name : find_in_path(name);
}

/* The program that a script's first line names; NULL: it is not a script, or execve will refuse
 * it. */
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

const char *program_file_run_by(const char *path)
{
	for (int level = 0; level < SCRIPT_LEVELS; level++) {
		const char *interpreter = interpreter_of(path);

		if (!interpreter)
			break;
		path = interpreter;
	}
	return path;
}

bool program_file_changes_rights(const char *path)
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
