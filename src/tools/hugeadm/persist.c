/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --persist-pools: saves the present pools, so that the next boot creates them again.
 *
 * As files: sysctl settings (the default page size, and its overcommit) go into sysctl.d; pools of
 * nodes and of other sizes into systemd units, one per node, which run before other services. Files
 * of an earlier run that are not needed any more are deleted. If systemd is not installed the units
 * are written, with a warning that nothing runs them. Or as words of the kernel's command line,
 * which is the only reliable way to get many pages of 1G.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hugeadm.h"
#include "tools/common/size_text.h"

#define SYSCTL_FILE   "/etc/sysctl.d/60-hugeadm-pools.conf"
#define UNITS         "/etc/systemd/system"
#define WANTS         UNITS "/sysinit.target.wants"
#define FIRST_LINE    "# Written by hugeadm --persist-pools\n"
#define CONTENT_BYTES 8192

__attribute__((format(printf, 2, 3))) static void append(char *content, const char *format, ...)
{
	const size_t used = strlen(content);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(content + used, CONTENT_BYTES - used, format, arguments);
	va_end(arguments);
}

static int delete_if_there(const struct request *request, const char *path)
{
	const char *const delete[] = {"rm", path, NULL};
	char target[8];

	/* a link whose unit is gone exists as well */
	if (access(path, F_OK) && readlink(path, target, sizeof(target)) < 0)
		return 0;
	if (request->dry_run)
		return change_run(request, delete);
	return unlink(path) ? complain(-errno, "can't delete %s: %s", path, strerror(errno)) : 0;
}

static int link_unit(const struct request *request, const char *unit, const char *link)
{
	const char *const arguments[] = {"ln", "-sfn", unit, link, NULL};
	char target[256];
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	if (length > 0) {
		target[length] = '\0';
		if (!strcmp(target, unit))
			return 0;
	}
	return change_directories(request, WANTS) ?: change_run(request, arguments);
}

/* Also for a root directory that is being set up for another machine: it only has to be
 * installed. */
