/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of steps: find, read what is mapped, plan, apply. The same for libraries loaded by
 * dlopen: other threads may run then, but none has an address in what has just been loaded.
 */
#include <errno.h>
#include <layout.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "base/align.h"
#include "base/log.h"
#include "base/sys.h"
#include "hook/patch.h"
#include "proc/status.h"
#include "region/exact.h"
#include "segments/apply.h"
#include "segments/classify.h"
#include "segments/dlopen.h"
#include "segments/messages.h"
#include "segments/replaced.h"
#include "segments/segments.h"
#include "segments/task.h"

static const char other_threads[] = "other threads run already";
static const char too_long_a_file[] =
	"the process may not make files as long as a huge page (ulimit -f)";

/* The consequence of declining. */
static const char where_they_are[] = "text and data stay where they are";

/* One line per process: what falls short for the first library does so for the next. */
static bool told;

static void decline(struct run *run, const char *reason)
{
	if (run->told)
		log_info("segments: %s: %s", reason, where_they_are);
	else
		log_declined(where_they_are, "segments: %s", reason);
	run->told = true;
}

static void log_segments(const struct run *run)
{
	const struct segment *segments = run->found.segments.items;
	size_t number = 0;

	for (size_t i = 0; i < run->found.segments.count; i++) {
		const struct segment *segment = &segments[i];

		if (segment->wanted)
			log_debug("Segment %zu (phdr %d): 0x%lx-0x%lx  (filesz=0x%lx) (prot = "
				  "0x%x)",
				  number++, segment->header, (unsigned long)segment->start,
				  (unsigned long)segment->end,
				  (unsigned long)(segment->file_end - segment->start),
				  segment->flags & 7);
	}
}

static bool has_wanted(const struct run *run, bool data)
{
	const struct segment *segments = run->found.segments.items;

	for (size_t i = 0; i < run->found.segments.count; i++)
		if (segments[i].wanted && !(segments[i].flags & PF_W) != data)
			return true;
	return false;
}

/* Has the break moved since the program was loaded? Then a mapping ends there. */
static bool has_heap(const struct run *run)
{
	const struct plan_piece *pieces = run->pieces.items;

	for (size_t i = 0; i < run->pieces.count; i++)
		if (pieces[i].start < run->break_now && pieces[i].end >= run->break_now)
			return pieces[i].kind == PLAN_OTHER;
	return false;
}

/* All sizes, if hugetlb pages are allowed or a size was named; otherwise only the size of THP. */
static void read_sizes(struct run *run)
{
	const struct options *options = run->options;
	const size_t base_bytes = getauxval(AT_PAGESZ);

	if (run_may_take_hugetlb(run) || options->default_page_bytes || options->text_page_bytes ||
	    options->data_page_bytes || log_at(LOG_INFO))
		sizes_read(&run->sizes, base_bytes);
	else
		run->sizes = (struct page_sizes){.base = base_bytes, .thp = sizes_thp()};
	if (log_at(LOG_INFO) && !run->later)
		sizes_log(&run->sizes);
}

/*
 * Reads what is mapped, without text that was changed. A debugger writes to addresses, not to
 * files: its breakpoints are copied.
 */
static int read_pieces(struct run *run)
{
	int failed = classify_read(&run->pieces, &run->found);
	long changed = 0;

	if (failed) {
		decline(run, "/proc/self/maps cannot be read");
		return failed;
	}
	if (!run->traced && has_wanted(run, false))
		changed = classify_exclude_changed(&run->pieces, &run->found);
	if (changed < 0)
		decline(run, "no memory");
	else if (changed)
		log_warning_once(
			LOG_TEXT_CHANGED,
			"text: %ld pages were changed in memory (a uprobe's breakpoint, or a "
			"patch): these pages and their neighbours stay small",
			changed);
	return changed < 0 ? (int)changed : 0;
}

