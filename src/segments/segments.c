/*
 * The order of steps: find, plan, prepare aside, swap in, read back.
 *
 * Each range of each object goes down the ladder by itself: hugetlb pages as far as there are some,
 * for the rest the file's own pages, for what is then left transparent huge pages.
 */
#include <errno.h>
#include <layout.h>
#include <string.h>

#include "log.h"
#include "pages/pages.h"
#include "pages/smaps.h"
#include "segments/backing.h"
#include "segments/find.h"
#include "segments/pieces.h"
#include "segments/readback.h"
#include "segments/segments.h"
#include "segments/swap.h"
#include "sys.h"

enum rung { RUNG_HUGETLB, RUNG_FILE, RUNG_THP, RUNGS };

static const char *const rung_names[RUNGS] = {"hugetlb", "the file's own huge", "transparent huge"};

/* One kind of segment, text or data: what it is to be put on, and what it got. */
struct task {
	enum plan_kind kind;
	const char *name;
	bool asked;
	enum rung ladder[RUNGS];
	int rungs;
	struct backing backing;
	size_t planned_bytes, got_bytes[RUNGS];
	int error; /* of the last rung that fell short */
};

struct run {
	const struct options *options;
	struct page_sizes sizes;
	struct found found;
	struct scratch pieces;
	struct scratch done; /* of struct plan_range: what is huge */
	bool alone;          /* no other thread */
	bool traced;         /* a debugger is at it */
	uintptr_t break_now;
};

/* What is already huge is cut off a range: what comes first of the rest, and the rest is planned
 * again. False: nothing is left. */
static bool cut_done(const struct run *run, struct plan_range *range)
{
	const struct plan_range *done = run->done.items;

	for (size_t i = 0; i < run->done.count; i++) {
		if (done[i].end <= range->start || done[i].start >= range->end)
			continue;
		if (done[i].start > range->start) {
			range->end = done[i].start;
		} else {
			range->start = done[i].end;
			i = (size_t)-1;
			if (range->start >= range->end)
				return false;
		}
	}
	return true;
}

static void remember(struct run *run, const struct plan_range *range, size_t bytes)
{
	struct plan_range *done = scratch_add(&run->done);

	if (!done)
		return;
	*done = *range;
	done->end = range->start + bytes;
}

static const char *name_of(const struct run *run, const struct plan_range *range)
{
	return ((const struct object *)run->found.objects.items + range->object)->name;
}

/* The lines that users of such libraries look for. */
static void log_mapped(const struct task *task, const struct plan_range *range, size_t bytes)
{
	uintptr_t from = range->start, to = range->start + bytes;
	size_t copied = 0;

	for (size_t i = range->first_piece; i < task->backing.piece_count; i++) {
		const struct plan_piece *piece = &task->backing.pieces[i];

		if (piece->start >= to)
			break;
		if (piece->file)
			copied += (piece->end < to ? piece->end : to) -
				  (piece->start > from ? piece->start : from);
	}
	log_debug("Mapped hugeseg at 0x%lx. Copying 0x%lx bytes and 0x%lx extra bytes from "
		  "0x%lx...done",
		  (unsigned long)from, (unsigned long)copied, (unsigned long)(bytes - copied),
		  (unsigned long)from);
}

/*
 * Puts as much of the range as there are pages for on hugetlb pages; returns how much, or -errno.
 */
static long take_hugetlb(const struct task *task, const struct plan_range *range)
{
	struct prepared prepared;
	bool text = task->kind == PLAN_TEXT;
	int failed = text ? hugetlb_prepare_text(&task->backing, range, &prepared)
			  : hugetlb_prepare_data(&task->backing, range, &prepared);
	long bytes;

	if (failed)
		return failed;
	bytes = (long)prepared.bytes;
	failed = text ? swap_in(range, &prepared) : swap_in_data(&task->backing, range, &prepared);
	return failed ? failed : bytes;
}

