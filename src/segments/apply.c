/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Carries out a task's plan: each range goes down the ladder separately.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/log.h"
#include "base/sys.h"
#include "calls/state.h"
#include "proc/pagemap.h"
#include "segments/apply.h"
#include "segments/backing_file.h"
#include "segments/backing_hugetlb.h"
#include "segments/backing_thp.h"
#include "segments/replaced.h"
#include "segments/share.h"
#include "segments/swap.h"

static const char rung_names[RUNGS][sizeof("the file's own huge")] = {
	"hugetlb", "the file's own huge", "transparent huge"};

/*
 * Cuts off the part of a range that is already huge: the first part of the rest stays in the range,
 * and what follows is planned again. False: nothing is left.
 */
static bool cut_done(const struct run *run, struct plan_range *range)
{
	const struct plan_range *done = run->done.items;

	for (size_t i = 0; i < run->done.count; i++) {
		if (done[i].end <= range->start || done[i].start >= range->end)
			continue;
		if (done[i].start > range->start) {
			range->end = done[i].start;
			continue;
		}
		range->start = done[i].end;
		if (range->start >= range->end)
			return false;
		i = (size_t)-1;
	}
	return true;
}

/* Without memory for the list, a part that is already huge is at worst planned again. */
static void remember(struct run *run, uintptr_t start, uintptr_t end)
{
	struct plan_range *done = vector_add(&run->done);

	if (done)
		*done = (struct plan_range){.start = start, .end = end};
}

/* Any of a file's own pages may be huge, and then they stay; the others go down the ladder. */
static void remember_pages(struct run *run, const struct plan_range *range)
{
	const size_t page_bytes = run->sizes.thp;
	struct pagemap page_tables;
	uintptr_t at = range->start, from;

	pagemap_open(&page_tables);
	while (at < range->end) {
		from = at;
		while (at < range->end &&
		       pagemap_huge_bytes(&page_tables, at, at + page_bytes) == page_bytes)
			at += page_bytes;
		if (at > from)
			remember(run, from, at);
		at += page_bytes;
	}
	pagemap_close(&page_tables);
}

static const struct object *object_of(const struct run *run, const struct plan_range *range)
{
	return (const struct object *)run->found.objects.items + range->object;
}

/* The log lines that users of such libraries search for. */
static void log_mapped(const struct task *task, const struct plan_range *range, size_t bytes)
{
	uintptr_t from = range->start, to = range->start + bytes;
	size_t copied = 0;

	for (size_t i = range->first_piece; i < task->backing.piece_count; i++) {
		const struct plan_piece *piece = &task->backing.pieces[i];

		if (piece->start >= to)
			break;
		if (piece->file && piece->kind != PLAN_GAP && piece->end > from)
			copied += (piece->end < to ? piece->end : to) -
				  (piece->start > from ? piece->start : from);
	}
	log_debug("Mapped hugeseg at 0x%lx. Copying 0x%lx bytes and 0x%lx extra bytes from "
		  "0x%lx...done",
		  (unsigned long)from, (unsigned long)copied, (unsigned long)(bytes - copied),
		  (unsigned long)from);
}

/* The only other source of hugetlb text: a copy that processes share. */
static int take_shared(const struct run *run, const struct task *task,
		       const struct plan_range *range, struct prepared *prepared)
{
	const struct object *object = object_of(run, range);
	struct share_text text = {.name = object->name,
				  .address = range->start,
				  .bytes = range->end - range->start,
				  .file_bytes = backing_file_bytes(&task->backing, range),
				  .page_bytes = task->backing.source.page_bytes,
				  .mount = task->backing.source.mount,
				  .fixed = !object->base};
	int failed;

	if (!text.file_bytes) {
		share_decline(object->name, "was changed in memory");
		return -ESTALE;
	}
	if (object_has_text_relocations(object->headers, object->header_count, object->base)) {
		share_decline(object->name, "has relocations in its text");
		return -ENOEXEC;
	}
	object_build_id(object, &text.build_id);
	failed = share_open(&text, run->options);
	return failed < 0 ? failed : backing_hugetlb_filled(failed, range, prepared);
}

/* The copy is in a file if libc is not hooked for it, or if a policy forbids executing memory that
 * was written to. */
static int prepare_thp_text(const struct run *run, const struct task *task,
			    const struct plan_range *range, struct prepared *prepared)
{
	int failed = task->hooked
			     ? backing_thp_text(&task->backing, range, run->sizes.thp, prepared)
			     : -EACCES;

	if (failed != -EACCES && failed != -EPERM)
		return failed;
	return backing_thp_text_file(&task->backing, range, run->sizes.thp, prepared);
}

static int prepare(const struct run *run, const struct task *task, enum rung rung,
		   const struct plan_range *range, struct prepared *prepared)
{
	const struct backing *backing = &task->backing;
	const bool text = task->kind == PLAN_TEXT;

	if (rung == RUNG_THP)
		return text ? prepare_thp_text(run, task, range, prepared)
			    : backing_thp_data(range, run->sizes.thp, prepared);
	if (!text)
		return backing_hugetlb_data(backing, range, prepared);
	if (run->options->share && !take_shared(run, task, range, prepared))
		return 0;
	return backing_hugetlb_text(backing, range, prepared);
}

