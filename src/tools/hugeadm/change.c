/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the machine: files of /proc and /sys, the tool's own files and directories, programs.
 * With --dry-run each function prints the equivalent shell command instead, and succeeds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hugeadm.h"
#include "base/log.h"
#include "tools/common/shell_word.h"

extern char **environ;

static void print_line(const char *format, va_list *arguments)
{
	fflush(stdout);
	fputs("hugeadm: ", stderr);
	vfprintf(stderr, format, *arguments);
	fputc('\n', stderr);
}

int complain(int result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, &arguments);
	va_end(arguments);
	return result;
}

void warn(const struct request *request, const char *format, ...)
{
	va_list arguments;

	if (request->verbose < LOG_WARNING)
		return;
	va_start(arguments, format);
	print_line(format, &arguments);
	va_end(arguments);
}

void tell(const struct request *request, const char *format, ...)
{
	va_list arguments;

	if (request->verbose < LOG_INFO)
		return;
	va_start(arguments, format);
	print_line(format, &arguments);
	va_end(arguments);
}

bool change_is_forbidden(int result)
{
	return result == -EACCES || result == -EPERM || result == -EROFS;
}

const char *change_hint(int error)
{
	if (error == EROFS)
		return " (mounted read-only, as containers have it: only the host can change it)";
	if (!change_is_forbidden(-error))
		return "";
	return geteuid() ? " (this needs root)"
			 : " (root may not do this here, as in a container: only the host can)";
}

static struct pretended {
	char path[160];
	unsigned long number;
} pretended[4 * CHANGES_MAX];
static int pretended_count;

void change_pretend(const char *path, unsigned long number)
{
	int at = 0;

	while (at < pretended_count && strcmp(pretended[at].path, path))
		at++;
	if (at == (int)(sizeof(pretended) / sizeof(pretended[0])))
		return;
	if (at == pretended_count)
		pretended_count++;
	snprintf(pretended[at].path, sizeof(pretended[at].path), "%s", path);
	pretended[at].number = number;
}

bool change_pretended(const char *path, unsigned long *number)
{
	for (int i = 0; i < pretended_count; i++) {
		if (strcmp(pretended[i].path, path))
			continue;
		*number = pretended[i].number;
		return true;
	}
	return false;
}

/* One write, because the kernel takes a number as a whole. The caller prints the error. */
static int write_once(const char *path, const char *text, int flags)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
	const size_t bytes = strlen(text);
	int result = 0;
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = write(fd, text, bytes);
	if (written < 0)
		result = -errno;
	else if ((size_t)written != bytes)
		result = -EIO;
	if (close(fd) && !result)
		result = -errno;
	return result;
}

static int write_value(const struct request *request, const char *path, const char *text)
{
	if (request->dry_run) {
		printf("echo %s >", text);
		shell_word_print(path);
		putchar('\n');
		return 0;
	}
	tell(request, "writing %s to %s", text, path);
	return write_once(path, text, 0);
}

static int cannot_write(int result, const char *path, const char *text)
{
	return complain(result, "can't write %s to %s: %s%s", text, path, strerror(-result),
			change_hint(-result));
}

int change_write(const struct request *request, const char *path, const char *text)
{
	const int result = write_value(request, path, text);

	return result ? cannot_write(result, path, text) : 0;
}

int change_try_number(const struct request *request, const char *path, unsigned long number)
{
	char text[24];
	int result;

	snprintf(text, sizeof(text), "%lu", number);
	if (request->dry_run)
		change_pretend(path, number);
	result = write_value(request, path, text);
	return result && result != -EINVAL ? cannot_write(result, path, text) : result;
}

int change_write_number(const struct request *request, const char *path, unsigned long number)
{
	char text[24];
	const int result = change_try_number(request, path, number);

	snprintf(text, sizeof(text), "%lu", number);
	return result == -EINVAL ? cannot_write(result, path, text) : result;
}

/* Writes a new file under another name and renames it, so that readers never see half of it. */
int change_save(const struct request *request, const char *path, const char *content)
{
	char aside[256];
	int result;

	if (request->dry_run) {
		fputs("(umask 022; cat >", stdout);
		shell_word_print(path);
		printf(") <<'END'\n%sEND\n", content);
		return 0;
	}
	tell(request, "writing %s", path);
	snprintf(aside, sizeof(aside), "%s.hugeadm-%d", path, (int)getpid());
	result = write_once(aside, content, O_CREAT | O_EXCL);
	if (!result && rename(aside, path))
		result = -errno;
	if (result) {
		unlink(aside);
		complain(result, "can't write %s: %s%s", path, strerror(-result),
			 change_hint(-result));
	}
	return result;
}

static int cant_make_directory(const char *path, int error)
{
	return complain(-error, "can't make the directory %s: %s%s", path, strerror(error),
			change_hint(error));
}

/* Readable by everybody, whatever the umask; existing directories stay unchanged. */
int change_directories(const struct request *request, const char *path)
{
	char part[256];
	struct stat file;

	if (!stat(path, &file) && S_ISDIR(file.st_mode))
		return 0;
	if (request->dry_run) {
		fputs("(umask 022; mkdir -p ", stdout);
		shell_word_print(path);
		puts(")");
		return 0;
	}
	for (const char *end = path; end; end = strchr(end + 1, '/')) {
		if (end == path)
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			return cant_make_directory(part, errno);
	}
	if (mkdir(path, 0755) && errno != EEXIST)
		return cant_make_directory(path, errno);
	return 0;
}

/* Runs a program to its end; its standard output is not shown. */
int change_run(const struct request *request, const char *const arguments[])
{
	posix_spawn_file_actions_t actions;
	int status, result;
	pid_t child;

	if (request->dry_run) {
		for (int i = 0; arguments[i]; i++) {
			if (i)
				putchar(' ');
			shell_word_print(arguments[i]);
		}
		putchar('\n');
		return 0;
	}
	tell(request, "running %s %s", arguments[0], arguments[1]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	result = -posix_spawnp(&child, arguments[0], &actions, NULL, (char *const *)arguments,
			       environ);
	posix_spawn_file_actions_destroy(&actions);
	if (result)
		return complain(result, "can't run %s: %s", arguments[0], strerror(-result));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return complain(-errno, "can't wait for %s: %s", arguments[0],
					strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return complain(-EIO, "%s %s failed", arguments[0], arguments[1]);
	return 0;
}