/* Reads everything that the plan depends on. A debugger matters only for hugetlb pages. */
static int look_around(struct run *run)
{
	int failed;

	if (!run->later && run_may_take_hugetlb(run))
		run->traced = status_read().traced;
	failed = read_pieces(run);
	if (failed)
		return failed;
	read_sizes(run);
	run->alone = !run->later && sys_is_only_task();
	run->break_now = (uintptr_t)sys_brk(0);
	run->break_movable = run->alone && !has_heap(run);
	if (run->traced)
		log_info("this process is being traced: its text goes on pages that a debugger can "
			 "write to");
	return 0;
}

/* libc's text has changed, and so have the mappings. Without the new list nothing more is
 * planned. */
static int look_again(struct run *run)
{
	vector_free(&run->pieces);
	return read_pieces(run);
}

/*
 * Hooks libc's calls if the task may make copies that need it: the program may protect parts of
 * hugetlb pages, a child of fork keeps their data, and copied text belongs to no file. Without the
 * hooks the task takes no hugetlb pages, and its text on transparent huge pages lies in a file in
 * memory. Returns 0, or -errno of reading the mappings again: the hooks change libc's text.
 */
static int hook_libc(struct run *run, struct task *task)
{
	const bool hugetlb = task_wants(task, RUNG_HUGETLB), before = replaced_is_hooked();

	if (!hugetlb && !(task->kind == PLAN_TEXT && task_wants(task, RUNG_THP)))
		return 0;
	task->hooked = replaced_hook(run->options, task->name, hugetlb && !run->told);
	if (hugetlb && task->hooked && task->kind == PLAN_DATA && !exact_allows_hugetlb(task->name))
		task_forgo(task, RUNG_HUGETLB);
	if (task->hooked)
		return before ? 0 : look_again(run);
	task_forgo(task, RUNG_HUGETLB);
	run->told = run->told || hugetlb;
	return 0;
}

/* Done before any page is taken. */
static int prepare_copies(struct run *run, struct task *task)
{
	const bool copies = task_wants(task, RUNG_HUGETLB) || task_wants(task, RUNG_THP);

	/* A part of a page of text that is split goes into a file as long as the page. */
	if (task->kind == PLAN_TEXT && copies &&
	    task_page_bytes(run, task) > sys_limit(RLIMIT_FSIZE)) {
		task_decline(run, task, too_long_a_file);
		return -EFBIG;
	}
	return hook_libc(run, task);
}

static int prepare_data(struct run *run, struct task *data)
{
	if (!run->alone && !run->later) {
		task_decline(run, data, other_threads);
		return -EBUSY;
	}
	return prepare_copies(run, data);
}

/*
 * If the break is in the last huge page of the program's bss, and there is no heap yet, the heap is
 * made to begin after that page. Returns the old break, or 0: it was not moved.
 */
static uintptr_t move_break(struct run *run, size_t page_bytes)
{
	const uintptr_t before = run->break_now;
	const uintptr_t wanted = align_up(before, page_bytes);

	if (!run->break_movable || wanted == before || (uintptr_t)sys_brk(wanted) != wanted)
		return 0;
	run->break_now = wanted;
	return before;
}

/* Returns 0, even if not everything planned was moved; or -errno after logging one line. */
static int put_data(struct run *run, struct task *data)
{
	long planned = task_plan(run, data);
	uintptr_t old_break;
	int failed;

	if (planned <= 0)
		return (int)planned;
	failed = prepare_data(run, data);
	if (failed)
		return failed;
	old_break = move_break(run, task_page_bytes(run, data));
	data->backing.break_start = old_break;
	data->backing.break_end = old_break ? run->break_now : 0;
	apply_task(run, data);
	if (old_break && !data->got_bytes[RUNG_HUGETLB] && !data->got_bytes[RUNG_THP])
		sys_brk(old_break);
	return failed;
}

/*
 * Do core files contain private mappings of files? Usually not: the text that is missing is in the
 * executable. /proc shows a hexadecimal number, whose bit 2 this is.
 */
static bool files_are_dumped(void)
{
	char filter[16];
	long bytes = sys_read_file("/proc/self/coredump_filter", filter, sizeof(filter));
	char last = bytes >= 2 ? filter[bytes - 2] : '0';

	return (last <= '9' ? last - '0' : last - 'a' + 10) & 4;
}

