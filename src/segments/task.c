/*
 * Planning, carrying out, and telling what came of it: see task.h.
 */
#include <errno.h>

#include "log.h"
#include "memory/memory.h"
#include "segments/pieces.h"
#include "segments/share.h"
#include "segments/swap.h"
#include "segments/task.h"
#include "sys.h"

static const char *const rung_names[RUNGS] = {"hugetlb", "the file's own huge", "transparent huge"};

/*
 * What is huge already is cut off a range: what comes first of the rest stays, and what is behind
 * it is planned again. False: nothing is left.
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

/* Without memory for the list, what is huge is at worst asked for twice. */
static void remember(struct run *run, const struct plan_range *range, size_t bytes)
{
	struct plan_range *done = scratch_add(&run->done);

	if (!done)
		return;
	*done = *range;
	done->end = range->start + bytes;
}

static const struct object *object_of(const struct run *run, const struct plan_range *range)
{
	return (const struct object *)run->found.objects.items + range->object;
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
		if (piece->file && piece->end > from)
			copied += (piece->end < to ? piece->end : to) -
				  (piece->start > from ? piece->start : from);
	}
	log_debug("Mapped hugeseg at 0x%lx. Copying 0x%lx bytes and 0x%lx extra bytes from "
		  "0x%lx...done",
		  (unsigned long)from, (unsigned long)copied, (unsigned long)(bytes - copied),
		  (unsigned long)from);
}

/*
 * How much of a range, from its start on, is one stretch of one file; 0 where more of the file
 * follows a hole, as then the range is no stretch of the file.
 */
static size_t file_bytes(const struct backing *backing, const struct plan_range *range)
{
	uintptr_t end = range->start;
	uint64_t offset = 0;

	for (size_t i = range->first_piece; i < backing->piece_count; i++) {
		const struct plan_piece *piece = &backing->pieces[i];

		if (piece->start >= range->end)
			break;
		if (piece->kind == PLAN_GAP || piece->end <= range->start)
			continue;
		if (!piece->file || piece->start > end ||
		    (end > range->start && piece->offset != offset))
			return 0;
		end = piece->end < range->end ? piece->end : range->end;
		offset = piece->offset + (piece->end - piece->start);
	}
	return end - range->start;
}

/* The one place where hugetlb text comes from somewhere else: a copy that processes share. */
static int take_shared(const struct run *run, const struct task *task,
		       const struct plan_range *range, struct prepared *prepared)
{
	const struct object *object = object_of(run, range);
	const struct dl_phdr_info info = {.dlpi_addr = object->base,
					  .dlpi_name = object->name,
					  .dlpi_phdr = object->headers,
					  .dlpi_phnum = (ElfW(Half))object->header_count};
	struct share_text text = {.name = object->name,
				  .address = range->start,
				  .bytes = range->end - range->start,
				  .file_bytes = file_bytes(&task->backing, range),
				  .page_bytes = task->backing.source.page_bytes};
	int failed;

	if (!text.file_bytes)
		return -ESTALE;
	failed = share_read_object(&info, &text);
	if (failed)
		return failed;
	failed = share_open(&text, run->options);
	return failed < 0 ? failed : hugetlb_prepare_filled(failed, range, prepared);
}

static int prepare(const struct run *run, const struct task *task, enum rung rung,
		   const struct plan_range *range, struct prepared *prepared)
{
	const struct backing *backing = &task->backing;
	const bool text = task->kind == PLAN_TEXT;

	if (rung == RUNG_THP)
		return text ? thp_prepare_text(backing, range, run->sizes.thp, prepared)
			    : thp_prepare_data(range, run->sizes.thp, prepared);
	if (!text)
		return hugetlb_prepare_data(backing, range, prepared);
	if (run->options->share && !take_shared(run, task, range, prepared))
		return 0;
	return hugetlb_prepare_text(backing, range, prepared);
}

/*
 * Data on hugetlb pages is taken care of first, as the program may have been given it by then. The
 * lock and the lists of that are among the data where the program is static: so not in between.
 */
static int put_data(const struct task *task, enum rung rung, const struct plan_range *range,
		    struct prepared *prepared)
{
	const uintptr_t end = range->start + prepared->bytes;
	int failed = 0;

