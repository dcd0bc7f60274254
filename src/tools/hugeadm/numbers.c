/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The counts of a pool in /sys, for the whole machine or for one node.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sys.h"
#include "hugeadm.h"

bool read_number(const char *path, unsigned long *number)
{
	char text[64], *end;

	if (change_pretended(path, number))
		return true;
	if (sys_read_file(path, text, sizeof(text)) <= 0)
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return end != text && !errno;
}

/*
 * A node has no overcommit and no reservations of its own: they are 0 then. For gigantic pages some
 * kernels refuse reads of the overcommit, which is 0 there.
 */
int pool_numbers_read(size_t page_bytes, int node, struct pool_numbers *numbers)
{
	const struct {
		const char *name;
		unsigned long *number;
		bool may_lack;
	} files[] = {
		{"nr_hugepages", &numbers->current, false},
		{"free_hugepages", &numbers->available, false},
		{"surplus_hugepages", &numbers->surplus, false},
		{"resv_hugepages", &numbers->reserved, true},
		{"nr_overcommit_hugepages", &numbers->overcommit, true},
	};
	char path[160];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		pool_path(path, sizeof(path), page_bytes, node, files[i].name);
		*files[i].number = 0;
		if (!read_number(path, files[i].number) && !files[i].may_lack)
			return complain(-ENOENT, "can't read %s%s", path,
					access(path, F_OK) ? ", which is not there" : "");
	}
	/* in Linux 6.18 the count wraps below zero while programs with threads fork */
	if (numbers->reserved > numbers->current)
		numbers->reserved = 0;
	numbers->minimum = numbers->current - numbers->surplus;
	if (numbers->surplus > numbers->current) /* because they are read one after the other */
		numbers->minimum = 0;
	return 0;
}

bool has_sys(void)
{
	return !access("/sys/kernel/mm", F_OK);
}

unsigned long pool_maximum(const struct pool_numbers *numbers)
{
	unsigned long maximum;

	return __builtin_add_overflow(numbers->minimum, numbers->overcommit, &maximum) ? ULONG_MAX
										       : maximum;
}