/* Like put_data(). */
static int put_text(struct run *run, struct task *text)
{
	long planned = task_plan(run, text);
	int failed;

	if (planned <= 0)
		return (int)planned;
	failed = prepare_copies(run, text);
	run->files_dumped = files_are_dumped();
	if (!failed)
		apply_task(run, text);
	return failed;
}

static int put_all(struct run *run)
{
	static struct source sources[2][RUNGS];
	struct task text = {.kind = PLAN_TEXT, .name = "text", .lasting = sources[0]};
	struct task data = {.kind = PLAN_DATA, .name = "data", .lasting = sources[1]};
	int failed = look_around(run), text_failed = 0;

	if (failed)
		return failed;
	if (has_wanted(run, true))
		failed = put_data(run, &data);
	if (has_wanted(run, false))
		text_failed = put_text(run, &text);
	if (!run->later && !text.got_bytes[RUNG_HUGETLB] && !data.got_bytes[RUNG_HUGETLB] &&
	    !text.got_bytes[RUNG_THP])
		replaced_unhook();
	if (!failed)
		failed = text_failed;
	return failed ? failed : messages_shortfall(run, &text, &data);
}

/* Builds no list if no segment is long enough, as in most programs. */
static int run_once(struct run *run, dlopen_known *before)
{
	const bool is_empty = find_widest(run->options, before) < CPU_HUGE_BYTES_MIN;
	int failed;

	if (is_empty && !log_at(LOG_INFO))
		return 0;
	failed = find_segments(run->options, before, &run->found);
	if (log_at(LOG_DEBUG))
		log_segments(run);
	if (failed)
		decline(run, "no memory");
	else if (!is_empty)
		failed = put_all(run);
	else if (!run->later)
		log_info("text and data: no segment is as long as a huge page");
	found_free(&run->found);
	vector_free(&run->pieces);
	vector_free(&run->done);
	told = told || run->told;
	return failed;
}

/* Handles newly loaded objects, which nothing uses yet. An object without a whole huge page costs
 * no system call. */
static void take_late(dlopen_known *known)
{
	const struct options *options = options_get(NULL, NULL);
	struct run run = {.options = options,
			  .later = true,
			  .told = told,
			  .done = VECTOR_OF(struct plan_range)};
	const bool is_wide = find_widest(options, known) >= CPU_HUGE_BYTES_MIN;
	struct status status;

	if (!is_wide && replaced_hook_is_decided())
		return;
	status = status_read();
	if (!dlopen_is_allowed(&status))
		return;
	run.traced = status.traced;
	replaced_hook_early(options, !run.traced && run_may_take_hugetlb(&run));
	if (is_wide)
		run_once(&run, known);
}

struct start {
	struct run run;
	int failed;
};

/* Inside dl_iterate_phdr(): its lock keeps other threads, if there are any, from unloading the
 * objects in the plan. (When libraries are loaded later ld.so holds its own lock.) */
static int run_at_start(struct dl_phdr_info *info, size_t size, void *data)
{
	struct start *start = data;

	(void)info;
	(void)size;
	start->failed = run_once(&start->run, NULL);
	return 1;
}

__attribute__((hot)) bool segments_are_marked(void)
{
	return find_marked();
}

int segments_start(const struct options *options)
{
	struct start start = {0};

	start.run.options = options;
	/* under auto nothing was requested explicitly, so nothing is reported missing */
	start.run.told = told = options->segments_auto;
	start.run.done = VECTOR_OF(struct plan_range);
	if (options->force_segments)
		log_info("HUGETLB_FORCE_ELFMAP has no effect: programs are covered without it");
	if (!options->share)
		log_debug("HUGETLB_SHARE=0, sharing disabled");
	if (!options->segments_auto)
		messages_absent_objects(options);
	if (!options->segments_auto)
		dlopen_watch(options, take_late);
	patch_settle();
	dl_iterate_phdr(run_at_start, &start);
	return start.failed;
}