	if (rung == RUNG_HUGETLB) {
		failed = memory_take_range(range->start, end, task->lasting, range->protection);
		if (failed) {
			backing_drop(prepared);
			return failed;
		}
	}
	failed = swap_in_data(&task->backing, range, prepared);
	if (failed && rung == RUNG_HUGETLB)
		memory_forget_range(range->start, end);
	return failed;
}

/* Puts as much of the range as it can on a rung's pages. Returns how many bytes, or -errno. */
static long take_rung(const struct run *run, const struct task *task, enum rung rung,
		      const struct plan_range *range)
{
	struct prepared prepared;
	long bytes;
	int failed;

	if (rung == RUNG_FILE)
		return file_make_huge(range, run->sizes.thp);
	failed = prepare(run, task, rung, range, &prepared);
	if (failed)
		return failed;
	bytes = (long)prepared.bytes;
	failed = task->kind == PLAN_TEXT ? swap_in(range, &prepared)
					 : put_data(task, rung, range, &prepared);
	return failed ? failed : bytes;
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
static void take_all(struct run *run, struct task *task, enum rung rung)
{
	const struct plan_rules rules = rules_of(run, task, rung);
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
		remember(run, &range, (size_t)got);
		task->got_bytes[rung] += (size_t)got;
		if (rung != RUNG_FILE)
			log_mapped(task, &range, (size_t)got);
		log_info("%s of %s: 0x%lx-0x%lx: %lu of %lu kB on %s pages", task->name,
			 object_of(run, &range)->name, (unsigned long)range.start,
			 (unsigned long)range.end, (unsigned long)got >> 10,
			 (unsigned long)(range.end - range.start) >> 10, rung_names[rung]);
	}
}

static size_t planned_for(const struct run *run, const struct task *task, enum rung rung)
{
	struct plan_rules rules = rules_of(run, task, rung);
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

		/* data is the process's own, and a debugger can't always write to hugetlb text */
		if (!text && rung == RUNG_FILE)
			rung = wanted == BACKING_FILE ? RUNG_THP : RUNGS;
		if (text && run->traced && rung == RUNG_HUGETLB)
			rung = wanted == BACKING_HUGETLB ? RUNG_THP : RUNGS;
		if (rung == RUNGS || (rung != RUNG_HUGETLB && !thp) ||
		    (rung == RUNG_HUGETLB && !task->backing.source.page_bytes))
			continue;
		task->ladder[task->rungs++] = rung;
	}
}

bool task_wants_hugetlb(const struct task *task)
{
	for (int i = 0; i < task->rungs; i++)
		if (task->ladder[i] == RUNG_HUGETLB)
			return true;
	return false;
}

void task_forgo_hugetlb(struct task *task)
{
	int kept = 0;

	for (int i = 0; i < task->rungs; i++)
		if (task->ladder[i] != RUNG_HUGETLB)
			task->ladder[kept++] = task->ladder[i];
	task->rungs = kept;
}

/* The hugetlb pages for a task. Says so itself where the size can't be had. */
static int choose_pages(const struct run *run, struct task *task)
{
	static char mounts[2][256];
	const struct options *options = run->options;
	struct source *source = &task->backing.source;
	char *mount = mounts[task->kind == PLAN_DATA];
	size_t bytes =
		task->kind == PLAN_DATA ? options->data_page_bytes : options->text_page_bytes;

	if (!bytes)
		bytes = options->default_page_bytes;
	if (bytes && !sizes_have(&run->sizes, bytes)) {
		log_declined("it stays where it is", "%s: this machine has no huge pages of %lu kB",
			     task->name, (unsigned long)(bytes >> 10));
		return -EINVAL;
	}
	source->page_bytes = bytes ? bytes : run->sizes.default_huge;
	source->hugetlb = true;
	source->reserve = !options->no_reserve;
	source->populate = !options->no_prefault;
	source->populate_write = source_can_populate_write();
	source->memfd = true;
	if (source->page_bytes && !mount_find(source->page_bytes, options->path, mount, 256))
		source->mount = mount;
	else if (options->path)
		log_warning_once("%s: HUGETLB_PATH=%s is no hugetlbfs mount for pages of %lu kB "
				 "that this user may write to; pages are taken without a mount",
				 task->name, options->path,
				 (unsigned long)(source->page_bytes >> 10));
	task->backing.copy_all = options->copy_all;
	if (task->lasting)
		*task->lasting = *source;
	return 0;
}