static long take_thp(const struct run *run, const struct task *task, const struct plan_range *range)
{
	struct prepared prepared;
	bool text = task->kind == PLAN_TEXT;
	int failed = text ? thp_prepare_text(&task->backing, range, run->sizes.thp, &prepared)
			  : thp_prepare_data(&task->backing, range, run->sizes.thp, &prepared);
	long bytes;

	if (failed)
		return failed;
	bytes = (long)prepared.bytes;
	failed = text ? swap_in(range, &prepared) : swap_in_data(&task->backing, range, &prepared);
	return failed ? failed : bytes;
}

static long take_rung(const struct run *run, const struct task *task, enum rung rung,
		      const struct plan_range *range)
{
	switch (rung) {
	case RUNG_HUGETLB:
		return take_hugetlb(task, range);
	case RUNG_FILE:
		return file_make_huge(range, run->sizes.thp);
	default:
		return take_thp(run, task, range);
	}
}

/* Whatever the size that the plan was made for, a rung's pages are as big as the rung has them. */
static size_t rung_page_bytes(const struct run *run, const struct task *task, enum rung rung)
{
	return rung == RUNG_HUGETLB ? task->backing.source.page_bytes : run->sizes.thp;
}

static struct plan_rules rules_of(const struct run *run, const struct task *task, enum rung rung)
{
	return (struct plan_rules){.kind = task->kind,
				   .page_bytes = rung_page_bytes(run, task, rung),
				   .merge = run->options->merge_text && rung != RUNG_FILE,
				   .holes = run->alone && rung != RUNG_FILE,
				   .congruent = rung == RUNG_FILE,
				   .break_now = run->break_now};
}

/* Takes what a rung can have of all that is not huge yet. */
static void climb(struct run *run, struct task *task, enum rung rung)
{
	const struct plan_rules rules = rules_of(run, task, rung);
	struct plan_range range;
	uintptr_t from = 0;

	while (plan_next(run->pieces.items, run->pieces.count, &rules, from, &range)) {
		long got;

		if (!cut_done(run, &range)) {
			from = range.end;
			continue;
		}
		from = range.end;
		got = take_rung(run, task, rung, &range);
		if (got < 0 || got < (long)(range.end - range.start))
			task->error = got < 0 ? (int)got : -ENOMEM;
		if (got <= 0)
			continue;
		remember(run, &range, (size_t)got);
		task->got_bytes[rung] += (size_t)got;
		log_mapped(task, &range, (size_t)got);
		log_info("%s of %s: 0x%lx-0x%lx: %lu kB on %s pages", task->name,
			 name_of(run, &range), (unsigned long)range.start, (unsigned long)range.end,
			 (unsigned long)got >> 10, rung_names[rung]);
	}
}

/* How much there is to be had at all, of pages of the task's first rung that finds something. */
static size_t plan_bytes(const struct run *run, const struct task *task)
{
	for (int i = 0; i < task->rungs; i++) {
		struct plan_rules rules = rules_of(run, task, task->ladder[i]);
		struct plan_range range = {.end = 0};
		size_t bytes = 0;

		rules.congruent = false;
		while (plan_next(run->pieces.items, run->pieces.count, &rules, range.end, &range))
			bytes += range.end - range.start;
		if (bytes)
			return bytes;
	}
	return 0;
}

