/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves the kernel's break above the library's heap: see foreign_break.h.
 *
 * The kernel sets the break together with everything else that it knows about the program's layout
 * (PR_SET_MM_MAP, Linux 3.18, needs no privilege), so that is read from /proc/self/stat first.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "calls/start.h"
#include "heap/foreign_break.h"
#include "heap/heap.h"

/* The length of an entry's jump: at least that of any CPU. */
#define ENTRY_BYTES 16

static uintptr_t kernel_break; /* where it has begun since it was moved; 0: it was not moved */

/* Fields of /proc/PID/stat, numbered as in proc(5), and where each is stored. */
static const struct {
	int field;
	size_t offset;
} fields[] = {
	{26, offsetof(struct prctl_mm_map, start_code)},
	{27, offsetof(struct prctl_mm_map, end_code)},
	{28, offsetof(struct prctl_mm_map, start_stack)},
	{45, offsetof(struct prctl_mm_map, start_data)},
	{46, offsetof(struct prctl_mm_map, end_data)},
	{48, offsetof(struct prctl_mm_map, arg_start)},
	{49, offsetof(struct prctl_mm_map, arg_end)},
	{50, offsetof(struct prctl_mm_map, env_start)},
	{51, offsetof(struct prctl_mm_map, env_end)},
};

static int read_layout(struct prctl_mm_map *layout)
{
	char text[2048];
	const char *at;
	size_t next = 0;
	long got = sys_read_file("/proc/self/stat", text, sizeof(text));

	if (got < 0)
		return (int)got;
	/* the second field is a name, which may contain anything */
	at = strrchr(text, ')');
	for (int field = 2; at && next < sizeof(fields) / sizeof(fields[0]); field++) {
		if (field == fields[next].field) {
			const uint64_t value = word_number(&at, 10);

			memcpy((char *)layout + fields[next].offset, &value, sizeof(value));
			next++;
		}
		at = strchr(at, ' ');
		at += at != NULL;
	}
	return next == sizeof(fields) / sizeof(fields[0]) ? 0 : -ENODATA;
}

static int move_kernel_break(uintptr_t address)
{
	struct prctl_mm_map layout = {.start_brk = address, .brk = address, .exe_fd = (uint32_t)-1};
	int failed = read_layout(&layout);

	if (!failed)
		failed =
			(int)sys_call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &layout, sizeof(layout));
	return failed;
}

void foreign_break_expect(uintptr_t from, uintptr_t to)
{
	static uint32_t expected;
	uintptr_t entry = libc_symbol(&libc_calls.libc, "sbrk", NULL), behind;
	int failed;

	if (!entry || entry + ENTRY_BYTES <= from || entry >= to || sys_sandboxed ||
	    __atomic_exchange_n(&expected, 1, __ATOMIC_RELAXED))
		return;
	behind = break_choose_rest(&heap.main);
	failed = move_kernel_break(behind);
	if (!failed)
		kernel_break = behind;
	log_warning(
		"heap: another library is patching libc, as UCX does for MPI "
		"(UCX_MEM_EVENTS=no disables that): %s",
		failed ? "malloc may end the program, because the kernel's break cannot be moved"
		       : "the heap may grow by small pages from now on");
}

bool foreign_break_expected(void)
{
	return kernel_break;
}

bool foreign_break_in_use(void)
{
	return kernel_break && (uintptr_t)sys_brk(0) != kernel_break;
}