long task_plan(struct run *run, struct task *task)
{
	int failed = choose_pages(run, task);

	if (failed)
		return failed;
	choose_ladder(run, task);
	if (!task->rungs) {
		log_declined("it stays where it is", "%s: this kernel has no huge pages for it",
			     task->name);
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

static size_t all_got(const struct task *task)
{
	return task->got_bytes[RUNG_HUGETLB] + task->got_bytes[RUNG_FILE] +
	       task->got_bytes[RUNG_THP];
}

void task_carry_out(struct run *run, struct task *task)
{
	task->backing.pieces = run->pieces.items;
	task->backing.piece_count = run->pieces.count;
	for (int i = 0; i < task->rungs && all_got(task) < task->planned_bytes; i++)
		take_all(run, task, task->ladder[i]);
}

/* How much was asked for that is not as asked. A debugger's process is not meant to have hugetlb
 * text. */
static size_t missing(const struct run *run, const struct task *task)
{
	const enum segment_backing wanted = run->options->backing;
	const bool hugetlb = (wanted == BACKING_LADDER || wanted == BACKING_HUGETLB) &&
			     !(run->traced && task->kind == PLAN_TEXT);
	const size_t got = hugetlb ? task->got_bytes[RUNG_HUGETLB] : all_got(task);

	return got < task->planned_bytes ? task->planned_bytes - got : 0;
}

static void describe_reason(const struct run *run, const struct task *task, char *out, size_t bytes)
{
	const unsigned long page_kb = task->backing.source.page_bytes >> 10;
	const enum segment_backing wanted = run->options->backing;

	if (wanted == BACKING_FILE && (!task->error || task->error == -ENOMEM))
		text_format(out, bytes,
			    task->error ? "its pages in the cache are small and stay so"
					: "its address and its place in the file disagree: see "
					  "hugeedit --align");
	else if (wanted != BACKING_THP && task->error && page_kb &&
		 (task->error == -ENOMEM || task->error == -ENOSPC || task->error == -EFAULT))
		text_format(out, bytes, "the pool of %lu kB pages is short, error %d", page_kb,
			    -task->error);
	else if (!task->error)
		text_format(out, bytes, "no whole page of %lu kB lies in a segment", page_kb);
	else
		text_format(out, bytes, "error %d", -task->error);
}

int task_tell(const struct run *run, const struct task *text, const struct task *data)
{
	const size_t missing_text = missing(run, text), missing_data = missing(run, data);
	const struct task *task = missing_text ? text : data;
	const size_t planned = text->planned_bytes + data->planned_bytes;
	const size_t got = all_got(text) + all_got(data);
	char otherwise[160], reason[96];

	if (!missing_text && !missing_data)
		return 0;
	text_format(otherwise, sizeof(otherwise),
		    "%lu kB are on the file's own huge pages, %lu kB on transparent huge pages, "
		    "%lu kB stay on small pages",
		    (unsigned long)(text->got_bytes[RUNG_FILE] + data->got_bytes[RUNG_FILE]) >> 10,
		    (unsigned long)(text->got_bytes[RUNG_THP] + data->got_bytes[RUNG_THP]) >> 10,
		    (unsigned long)(got < planned ? planned - got : 0) >> 10);
	describe_reason(run, task, reason, sizeof(reason));
	log_declined(
		otherwise, "%s: %lu of %lu kB could not be put on %s pages (%s)",
		text->planned_bytes && data->planned_bytes ? "text and data" : task->name,
		(unsigned long)(missing_text + missing_data) >> 10, (unsigned long)planned >> 10,
		run->options->backing == BACKING_LADDER || run->options->backing == BACKING_HUGETLB
			? "hugetlb"
			: "huge",
		reason);
	return task->error ? task->error : -ENOMEM;
}