static bool has_systemd(void)
{
	static const char *const signs[] = {"/run/systemd/system", "/usr/lib/systemd/systemd",
					    "/lib/systemd/systemd"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (!access(signs[i], F_OK))
			return true;
	return false;
}

/* Writes the unit that fills pools by writing to files; removes it if lines is empty. */
static int save_unit(const struct request *request, const char *name, const char *what,
		     const char *condition, const char *lines)
{
	char path[160], link[160], content[CONTENT_BYTES] = FIRST_LINE;
	int result;

	snprintf(path, sizeof(path), UNITS "/%s.service", name);
	snprintf(link, sizeof(link), WANTS "/%s.service", name);
	if (!lines[0])
		return delete_if_there(request, link) ?: delete_if_there(request, path);
	append(content,
	       "[Unit]\nDescription=%s\nDefaultDependencies=no\nAfter=systemd-sysctl.service\n"
	       "Before=sysinit.target\nConditionPathExists=%s\n\n[Service]\nType=oneshot\n"
	       "RemainAfterExit=yes\n%s\n[Install]\nWantedBy=sysinit.target\n",
	       what, condition, lines);
	result = change_directories(request, UNITS) ?: change_save(request, path, content)
			 ?: link_unit(request, path, link);
	if (!result && !has_systemd())
		result = complain(-ENOTSUP,
				  "systemd is not installed, so nothing runs %s: have a boot script "
				  "run the command after ExecStart=",
				  path);
	return result;
}

static void add_line(char *lines, size_t page_bytes, int node, const char *file,
		     unsigned long number)
{
	char path[160];

	pool_path(path, sizeof(path), page_bytes, node, file);
	append(lines, "ExecStart=/bin/sh -c 'echo %lu >%s'\n", number, path);
}

/* The kernel accepts any number and allocates what it can. Checked after all pools were filled,
 * because a line that fails ends the unit. */
static void add_check(char *lines, size_t page_bytes, int node, unsigned long number)
{
	char path[160];

	pool_path(path, sizeof(path), page_bytes, node, "nr_hugepages");
	append(lines,
	       "ExecStart=/bin/sh -c 'grep -qx %lu %s || { echo \"Fewer than %lu huge pages in "
	       "%s:\"; "
	       "cat %s; exit 1; }'\n",
	       number, path, number, path, path);
}

static bool is_sysctl(const struct request *request, size_t page_bytes, int nodes)
{
	return page_bytes == request->sizes.default_huge && nodes < 2;
}

static int save_sysctls(const struct request *request, int nodes)
{
	char content[CONTENT_BYTES] = FIRST_LINE;
	struct pool_numbers numbers;

	if (!request->sizes.default_huge)
		return 0;
	if (pool_numbers_read(request->sizes.default_huge, MACHINE, &numbers))
		return -ENOENT;
	if (nodes < 2)
		append(content, "vm.nr_hugepages = %lu\n", numbers.minimum);
	append(content, "vm.nr_overcommit_hugepages = %lu\n", numbers.overcommit);
	return change_directories(request, "/etc/sysctl.d")
		       ?: change_save(request, SYSCTL_FILE, content);
}

static int save_node(const struct request *request, int node, int nodes)
{
	char lines[CONTENT_BYTES] = "", checks[CONTENT_BYTES] = "", name[64], what[64],
	     condition[64] = "/sys/kernel/mm/hugepages";

	for (int i = 0; i < request->sizes.huge_count; i++) {
		const size_t page_bytes = request->sizes.huge[i];
		struct pool_numbers numbers;
		char path[160];
		unsigned long any;

		pool_path(path, sizeof(path), page_bytes, node, "nr_hugepages");
		if (is_sysctl(request, page_bytes, nodes) || !read_number(path, &any))
			continue;
		if (pool_numbers_read(page_bytes, node, &numbers))
			return -ENOENT;
		if (numbers.minimum) {
			add_line(lines, page_bytes, node, "nr_hugepages", numbers.minimum);
			add_check(checks, page_bytes, node, numbers.minimum);
		}
	}
	append(lines, "%s", checks);
	snprintf(name, sizeof(name), "hugeadm-pools-node%d", node);
	snprintf(what, sizeof(what), "Huge pages of node %d", node);
	snprintf(condition, sizeof(condition), "/sys/devices/system/node/node%d", node);
	return save_unit(request, name, what, condition, lines);
}

/* Settings of the whole machine that are not sysctls: the overcommit of other sizes, pools without
 * nodes. */
static int save_machine(const struct request *request, int nodes)
{
	char lines[CONTENT_BYTES] = "";

	for (int i = 0; i < request->sizes.huge_count; i++) {
		const size_t page_bytes = request->sizes.huge[i];
		struct pool_numbers numbers;

		if (page_bytes == request->sizes.default_huge)
			continue;
		if (pool_numbers_read(page_bytes, MACHINE, &numbers))
			return -ENOENT;
		if (!nodes && numbers.minimum)
			add_line(lines, page_bytes, MACHINE, "nr_hugepages", numbers.minimum);
		if (numbers.overcommit)
			add_line(lines, page_bytes, MACHINE, "nr_overcommit_hugepages",
				 numbers.overcommit);
	}
	return save_unit(request, "hugeadm-pools", "Huge pages", "/sys/kernel/mm/hugepages", lines);
}

static int save_files(const struct request *request)
{
	const int nodes = node_count();
	int result = save_sysctls(request, nodes);

	result = save_machine(request, nodes) ?: result;
	for (int node = node_next(MACHINE); node != MACHINE; node = node_next(node))
		result = save_node(request, node, nodes) ?: result;
	return result;
}

/* "0:16,1:8" for a machine with several nodes, otherwise the number; "" if it is 0. */
static void pages_by_node(size_t page_bytes, const struct pool_numbers *machine, char *words)
{
	struct pool_numbers numbers;
	const bool by_node = node_count() > 1;
	const char *separator = "";

	words[0] = '\0';
	if (!by_node && machine->minimum)
		append(words, "%lu", machine->minimum);
	for (int node = node_next(MACHINE); by_node && node != MACHINE; node = node_next(node)) {
		char path[160];
		unsigned long any;

		pool_path(path, sizeof(path), page_bytes, node, "nr_hugepages");
		if (!read_number(path, &any) || pool_numbers_read(page_bytes, node, &numbers) ||
		    !numbers.minimum)
			continue;
		append(words, "%s%d:%lu", separator, node, numbers.minimum);
		separator = ",";
	}
}

/* Half a command line would be wrong: it is printed when everything is known. */
static int print_command_line(const struct request *request)
{
	char size[SIZE_TEXT_BYTES], pages[CONTENT_BYTES], words[CONTENT_BYTES] = "";
	int result = 0;

	if (!request->sizes.huge_count)
		return complain(-ENOSYS, has_sys() ? "this kernel has no pools of huge pages"
						   : "the pools are unknown: /sys is not mounted");
	if (request->sizes.default_huge)
		append(words, "default_hugepagesz=%s ",
		       size_text_print(size, request->sizes.default_huge));
	for (int i = 0; i < request->sizes.huge_count; i++) {
		const size_t page_bytes = request->sizes.huge[i];
		struct pool_numbers numbers;

		if (pool_numbers_read(page_bytes, MACHINE, &numbers))
			return -ENOENT;
		size_text_print(size, page_bytes);
		pages_by_node(page_bytes, &numbers, pages);
		if (pages[0])
			append(words, "hugepagesz=%s hugepages=%s ", size, pages);
		if (numbers.overcommit)
			result = complain(-ENOTSUP,
					  "the kernel command line cannot say that %lu pages of %s "
					  "may be overcommitted",
					  numbers.overcommit, size);
	}
	words[strlen(words) - (words[0] != '\0')] = '\0';
	puts(words);
	return result;
}

int persist_pools(const struct request *request)
{
	return strcmp(request->persist_pools, "cmdline") ? save_files(request)
							 : print_command_line(request);
}
