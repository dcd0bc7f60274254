/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Care of copies: see care.h.
 */
#include "base/sys.h"
#include "calls/start.h"
#include "segments/hook_libc.h"

static struct {
	bool asked, taken;
	bool missed; /* nothing was there to be taken care of, and then threads came */
} care;

/* aloud: somebody is to hear of it where it is not to be had. */
static void take(const struct options *options, const char *name, bool aloud)
{
	if (!care.asked)
		care.taken = !calls_start(options, false, name,
					  aloud ? "no hugetlb pages are taken for it" : NULL);
	care.asked = true;
}

bool hook_libc_prepare(struct run *run, struct task *task)
{
	const bool hugetlb = task_wants(task, RUNG_HUGETLB), before = care.taken;

	if (!hugetlb && !(task->kind == PLAN_TEXT && task_wants(task, RUNG_THP)))
		return false;
	take(run->options, task->name, hugetlb && !run->told);
	task->cared = care.taken;
	if (task->cared)
		return !before;
	task_forgo(task, RUNG_HUGETLB);
	run->told = run->told || hugetlb;
	return false;
}

void hook_libc_end(void)
{
	if (care.taken)
		calls_stop();
	care.asked = care.taken = false;
}

void hook_libc_foresee(const struct run *run)
{
	if (care.asked || run->options->backing == BACKING_FILE)
		return;
	care.missed = !sys_single_threaded();
	if (!care.missed)
		take(run->options, "text", !run->traced && run_may_take_hugetlb(run));
}

bool hook_libc_is_decided(void)
{
	return care.asked || care.missed;
}
