/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages a task uses, and for how much of it: see task.h.
 */
#include <errno.h>

#include "pages/mount.h"
#include "pages/select.h"
#include "base/log.h"
#include "segments/task.h"

void task_decline(struct run *run, const struct task *task, const char *reason)
{
	if (run->told)
		log_info("%s: %s: it stays where it is", task->name, reason);
	else
		log_declined("it stays where it is", "%s: %s", task->name, reason);
	run->told = true;
}

bool run_may_take_hugetlb(const struct run *run)
{
	return run->options->backing != BACKING_FILE && run->options->backing != BACKING_THP;
}

static size_t rung_page_bytes(const struct run *run, const struct task *task, enum rung rung)
{
	return rung == RUNG_HUGETLB ? task->backing.source.page_bytes : run->sizes.thp;
}

size_t task_page_bytes(const struct run *run, const struct task *task)
{
	size_t bytes = 0;

	for (int i = 0; i < task->rungs; i++)
		if (rung_page_bytes(run, task, task->ladder[i]) > bytes)
			bytes = rung_page_bytes(run, task, task->ladder[i]);
	return bytes;
}

struct plan_rules task_rules(const struct run *run, const struct task *task, enum rung rung)
{
	return (struct plan_rules){.kind = task->kind,
				   .page_bytes = rung_page_bytes(run, task, rung),
				   .merge = run->options->merge_text && rung != RUNG_FILE,
				   .holes = run->alone && rung != RUNG_FILE,
				   .congruent = rung == RUNG_FILE,
				   .break_now = run->break_now};
}

static size_t planned_for(const struct run *run, const struct task *task, enum rung rung)
{
	struct plan_rules rules = task_rules(run, task, rung);
	struct plan_range range = {.end = 0};
	size_t bytes = 0;

	rules.congruent = false;
	if (run->break_movable)
		rules.break_now = 0;
	while (plan_next(run->pieces.items, run->pieces.count, &rules, range.end, &range))
		bytes += range.end - range.start;
	return bytes;
}

static void choose_ladder(const struct run *run, struct task *task)
{
	static const enum rung orders[][RUNGS] = {
		[BACKING_LADDER] = {RUNG_HUGETLB, RUNG_FILE, RUNG_THP},
		[BACKING_AUTO] = {RUNG_FILE, RUNG_HUGETLB, RUNG_THP},
		[BACKING_HUGETLB] = {RUNG_HUGETLB, RUNGS, RUNGS},
		[BACKING_FILE] = {RUNG_FILE, RUNG_THP, RUNGS},
		[BACKING_THP] = {RUNG_THP, RUNGS, RUNGS},
	};
	const enum segment_backing wanted = run->options->backing;
	const bool thp = run->sizes.thp && select_thp_bytes(&run->sizes);
	const bool text = task->kind == PLAN_TEXT;

	task->rungs = 0;
	for (int i = 0; i < RUNGS; i++) {
		enum rung rung = orders[wanted][i];

		/* data is private to the process, and a debugger cannot always write to hugetlb
		 * text */
		if (!text && rung == RUNG_FILE)
			rung = RUNGS;
		/* under auto text costs no memory per process, so it is not copied */
		if (rung == RUNG_THP && wanted == BACKING_FILE && run->options->segments_auto)
			rung = RUNGS;
		if (text && run->traced && rung == RUNG_HUGETLB)
			rung = wanted == BACKING_HUGETLB ? RUNG_THP : RUNGS;
		if (rung == RUNGS || (rung != RUNG_HUGETLB && !thp) ||
		    (rung == RUNG_HUGETLB && !task->backing.source.page_bytes))
			continue;
		task->ladder[task->rungs++] = rung;
	}
}

bool task_wants(const struct task *task, enum rung rung)
{
	for (int i = 0; i < task->rungs; i++)
		if (task->ladder[i] == rung)
			return true;
	return false;
}

void task_forgo(struct task *task, enum rung rung)
{
	int kept = 0;

	for (int i = 0; i < task->rungs; i++)
		if (task->ladder[i] != rung)
			task->ladder[kept++] = task->ladder[i];
	task->rungs = kept;
}

/* The mount for a task's pages: one of HUGETLB_PATH, otherwise the first writable one. */
static void choose_mount(const struct run *run, struct task *task)
{
	const struct options *options = run->options;
	struct source *source = &task->backing.source;

	if (source->mount)
		return;
	if (options->path)
		select_log_mount(options, run->sizes.default_huge, task->name, source->page_bytes);
	else if (!mount_find(source->page_bytes, NULL, task->mount, sizeof(task->mount)))
		source->mount = task->mount;
}

/* Chooses the hugetlb pages for a task. Logs it itself if the size is not available. */
static int choose_pages(struct run *run, struct task *task)
{
	const struct options *options = run->options;
	struct source *source = &task->backing.source;
	char reason[64];
	size_t bytes =
		task->kind == PLAN_DATA ? options->data_page_bytes : options->text_page_bytes;

	if (bytes && !sizes_have(&run->sizes, bytes)) {
		text_format(reason, sizeof(reason), "this machine has no huge pages of %lu kB",
			    (unsigned long)(bytes >> 10));
		task_decline(run, task, reason);
		return -EINVAL;
	}
	if (!bytes && select_default_bytes(options, &run->sizes, &bytes))
		return -EINVAL;
	select_hugetlb(options, bytes, source);
	source->populate = true; /* it is written to at once, and then a missing page would raise
				  * SIGBUS */
	source->populate_write = source_can_populate_write();
	source->memfd = true;
	if (run_may_take_hugetlb(run) && source->page_bytes)
		choose_mount(run, task);
	else
		source->mount = NULL;
	task->backing.copy_all = options->copy_all;
	if (task->lasting) {
		task->lasting[RUNG_HUGETLB] = *source;
		task->lasting[RUNG_HUGETLB].mount = NULL; /* the path is only valid as long as
							   * the task */
		task->lasting[RUNG_THP] =
			(struct source){.page_bytes = run->sizes.thp, .thp = true};
	}
	return 0;
}

long task_plan(struct run *run, struct task *task)
{
	int failed = choose_pages(run, task);

	if (failed)
		return failed;
	choose_ladder(run, task);
	if (!task->rungs) {
		task_decline(run, task, "this kernel has no huge pages of the requested kind");
		return -ENOTSUP;
	}
	for (int i = 0; i < task->rungs; i++) {
		size_t bytes = planned_for(run, task, task->ladder[i]);

		if (bytes > task->planned_bytes)
			task->planned_bytes = bytes;
	}
	if (!task->planned_bytes)
		log_info("%s: no huge page lies wholly within a segment", task->name);
	return (long)task->planned_bytes;
}