static bool choose_ladder(const struct run *run, struct task *task)
{
	static const enum rung orders[][RUNGS] = {
		[BACKING_LADDER] = {RUNG_HUGETLB, RUNG_FILE, RUNG_THP},
		[BACKING_AUTO] = {RUNG_FILE, RUNG_HUGETLB, RUNG_THP},
		[BACKING_HUGETLB] = {RUNG_HUGETLB, RUNGS, RUNGS},
		[BACKING_FILE] = {RUNG_FILE, RUNGS, RUNGS},
		[BACKING_THP] = {RUNG_THP, RUNGS, RUNGS},
	};
	const enum segment_backing wanted = run->options->backing;
	const enum thp_mode mode = sizes_thp_mode();
	const bool thp = run->sizes.thp && (mode == THP_MADVISE || mode == THP_ALWAYS);
	const bool text = task->kind == PLAN_TEXT;

	task->rungs = 0;
	for (int i = 0; i < RUNGS; i++) {
		enum rung rung = orders[wanted][i];

		/* data has no file of its own to be on, and a debugger can't write to hugetlb text
		 */
		if (!text && rung == RUNG_FILE)
			rung = wanted == BACKING_FILE ? RUNG_THP : RUNGS;
		if (text && run->traced && rung == RUNG_HUGETLB)
			rung = wanted == BACKING_HUGETLB ? RUNG_THP : RUNGS;
		if (rung == RUNGS || (rung == RUNG_THP && !thp) ||
		    (rung == RUNG_FILE && !run->sizes.thp) ||
		    (rung == RUNG_HUGETLB && !task->backing.source.page_bytes))
			continue;
		task->ladder[task->rungs++] = rung;
	}
	return task->rungs > 0;
}

/* The hugetlb pages for a task. Says so itself where the size can't be had. */
static int choose_pages(const struct run *run, struct task *task, size_t asked_bytes)
{
	static char mounts[2][256];
	const struct options *options = run->options;
	struct source *source = &task->backing.source;
	char *mount = mounts[task->kind == PLAN_DATA];

	if (!asked_bytes)
		asked_bytes = options->default_page_bytes;
	if (asked_bytes && !sizes_have(&run->sizes, asked_bytes)) {
		log_declined("it stays where it is", "%s: this machine has no huge pages of %lu kB",
			     task->name, (unsigned long)(asked_bytes >> 10));
		return -EINVAL;
	}
	source->page_bytes = asked_bytes ? asked_bytes : run->sizes.default_huge;
	source->hugetlb = true;
	source->reserve = !options->no_reserve;
	source->populate = !options->no_prefault;
	source->populate_write = source_can_populate_write();
	source->memfd = true;
	if (source->page_bytes && !mount_find(source->page_bytes, options->path, mount, 256))
		source->mount = mount;
	task->backing.pieces = run->pieces.items;
	task->backing.piece_count = run->pieces.count;
	task->backing.copy_all = options->copy_all;
	return 0;
}

static size_t got_bytes(const struct task *task)
{
	return task->got_bytes[RUNG_HUGETLB] + task->got_bytes[RUNG_FILE] +
	       task->got_bytes[RUNG_THP];
}

/* One line where not all is as it was asked for. */
static int tell(const struct run *run, const struct task *task)
{
	const enum segment_backing wanted = run->options->backing;
	const bool hugetlb = wanted == BACKING_LADDER || wanted == BACKING_HUGETLB;
	const size_t got = got_bytes(task), in_full = hugetlb ? task->got_bytes[RUNG_HUGETLB] : got;
	char otherwise[128];

	if (in_full >= task->planned_bytes ||
	    (hugetlb && run->traced && got >= task->planned_bytes))
		return 0;
	text_format(otherwise, sizeof(otherwise),
		    "%lu kB are on the file's own huge pages, %lu kB on transparent huge pages, "
		    "%lu kB stay on small pages",
		    (unsigned long)task->got_bytes[RUNG_FILE] >> 10,
		    (unsigned long)task->got_bytes[RUNG_THP] >> 10,
		    (unsigned long)(got < task->planned_bytes ? task->planned_bytes - got : 0) >>
			    10);
	log_declined(otherwise, "%s: %lu of %lu kB could be put on %s pages (error %d)", task->name,
		     (unsigned long)in_full >> 10, (unsigned long)task->planned_bytes >> 10,
		     hugetlb ? "hugetlb" : "huge", -task->error);
	return task->error ? task->error : -ENOMEM;
}

