/*
 * The redirection for all features, and ranges under our care: see memory.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "libc/redirect.h"
#include "log.h"
#include "memory/calls.h"
#include "memory/fork.h"
#include "memory/keep.h"
#include "memory/lock.h"
#include "memory/memory.h"
#include "sys.h"

struct memory memory;

static unsigned int users;
static bool break_redirected;

/* A function as a handler: its own type does not matter to a jump. */
#define HANDLER(function) ((void (*)(void))(function))

static const struct redirect redirects[] = {
	{"mmap", HANDLER(call_mmap), false},
	{"mmap64", HANDLER(call_mmap64), false},
	{"munmap", HANDLER(call_munmap), false},
	{"mremap", HANDLER(call_mremap), false},
	{"mprotect", HANDLER(call_mprotect), false},
	{"madvise", HANDLER(call_madvise), false},
	{"posix_madvise", HANDLER(call_posix_madvise), true},
	{"process_madvise", HANDLER(call_process_madvise), true},
	{"mlock", HANDLER(call_mlock), false},
	{"munlock", HANDLER(call_munlock), false},
	{"mlockall", HANDLER(call_mlockall), true},
	{"munlockall", HANDLER(call_munlockall), true},
	{"mlock2", HANDLER(call_mlock2), true},
	{"pkey_mprotect", HANDLER(call_pkey_mprotect), true},
	{"prctl", HANDLER(call_prctl), false},
	{"ioctl", HANDLER(call_ioctl), false},
	/* the break's, at the end */
	{"sbrk", HANDLER(call_sbrk), false},
	{"brk", HANDLER(call_brk), false},
};

#define ALL_REDIRECTS   ((int)(sizeof(redirects) / sizeof(redirects[0])))
#define BREAK_REDIRECTS 2

bool memory_single_threaded(void)
{
	if (memory.single_threaded)
		return *memory.single_threaded;
	/* glibc before 2.32 has no such flag. */
	return !memory.sandboxed && sys_single_threaded();
}

void memory_enter_sandbox(void)
{
	log_debug("the program locks itself in; no more lines from here on");
	memory.sandboxed = source_sandboxed = true;
	log_stop();
}

/* Redirects what is not yet redirected. */
static int redirect(bool with_break)
{
	int failed = 0;

	if (!memory.active) {
		failed = fork_prepare(&memory.libc);
		if (!failed)
			failed = redirect_install(&memory.libc, redirects,
						  ALL_REDIRECTS -
							  (with_break ? 0 : BREAK_REDIRECTS));
	} else if (with_break && !break_redirected) {
		failed = redirect_install(&memory.libc, redirects + ALL_REDIRECTS - BREAK_REDIRECTS,
					  BREAK_REDIRECTS);
	}
	if (!failed)
		break_redirected = break_redirected || with_break;
	return failed;
}

static void decline(const char *feature, const char *otherwise, const char *matter)
{
	if (otherwise)
		log_declined(otherwise, "%s: libc can't be redirected (%s)", feature, matter);
	else
		log_info("%s: libc can't be redirected (%s)", feature, matter);
}

static int find_libc(const char *feature, const char *otherwise)
{
	int failed = libc_find(&memory.libc);

	if (failed) {
		decline(feature, otherwise, "it is not a glibc that we know");
		return failed;
	}
	/* In a static program libc's own calls can't be told from others. */
	if (!memory.libc.static_address) {
		memory.text = memory.libc.text;
		memory.text_end = memory.libc.text_end;
	}
	memory.single_threaded =
		(const bool *)libc_symbol(&memory.libc, "__libc_single_threaded", NULL);
	return 0;
}

