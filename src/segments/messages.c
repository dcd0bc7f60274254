/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is reported about text and data: see messages.h.
 */
#include <errno.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words.h"
#include "proc/confinement.h"
#include "segments/find.h"
#include "segments/messages.h"

static bool asks_for_hugetlb(const struct run *run)
{
	return run->options->backing == BACKING_LADDER || run->options->backing == BACKING_HUGETLB;
}

/* The bytes that are not on the pages that were requested. A traced process gets no hugetlb text.
 */
static size_t missing(const struct run *run, const struct task *task)
{
	const bool text = task->kind == PLAN_TEXT;
	size_t got = task_got(task);

	if (asks_for_hugetlb(run) && !(run->traced && text))
		got = task->got_bytes[RUNG_HUGETLB];
	else if (run->options->backing == BACKING_FILE && text)
		got = task->got_bytes[RUNG_FILE];
	return got < task->planned_bytes ? task->planned_bytes - got : 0;
}

/* Why the file's own pages cannot be huge: its place in memory, or changes to it. */
static const char *reason_of_place(const struct run *run, const struct task *task)
{
	const struct plan_piece *pieces = run->pieces.items;

	for (size_t i = 0; i < run->pieces.count; i++)
		if (pieces[i].kind == task->kind && pieces[i].wanted && pieces[i].file &&
		    pieces[i].end - pieces[i].start >= run->sizes.thp &&
		    (pieces[i].offset - pieces[i].start) % run->sizes.thp)
			return "its address and file offset do not allow huge pages: see hugeedit "
			       "--align";
	return "it was changed in memory";
}

static void describe_reason(const struct run *run, const struct task *task, char *out, size_t bytes)
{
	const unsigned long page_kb = task->backing.source.page_bytes >> 10;
	const enum segment_backing wanted = run->options->backing;
	char policy[160];

	if (asks_for_hugetlb(run) && !run->traced && !task_wants(task, RUNG_HUGETLB))
		text_format(out, bytes, "libc could not be hooked");
	else if (wanted == BACKING_FILE && (!task->error || task->error == -ENOMEM))
		text_format(out, bytes, "%s",
			    task->error ? "its cached pages are small and cannot be replaced now"
					: reason_of_place(run, task));
	else if (wanted != BACKING_THP && task->error && page_kb &&
		 (task->error == -ENOMEM || task->error == -ENOSPC || task->error == -EFAULT))
		text_format(out, bytes, "the pool of %lu kB pages is short: %s", page_kb,
			    error_name(task->error));
	else if (!task->error)
		text_format(out, bytes, "no whole page of %lu kB lies in a segment", page_kb);
	else if (task->error == -EACCES && confinement_describe(policy, sizeof(policy)))
		text_format(out, bytes, "a security policy forbids it: %s", policy);
	else
		text_format(out, bytes, "%s", error_name(task->error));
}

static const char *name_of_pages(const struct run *run)
{
	if (asks_for_hugetlb(run))
		return "hugetlb";
	return run->options->backing == BACKING_FILE ? "the file's own huge" : "huge";
}

int messages_shortfall(struct run *run, const struct task *text, const struct task *data)
{
	const size_t missing_text = missing(run, text), missing_data = missing(run, data);
	const struct task *task = missing_text ? text : data;
	const size_t planned = text->planned_bytes + data->planned_bytes;
	const size_t as_asked = planned - missing_text - missing_data;
	const size_t got = task_got(text) + task_got(data);
	char otherwise[160], reason[224], shortage[352];

	if (!missing_text && !missing_data)
		return 0;
	text_format(otherwise, sizeof(otherwise),
		    "%lu kB are on the file's own huge pages, %lu kB on transparent huge pages, "
		    "%lu kB stay on small pages",
		    (unsigned long)(text->got_bytes[RUNG_FILE] + data->got_bytes[RUNG_FILE]) >> 10,
		    (unsigned long)(text->got_bytes[RUNG_THP] + data->got_bytes[RUNG_THP]) >> 10,
		    (unsigned long)(got < planned ? planned - got : 0) >> 10);
	describe_reason(run, task, reason, sizeof(reason));
	text_format(shortage, sizeof(shortage), "%s: %lu of %lu kB (%lu %%) are on %s pages (%s)",
		    text->planned_bytes && data->planned_bytes ? "text and data" : task->name,
		    (unsigned long)as_asked >> 10, (unsigned long)planned >> 10,
		    (unsigned long)((uint64_t)as_asked * 100 / planned), name_of_pages(run),
		    reason);
	if (run->told)
		log_info("%s: %s", shortage, otherwise);
	else
		log_declined(otherwise, "%s", shortage);
	run->told = true;
	return task->error ? task->error : -ENOMEM;
}

void messages_absent_objects(const struct options *options)
{
	const char *list = options->objects;

	while (log_at(LOG_INFO) && list && *list) {
		size_t length = word_bytes(list += *list == '-', ':');
		char word[128];

		text_format(word, length < sizeof(word) ? length + 1 : sizeof(word), "%s", list);
		if (length && !find_named(list, length))
			log_info("HUGETLB_ELFMAP_OBJECTS: no loaded object is named %s", word);
		list += length;
		list += *list == ':';
	}
}
