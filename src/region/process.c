/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of this process: see process.h.
 */
#include <fcntl.h>
#include <sched.h>
#include <time.h>

#include "base/directory.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "region/process.h"

size_t process_base_bytes;
const bool *process_libc_single_threaded;

bool process_single_threaded(void)
{
	if (process_libc_single_threaded)
		return *process_libc_single_threaded;
	/* glibc before 2.32 has no such flag. */
	return !sys_sandboxed && sys_is_only_task();
}

bool process_alone(void)
{
	if (sys_sandboxed)
		return process_single_threaded();
	/* A filter may kill the process for unshare(2). */
	if (sys_is_filtered())
		return sys_is_only_task();
	return !sys_call(SYS_unshare, CLONE_VM);
}

/* The fields are behind the last parenthesis, as a name may have some: letter, parent, group,
 * session, terminal, its group, flags. */
bool process_task_state(long process, int id, char *letter, uint64_t *flags)
{
	char path[64], text[512], *after = NULL;
	const char *field;

	if (process)
		text_format(path, sizeof(path), "/proc/%d/task/%d/stat", (int)process, id);
	else
		text_format(path, sizeof(path), "/proc/self/task/%d/stat", id);
	if (SYS_IS_ERROR(sys_read_file(path, text, sizeof(text))))
		return false;
	for (char *at = text; *at; at++)
		if (*at == ')')
			after = at;
	if (!after || !after[1] || !after[2])
		return false;
	*letter = after[2];
	field = after + 3;
	for (int before = 0; before < 5; before++)
		for (field++; *field && *field != ' '; field++)
			;
	*flags = word_number(&field, 10);
	return true;
}

/* Are all other threads ending? True also if there are none. */
static bool others_are_ending(void)
{
	const long self = sys_call(SYS_gettid);
	const uint64_t exiting = 4; /* PF_EXITING, the same since Linux 2.6 */
	struct directory tasks;
	const char *name;
	bool ending = true;

	if (directory_open(&tasks, AT_FDCWD, "/proc/self/task"))
		return false;
	while (ending && (name = directory_next(&tasks))) {
		const long id = (long)word_number(&name, 10);
		uint64_t flags;
		char letter;

		ending = !id || id == self || !process_task_state(0, (int)id, &letter, &flags) ||
			 letter == 'Z' || letter == 'X' || flags & exiting;
	}
	directory_close(&tasks);
	return ending;
}

bool process_alone_soon(void)
{
	static bool stays;
	const struct timespec nap = {.tv_nsec = 1000000};

	if (sys_sandboxed || sys_is_filtered())
		return false;
	for (unsigned int tries = 0; tries < 100; tries++) {
		if (process_alone()) {
			stays = false;
			return true;
		}
		if (stays || !others_are_ending())
			return false;
		sys_call(SYS_nanosleep, &nap);
	}
	stays = true;
	return false;
}

void process_enter_sandbox(void)
{
	sys_sandboxed = true;
	log_stop();
}