int memory_start(const struct options *options, bool with_break, const char *feature,
		 const char *otherwise)
{
	int failed;

	if (memory.active && (!with_break || break_redirected)) {
		users++;
		return 0;
	}
	memory.fork = options->fork;
	memory.base_bytes = getauxval(AT_PAGESZ);
	failed = find_libc(feature, otherwise);
	if (failed)
		return failed;
	if (!sys_single_threaded()) {
		decline(feature, otherwise, "other threads run already");
		return -EBUSY;
	}
	failed = redirect(with_break);
	if (failed) {
		decline(feature, otherwise,
			failed == -ENOENT ? "it is not of a kind that we know"
			: failed == -EPERM || failed == -EACCES
				? "its text is sealed, or a policy forbids it"
			: failed == -EFBIG ? "a limit on files, ulimit -f, forbids it"
					   : "no memory");
		return failed;
	}
	memory.active = true;
	users++;
	return 0;
}

void memory_add_mapper(memory_mapper *mapper)
{
	for (int i = 0; i < MEMORY_MAPPERS; i++)
		if (!memory.mappers[i] || memory.mappers[i] == mapper) {
			memory.mappers[i] = mapper;
			return;
		}
}

void memory_remove_mapper(memory_mapper *mapper)
{
	int kept = 0;

	for (int i = 0; i < MEMORY_MAPPERS; i++)
		if (memory.mappers[i] != mapper)
			memory.mappers[kept++] = memory.mappers[i];
	while (kept < MEMORY_MAPPERS)
		memory.mappers[kept++] = NULL;
}

void memory_stop(void)
{
	if (!users || --users)
		return;
	redirect_undo(&memory.libc);
	memory.active = break_redirected = false;
}

/* The ranges that were taken; a region with no range is free. Under the lock. */
static struct region taken[MEMORY_RANGES_MAX];

static bool is_taken(const struct region *region)
{
	return region >= taken && region < taken + MEMORY_RANGES_MAX;
}

static int add_range(uintptr_t start, uintptr_t end, struct source *source, int rights, bool text)
{
	struct region *region = taken;
	int failed;

	while (region < taken + MEMORY_RANGES_MAX && region->start)
		region++;
	if (region == taken + MEMORY_RANGES_MAX)
		return -ENOSPC;
	failed = region_make_aside(region, start, end, source);
	if (!failed)
		failed = registry_add(region);
	if (failed) {
		region_drop(region);
		return failed;
	}
	region->running = true;
	region->by_program = true;
	region->text = text;
	region->may_go = !memory_single_threaded();
	region->name = text ? "text" : "data";
	region_adopt_huge(region, start, end);
	keep_protected(region, start, end, rights, 0);
	return 0;
}

static int take_range(uintptr_t start, uintptr_t end, struct source *source, int rights, bool text)
{
	int failed;

	if (end <= start || (start | end) & (source->page_bytes - 1))
		return -EINVAL;
	if (!memory_lock())
		return -EBUSY;
	failed = add_range(start, end, source, rights, text);
	memory_unlock();
	return failed;
}

int memory_take_range(uintptr_t start, uintptr_t end, struct source *source, int rights)
{
	return take_range(start, end, source, rights, false);
}

int memory_take_text(uintptr_t start, uintptr_t end, struct source *source, int rights)
{
	return take_range(start, end, source, rights, true);
}

void memory_settle_range(uintptr_t start)
{
	struct region *region;

	if (!memory_lock())
		return;
	region = registry_at(start);
	if (region && is_taken(region))
		region->may_go = false;
	memory_unlock();
}

bool memory_nth_range(size_t n, uintptr_t *start, uintptr_t *end)
{
	*start = taken[n].start;
	*end = taken[n].limit;
	return *start;
}

void memory_doubt_range(size_t n, bool may_go)
{
	if (!memory_lock())
		return;
	if (taken[n].start)
		taken[n].may_go = may_go;
	memory_unlock();
}

/* [start, end) is of the region. */
static void forget_part(struct region *region, uintptr_t start, uintptr_t end)
{
	if (start == region->start && end == region->limit) {
		registry_remove(region);
		region_drop(region);
		return;
	}
	keep_replaced(region, start, end);
}

void memory_forget_range(uintptr_t start, uintptr_t end)
{
	struct region_part part;

	if (!memory_lock())
		return;
	while (registry_part(&start, end, &part))
		if (is_taken(part.region))
			forget_part(part.region, part.from, part.to);
	memory_unlock();
}
