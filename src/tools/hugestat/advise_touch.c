/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which memory a process touches: see advise_touch.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tools/hugestat/advise_touch.h"

/* Clearing takes about 10 ms per gigabyte. */
#define KB_STOPPED_MAX (512ul << 10)

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool clear_referenced(pid_t pid)
{
	char path[64];
	bool written;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, "1", 1) == 1; /* all pages */
	close(fd);
	return written;
}

bool touch_begin(struct touch *touch, pid_t pid, unsigned long small_kb, bool is_ours)
{
	*touch = (struct touch){.seconds = seconds_now()};
	if (damon_begin(pid))
		touch->means = TOUCH_DAMON;
	else if ((is_ours || small_kb <= KB_STOPPED_MAX) && clear_referenced(pid))
		touch->means = TOUCH_REFERENCED;
	return touch->means != TOUCH_UNKNOWN;
}

void touch_look(struct touch *touch)
{
	if (touch->means == TOUCH_DAMON)
		damon_look();
}

bool touch_end(struct touch *touch, pid_t pid)
{
	struct process process;
	bool found;

	touch->seconds = seconds_now() - touch->seconds;
	found = !process_read(&process, pid);
	for (size_t i = 0; found && touch->means == TOUCH_REFERENCED && i < process.count; i++)
		touch->kb[process.mappings[i].part] +=
			process.mappings[i].smaps.value[SMAPS_REFERENCED];
	if (touch->means == TOUCH_DAMON)
		damon_end(found ? &process : NULL, touch->kb);
	if (found)
		process_free(&process);
	return found;
}
