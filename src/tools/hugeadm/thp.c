/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --thp-*: the kernel's settings for transparent huge pages.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "hugeadm.h"

#define KHUGEPAGED THP_DIRECTORY "/khugepaged/"

static int choose(const struct request *request, const char *word)
{
	char text[128], chosen[24];
	int result;

	if (!has_sys())
		return complain(-ENOENT, "transparent huge pages: /sys is not mounted");
	if (access(THP_DIRECTORY "/enabled", F_OK))
		return complain(-ENOSYS, "this kernel has no transparent huge pages");
	result = change_write(request, THP_DIRECTORY "/enabled", word);
	if (result || request->dry_run)
		return result;
	snprintf(chosen, sizeof(chosen), "[%s]", word);
	if (sys_read_file(THP_DIRECTORY "/enabled", text, sizeof(text)) <= 0 ||
	    !strstr(text, chosen))
		return complain(-EIO, "transparent huge pages: asked for %s, got %.*s", word,
				(int)strcspn(text, "\n"), text);
	return 0;
}

static int set(const struct request *request, const char *path, unsigned long number)
{
	unsigned long got;
	int result;

	if (number == UNSET)
		return 0;
	if (access(path, F_OK))
		return complain(-ENOSYS, "this kernel has no %s", path);
	result = change_write_number(request, path, number);
	if (result || request->dry_run)
		return result;
	if (!read_number(path, &got) || got != number)
		return complain(-EIO, "%s: asked for %lu, got %lu", path, number, got);
	return 0;
}

int thp_change(const struct request *request)
{
	int result = request->thp ? choose(request, request->thp) : 0;

	result = set(request, KHUGEPAGED "pages_to_scan", request->khugepaged_pages) ?: result;
	result = set(request, KHUGEPAGED "scan_sleep_millisecs", request->khugepaged_scan_sleep)
			 ?: result;
	return set(request, KHUGEPAGED "alloc_sleep_millisecs", request->khugepaged_alloc_sleep)
		       ?: result;
}
