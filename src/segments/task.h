/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One kind of segment, text or data, on its way down the ladder: hugetlb pages while there are
 * some, then the file's own pages, then transparent huge pages.
 */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"
#include "options/options.h"
#include "pages/sizes.h"
#include "segments/backing.h"
#include "segments/find.h"

enum rung { RUNG_HUGETLB, RUNG_FILE, RUNG_THP, RUNGS };

/* Common to both tasks of one run. */
struct run {
	const struct options *options;
	struct page_sizes sizes;
	struct found found;
	struct vector pieces;
	struct vector done; /* of struct plan_range: what is huge already */
	bool alone;         /* no other thread */
	bool traced;        /* a debugger is attached */
	bool later;         /* the program is running, and has loaded libraries */
	uintptr_t break_now;
	bool break_movable; /* there is no heap yet */
	bool files_dumped;  /* core files contain private mappings of files */
	bool told;          /* that not everything is as requested */
};

struct task {
	enum plan_kind kind;
	const char *name;
	enum rung ladder[RUNGS];
	int rungs;
	struct backing backing;
	char mount[256];        /* where its source's pages come from, if that was found here */
	struct source *lasting; /* of copies, by rung; segments/replaced refers to them */
	bool hooked;            /* libc's calls are hooked for the copies */
	size_t planned_bytes, got_bytes[RUNGS];
	int error; /* of the first rung that fell short, because that is what was requested */
};

/* Do the options allow hugetlb pages? Otherwise what only these need is not read. */
bool run_may_take_hugetlb(const struct run *run);

/*
 * Chooses pages and plans. Returns how many bytes could be moved at most, or -errno after logging
 * one line: this machine does not have the requested pages.
 */
long task_plan(struct run *run, struct task *task);

static inline size_t task_got(const struct task *task)
{
	return task->got_bytes[RUNG_HUGETLB] + task->got_bytes[RUNG_FILE] +
	       task->got_bytes[RUNG_THP];
}

/* What a rung can take. */
struct plan_rules task_rules(const struct run *run, const struct task *task, enum rung rung);

/* Logs once per run why something is left alone. */
void task_decline(struct run *run, const struct task *task, const char *reason);

/* The largest huge page that a task may use. */
size_t task_page_bytes(const struct run *run, const struct task *task);

/* Is a rung among those to try? And: from now on it is not. */
bool task_wants(const struct task *task, enum rung rung);
void task_forgo(struct task *task, enum rung rung);

#endif
