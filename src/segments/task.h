/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One kind of segment, text or data, on its way down the ladder: hugetlb pages as far as there are
 * some, for the rest the file's own pages, for what is then left transparent huge pages.
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

/* What both tasks of one run rest on. */
struct run {
	const struct options *options;
	struct page_sizes sizes;
	struct found found;
	struct vector pieces;
	struct vector done; /* of struct plan_range: what is huge */
	bool alone;         /* no other thread */
	bool traced;        /* a debugger is at it */
	bool later;         /* the program runs, and loads libraries */
	uintptr_t break_now;
	bool break_movable; /* there is no heap yet */
	bool files_dumped;  /* core files hold private mappings of files */
	bool told;          /* that not all is as it was asked for */
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
	int error; /* of the first rung that fell short, as that is what was asked for */
};

/* Do the options leave room for hugetlb pages? What only these need is not looked at else. */
bool run_may_take_hugetlb(const struct run *run);

/*
 * Chooses pages and plans. Returns how many bytes there are to be had at all, or -errno with one
 * line written: the pages that were asked for are none that this machine has.
 */
long task_plan(struct run *run, struct task *task);

static inline size_t task_got(const struct task *task)
{
	return task->got_bytes[RUNG_HUGETLB] + task->got_bytes[RUNG_FILE] +
	       task->got_bytes[RUNG_THP];
}

/* What a rung can take. */
struct plan_rules task_rules(const struct run *run, const struct task *task, enum rung rung);

/* Says once a run why something is left alone. */
void task_decline(struct run *run, const struct task *task, const char *reason);

/* The biggest huge page that a task may take. */
size_t task_page_bytes(const struct run *run, const struct task *task);

/* Is a rung among what is tried? And: from now on it is not. */
bool task_wants(const struct task *task, enum rung rung);
void task_forgo(struct task *task, enum rung rung);

#endif