static int run_task(struct run *run, struct task *task, size_t asked_bytes)
{
	int failed = choose_pages(run, task, asked_bytes);

	if (failed)
		return failed;
	if (!choose_ladder(run, task)) {
		log_declined("it stays where it is", "%s: this kernel has no huge pages for it",
			     task->name);
		return -ENOTSUP;
	}
	task->planned_bytes = plan_bytes(run, task);
	if (!task->planned_bytes) {
		log_info("%s: no huge page lies wholly within a segment", task->name);
		return 0;
	}
	if (task->kind == PLAN_DATA && !run->alone) {
		log_declined("it stays where it is", "%s: other threads run already", task->name);
		return -EBUSY;
	}
	for (int i = 0; i < task->rungs && got_bytes(task) < task->planned_bytes; i++)
		climb(run, task, task->ladder[i]);
	return tell(run, task);
}

static bool is_traced(void)
{
	static const char name[] = "\nTracerPid:\t";
	char status[1024];
	const char *at;

	if (sys_read_file("/proc/self/status", status, sizeof(status)) < 0)
		return false;
	at = strstr(status, name);
	return at && at[sizeof(name) - 1] != '0';
}

static void log_segments(const struct run *run)
{
	const struct segment *segments = run->found.segments.items;

	for (size_t i = 0; i < run->found.segments.count; i++) {
		const struct segment *segment = &segments[i];

		if (segment->wanted)
			log_debug("Segment %zu (phdr %d): 0x%lx-0x%lx  (filesz=0x%lx) (prot = "
				  "0x%x)",
				  i, segment->header, (unsigned long)segment->start,
				  (unsigned long)segment->end,
				  (unsigned long)(segment->file_end - segment->start),
				  segment->flags & 7);
	}
}

/* Everything that the plan rests on. */
static int look_around(struct run *run)
{
	int failed = pieces_read(&run->pieces, &run->found);

	if (failed) {
		log_declined("text and data stay where they are",
			     "segments: /proc/self/maps can't be read (error %d)", -failed);
		return failed;
	}
	sizes_read(&run->sizes, smaps_base_bytes());
	if (log_at(LOG_INFO))
		sizes_log(&run->sizes);
	run->alone = sys_count_threads() == 1;
	run->traced = is_traced();
	run->break_now = (uintptr_t)sys_brk(0);
	if (run->traced)
		log_info("a debugger traces this process: text goes on pages that it can write to");
	return 0;
}

static bool has_wanted(const struct run *run, bool data)
{
	const struct segment *segments = run->found.segments.items;

	for (size_t i = 0; i < run->found.segments.count; i++)
		if (segments[i].wanted && !(segments[i].flags & PF_W) != data)
			return true;
	return false;
}

static int put_all(struct run *run)
{
	const struct options *options = run->options;
	struct task text = {.kind = PLAN_TEXT, .name = "text"};
	struct task data = {.kind = PLAN_DATA, .name = "data"};
	int failed = look_around(run), failed_data = 0;

	if (failed)
		return failed;
	if (has_wanted(run, false))
		failed = run_task(run, &text, options->text_page_bytes);
	if (has_wanted(run, true))
		failed_data = run_task(run, &data, options->data_page_bytes);
	return failed ? failed : failed_data;
}

bool segments_are_marked(void)
{
	return find_marked();
}

int segments_start(const struct options *options)
{
	struct run run = {.options = options, .done = SCRATCH_OF(struct plan_range)};
	int failed = find_segments(options, NULL, &run.found);

	if (options->force_segments)
		log_info("HUGETLB_FORCE_ELFMAP asks for what happens anyway");
	if (!options->share)
		log_debug("HUGETLB_SHARE=0, sharing disabled");
	if (log_at(LOG_DEBUG))
		log_segments(&run);
	if (failed)
		log_declined("text and data stay where they are", "segments: no memory");
	else if (run.found.widest_bytes >= CPU_HUGE_BYTES_MIN)
		failed = put_all(&run);
	else
		log_info("text and data: no segment is as long as a huge page");
	found_free(&run.found);
	scratch_free(&run.pieces);
	scratch_free(&run.done);
	return failed;
}
