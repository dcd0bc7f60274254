/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Libraries loaded by dlopen: see dlopen.h. Owns the list of known objects.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <task.h>
#include <valgrind.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/vector.h"
#include "calls/start.h"
#include "hook/loader.h"
#include "proc/status.h"
#include "segments/dlclose.h"
#include "segments/dlopen.h"

/* In the initialised data, on a page that the linker has already touched: program start writes to
 * no other page. */
#define AT_START __attribute__((section(".data.at_start")))

/* The objects that were loaded at the last check, or at the start. Small programs have no more than
 * fit here. */
static AT_START const ElfW(Phdr) * first_known[16];
static struct vector known = VECTOR_IN(first_known);
static AT_START uint64_t confined_at_start;
static AT_START void (*take_new)(dlopen_known *known);

static int remember_object(struct dl_phdr_info *info, size_t size, void *data)
{
	const ElfW(Phdr) **headers = vector_add(&known);

	(void)size;
	(void)data;
	if (!headers)
		return 1;
	*headers = info->dlpi_phdr;
	return 0;
}

/* The unused part is never touched. */
#define STACK_BYTES ((size_t)64 << 10)

static bool is_known(const struct dl_phdr_info *info)
{
	const ElfW(Phdr) **headers = known.items;

	for (size_t i = 0; i < known.count; i++)
		if (headers[i] == info->dlpi_phdr)
			return true;
	return false;
}

/* Without memory for the list, objects cannot be told apart: then no object counts as new. */
static bool remember_objects(void)
{
	known.count = 0;
	return dl_iterate_phdr(remember_object, NULL) == 0;
}

static int is_new(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	return !is_known(info);
}

bool dlopen_is_allowed(const struct status *status)
{
	return status->confined == confined_at_start;
}

/* libc's hooks would not cover hugetlb pages of these libraries: they call a C library of their
 * own. */
static void tell_of_namespaces(void)
{
	static bool told;

	if (told || !loader_has_namespaces())
		return;
	told = true;
	log_info("libraries in a namespace of their own (dlmopen) stay on small pages");
}

static int note_change(void *argument)
{
	if (*(enum loader_change *)argument == LOADER_UNLOADS) {
		dlclose_expect();
	} else {
		dlclose_forget();
		tell_of_namespaces();
		if (!sys_sandboxed && known.count && dl_iterate_phdr(is_new, NULL))
			take_new(is_known);
		if (!remember_objects())
			vector_free(&known);
	}
	return 0;
}

/*
 * Under ld.so's lock, in any thread, whose stack may be too small for reading mappings and
 * comparing text: this runs on another stack. No signal handler runs on it: a garbage collector's
 * would search for the thread's own stack. In a sandbox nothing is read.
 */
static void objects_changed(enum loader_change change)
{
	static _Alignas(64) unsigned char stack[STACK_BYTES];
	const uint64_t all = UINT64_MAX;
	int error = errno;
	uint64_t before;

	if (sys_sandboxed || cpu_runs_on_valgrind() || sys_block_signals(&all, &before)) {
		note_change(&change);
	} else {
		cpu_call_on_stack((uintptr_t)(stack + sizeof(stack)), note_change, &change);
		sys_restore_signals(&before);
	}
	errno = error;
}

/* Libraries loaded later are moved if the options request libraries at all. */
static bool is_asked_for(const struct options *options)
{
	return options->segments == SEGMENTS_CHOSEN && options->objects &&
	       (options->text || options->data) && strcmp(options->objects, "main") != 0;
}

void dlopen_watch(const struct options *options, void (*take)(dlopen_known *known))
{
	if (!is_asked_for(options))
		return;
	take_new = take;
	/* /proc/self/status is slow, and most processes have no filter */
	if (sys_call(SYS_prctl, PR_GET_SECCOMP))
		confined_at_start = status_read().confined;
	if (remember_objects() && !loader_watch(objects_changed))
		return;
	log_info("libraries loaded by dlopen stay on small pages: ld.so could not be hooked");
	vector_free(&known);
}