/* If there are too many ranges, the shortage is not the pool's. */
static int reason_of_care(int failed)
{
	return failed == -ENOSPC ? -E2BIG : failed;
}

/* Ends the registration: the copy is in place, or will not come. */
static void settle(uintptr_t start, uintptr_t end, int failed)
{
	if (failed)
		replaced_forget(start, end);
	else
		replaced_settle(start);
}

/*
 * Does a fork's child use the object's data before fork_end_in_child()? That is libc's and ld.so's,
 * libpthread's before glibc 2.34, and the library's own in a program that it is linked into.
 */
static bool runs_in_fork(const struct object *object)
{
	const uintptr_t places[] = {libc_calls.text, getauxval(AT_BASE), (uintptr_t)&libc_calls};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i] >= object->start && places[i] < object->end)
			return true;
	return strstr(object->name, "/libpthread");
}

/*
 * Data on hugetlb pages is registered first, because the program may be using it by then. In a
 * static program the registry's lock and lists are part of the data, so nothing is registered in
 * between.
 */
static int put_data(const struct run *run, const struct task *task, enum rung rung,
		    const struct plan_range *range, struct prepared *prepared)
{
	const uintptr_t end = range->start + prepared->bytes;
	int failed = 0;

	if (rung == RUNG_HUGETLB) {
		failed = replaced_add_data(range->start, end, &task->lasting[rung],
					   range->protection, runs_in_fork(object_of(run, range)));
		if (failed) {
			backing_drop(prepared);
			return reason_of_care(failed);
		}
	}
	failed = swap_in_data(&task->backing, range, prepared);
	if (rung == RUNG_HUGETLB)
		settle(range->start, end, failed);
	return failed;
}

/*
 * Text, too: code that rewrites itself, or that others patch, is changed one small page at a time,
 * and may be read again from its file. If libc is not hooked, a copy is only used if the kernel
 * treats it like that file: a collapsed file of small pages.
 */
static int put_text(const struct run *run, const struct task *task, enum rung rung,
		    const struct plan_range *range, struct prepared *prepared)
{
	const uintptr_t end = range->start + prepared->bytes;
	int failed;

	if (rung == RUNG_THP && prepared->fd >= 0)
		return swap_in(&task->backing, range, prepared);
	failed = replaced_add_text(range->start, end, &task->lasting[rung], range->protection);
	if (failed) {
		backing_drop(prepared);
		return reason_of_care(failed);
	}
	/*
	 * Hugetlb memory would be included in a core file: text was not, and need not be. Anonymous
	 * text must be, because gdb reads the executable only for what was mapped from a file in
	 * the process.
	 */
	if (prepared->fd >= 0 && !run->files_dumped)
		sys_madvise(prepared->address, prepared->bytes, MADV_DONTDUMP);
	failed = swap_in(&task->backing, range, prepared);
	settle(range->start, end, failed);
	return failed;
}

/* Moves as much of the range as possible to a rung's pages. Returns how many bytes, or -errno. */
static long take_rung(const struct run *run, const struct task *task, enum rung rung,
		      const struct plan_range *range)
{
	struct prepared prepared;
	long bytes;
	int failed;

	if (rung == RUNG_FILE)
		return backing_file_huge(range, run->sizes.thp);
	failed = prepare(run, task, rung, range, &prepared);
	if (failed)
		return failed;
	bytes = (long)prepared.bytes;
	failed = task->kind == PLAN_TEXT ? put_text(run, task, rung, range, &prepared)
					 : put_data(run, task, rung, range, &prepared);
	return failed ? failed : bytes;
}

/* Takes everything that is not huge yet and that a rung can serve. */
static void take_all(struct run *run, struct task *task, enum rung rung)
{
	const struct plan_rules rules = task_rules(run, task, rung);
	struct plan_range range;
	uintptr_t from = 0;

	while (plan_next(run->pieces.items, run->pieces.count, &rules, from, &range)) {
		bool left = cut_done(run, &range);
		long got;

		from = range.end;
		if (!left)
			continue;
		got = take_rung(run, task, rung, &range);
		if (got < (long)(range.end - range.start) && !task->error)
			task->error = got < 0 ? (int)got : -ENOMEM;
		if (got <= 0)
			continue;
		if (rung == RUNG_FILE && got < (long)(range.end - range.start))
			remember_pages(run, &range);
		else
			remember(run, range.start, range.start + (size_t)got);
		task->got_bytes[rung] += (size_t)got;
		if (rung != RUNG_FILE)
			log_mapped(task, &range, (size_t)got);
		log_info("%s of %s: 0x%lx-0x%lx: %lu of %lu kB on %s pages", task->name,
			 object_of(run, &range)->name, (unsigned long)range.start,
			 (unsigned long)range.end, (unsigned long)got >> 10,
			 (unsigned long)(range.end - range.start) >> 10, rung_names[rung]);
	}
}

void apply_task(struct run *run, struct task *task)
{
	task->backing.pieces = run->pieces.items;
	task->backing.piece_count = run->pieces.count;
	for (int i = 0; i < task->rungs && task_got(task) < task->planned_bytes; i++)
		take_all(run, task, task->ladder[i]);
}
