/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking SELinux what it will do to the library in a program that is not started yet: its domain,
 * whether that gets our environment, and whether copies of libc's text may be executed there.
 *
 * The kernel answers in /sys/fs/selinux, also to users who are not root, unless the policy forbids
 * it: then nothing is known, and the library itself will report a denial.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/hugectl/hugectl.h"

#define SELINUX "/sys/fs/selinux"

#define CONTEXT_BYTES 256

/* One line of a file, without its end; whether there is one. */
static bool read_text(char *out, size_t bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool read_text(char *out, size_t bytes, const char *format, ...)
{
	char path[128];
	va_list arguments;
	ssize_t got;
	int file;

	va_start(arguments, format);
	vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	got = read(file, out, bytes - 1);
	close(file);
	out[got > 0 ? got : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return got > 0;
}

/* A file of the kernel's that is asked by writing, and answers at the next read. */
static bool ask(const char *name, const char *question, char *answer, size_t bytes)
{
	char path[64];
	ssize_t got = -1;
	int file;

	snprintf(path, sizeof(path), SELINUX "/%s", name);
	file = open(path, O_RDWR | O_CLOEXEC);
	if (file < 0)
		return false;
	if (write(file, question, strlen(question)) == (ssize_t)strlen(question))
		got = read(file, answer, bytes - 1);
	close(file);
	answer[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* What an object of that class gets as its context that a process of context `from` makes of `of`.
 */
static bool context_of_new(const char *from, const char *of, const char *class, char *out)
{
	char question[2 * CONTEXT_BYTES + 16], number[16];

	if (!read_text(number, sizeof(number), SELINUX "/class/%s/index", class))
		return false;
	snprintf(question, sizeof(question), "%s %s %s", from, of, number);
	return ask("create", question, out, CONTEXT_BYTES);
}

/* Is the right denied for sure? A permissive domain denies none. */
static bool is_denied(const char *from, const char *to, const char *class, const char *right)
{
	char question[2 * CONTEXT_BYTES + 16], number[16], answer[128];
	unsigned int allowed, flags;

	if (!read_text(number, sizeof(number), SELINUX "/class/%s/index", class))
		return false;
	snprintf(question, sizeof(question), "%s %s %s", from, to, number);
	if (!ask("access", question, answer, sizeof(answer)) ||
	    sscanf(answer, "%x %*x %*x %*x %*u %x", &allowed, &flags) != 2 || flags & 1)
		return false;
	if (!read_text(number, sizeof(number), SELINUX "/class/%s/perms/%s", class, right))
		return false;
	return !(allowed >> (strtoul(number, NULL, 10) - 1) & 1);
}

/* The context of a new file in memory of a process in that domain. */
static bool context_of_memory(const char *domain, const char *class, char *out)
{
	char own[CONTEXT_BYTES] = "";
	int file;

	if (getxattr("/dev/shm", "security.selinux", own, sizeof(own) - 1) <= 0) {
		file = memfd_create("hugectl", MFD_CLOEXEC);
		if (file < 0)
			return false;
		if (fgetxattr(file, "security.selinux", own, sizeof(own) - 1) <= 0)
			*own = '\0';
		close(file);
	}
	return *own && context_of_new(domain, own, class, out);
}

static const char *describe(const char *context, const char *matter)
{
	const char *domain = strchr(context, ':');
	char *text;

	domain = domain ? strchr(domain + 1, ':') : NULL;
	domain = domain ? domain + 1 : context;
	if (asprintf(&text, "SELinux, domain %.*s, %s", (int)strcspn(domain, ":"), domain, matter) <
	    0)
		abort();
	return text;
}

/* Newer policies have a class of its own for files in memory. */
static const char *class_of_memory(void)
{
	char value[8];

	return read_text(value, sizeof(value), SELINUX "/policy_capabilities/memfd_class") &&
			       *value == '1'
		       ? "memfd_file"
		       : "file";
}

enum selinux_obstacle selinux_find_obstacle(const struct program *program, const char **reason)
{
	char own[CONTEXT_BYTES], file[CONTEXT_BYTES] = "", domain[CONTEXT_BYTES],
				 memory[CONTEXT_BYTES], enforce[8];
	const char *class = class_of_memory();

	if (!read_text(enforce, sizeof(enforce), SELINUX "/enforce") || *enforce != '1' ||
	    !read_text(own, sizeof(own), "/proc/self/attr/current") ||
	    getxattr(program->path, "security.selinux", file, sizeof(file) - 1) <= 0 ||
	    !context_of_new(own, file, "process", domain))
		return SELINUX_ALLOWS;
	if (strcmp(own, domain) && is_denied(own, domain, "process", "noatsecure")) {
		*reason = describe(domain, "does not get the environment");
		return SELINUX_CLEARS_ENVIRONMENT;
	}
	if (context_of_memory(domain, class, memory) &&
	    (is_denied(domain, memory, class, "write") || is_denied(domain, memory, class, "map") ||
	     is_denied(domain, memory, class, "execute"))) {
		*reason = describe(domain, "may not execute copies of libc's text");
		return SELINUX_DENIES_HOOKS;
	}
	return SELINUX_ALLOWS;
}
