/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verdict of --compare: time, CPU time and memory, each with its confidence, and the cause of a
 * loss as far as the figures show it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/hugectl/compare.h"

/* A difference below this is not worth mentioning, however certain it is. */
#define WORTH_A_WORD 0.01

/* Memory is sampled: a peak that lasts less than a thirty-second of the run is missed on hugetlb
 * pages only, so that little less memory means nothing. */
#define MORE_MEMORY 0.05
#define LESS_MEMORY 0.10

/* With a wider interval, "no difference" would claim too much. */
#define WIDE 0.10

/* CPU time is part of the verdict where it says something else than the time: by more than this. */
#define APART 0.05

/* What the start of a process on huge pages may take more. */
#define START_SECONDS 0.001

static enum verdict verdict_beyond(const struct ratio *ratio, double less, double more)
{
	if (!ratio->known)
		return VERDICT_UNSURE;
	if (ratio->high < 1 && ratio->mean < 1 - less)
		return VERDICT_LESS;
	if (ratio->low > 1 && ratio->mean > 1 + more)
		return VERDICT_MORE;
	return ratio->high - ratio->low > WIDE ? VERDICT_UNSURE : VERDICT_NONE;
}

static enum cause cause_of(const struct evidence *evidence, bool slower)
{
	const double cpu = evidence->cpu[1] - evidence->cpu[0];
	const double lost = slower ? evidence->seconds[1] - evidence->seconds[0] : cpu;
	const double kernel = evidence->kernel[1] - evidence->kernel[0];

	if (cpu < lost / 2)
		return CAUSE_WAITS;
	if (lost < START_SECONDS && !evidence->forked)
		return CAUSE_START;
	if (kernel < lost / 2)
		return CAUSE_PROGRAM;
	return evidence->forked ? CAUSE_PROCESSES : CAUSE_CLEARING;
}

struct verdicts verdicts_of(const struct evidence *evidence)
{
	struct verdicts verdicts = {
		.time = verdict_beyond(&evidence->time_ratio, WORTH_A_WORD, WORTH_A_WORD),
		.cpu = verdict_beyond(&evidence->cpu_ratio, WORTH_A_WORD, WORTH_A_WORD),
		.memory = verdict_beyond(&evidence->memory_ratio, LESS_MEMORY, MORE_MEMORY),
	};

	if (verdicts.time == VERDICT_MORE ||
	    (verdicts.time != VERDICT_LESS && verdicts.cpu == VERDICT_MORE))
		verdicts.cause = cause_of(evidence, verdicts.time == VERDICT_MORE);
	return verdicts;
}

static void __attribute__((format(printf, 3, 4)))
add_text(char *text, size_t bytes, const char *format, ...)
{
	const size_t used = strnlen(text, bytes);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, bytes - used, format, arguments);
	va_end(arguments);
}

/* The time's part is the whole verdict, or the first of several. */
static void add_time(const struct ratio *ratio, enum verdict verdict, bool alone, char *text,
		     size_t bytes)
{
	if (!ratio->known)
		add_text(text, bytes, "not sure: two pairs of runs are needed at least");
	else if (verdict == VERDICT_LESS || verdict == VERDICT_MORE)
		add_text(text, bytes, "%.0f %% %s, sure (%.2f to %.2f of plain's time)",
			 (verdict == VERDICT_LESS ? 1 - ratio->mean : ratio->mean - 1) * 100,
			 verdict == VERDICT_LESS ? "faster" : "slower", ratio->low, ratio->high);
	else if (!alone)
		add_text(text, bytes, "%s (%.2f to %.2f of plain's time)",
			 verdict == VERDICT_NONE ? "same time" : "time not sure", ratio->low,
			 ratio->high);
	else
		add_text(text, bytes, "%s: %.2f to %.2f of plain's time%s",
			 verdict == VERDICT_NONE ? "no difference" : "not sure", ratio->low,
			 ratio->high, verdict == VERDICT_NONE ? "" : "; more runs may show it");
}

/* A part after the time's: "but" where it is a gain beside a loss or a loss beside a gain. */
static void add_part(const struct ratio *ratio, enum verdict verdict, enum verdict time,
		     const char *what, char *text, size_t bytes)
{
	const bool against = (time == VERDICT_LESS && verdict == VERDICT_MORE) ||
			     (time == VERDICT_MORE && verdict == VERDICT_LESS);

	add_text(text, bytes, ", %s%.0f %% %s %s, sure (%.2f to %.2f", against ? "but " : "",
		 (verdict == VERDICT_LESS ? 1 - ratio->mean : ratio->mean - 1) * 100,
		 verdict == VERDICT_LESS ? "less" : "more", what, ratio->low, ratio->high);
}

static bool is_sure(enum verdict verdict)
{
	return verdict == VERDICT_LESS || verdict == VERDICT_MORE;
}

/* CPU time that changed as the time did needs no words of its own. */
static bool cpu_is_told(const struct evidence *evidence, const struct verdicts *verdicts)
{
	const double apart = evidence->cpu_ratio.mean - evidence->time_ratio.mean;

	return is_sure(verdicts->cpu) &&
	       (verdicts->cpu != verdicts->time || apart > APART || apart < -APART);
}

void verdicts_text(const struct evidence *evidence, const struct verdicts *verdicts, char *text,
		   size_t bytes)
{
	const bool cpu = cpu_is_told(evidence, verdicts), memory = is_sure(verdicts->memory);
	const double memory_kb = evidence->memory_kb[1] - evidence->memory_kb[0];

	*text = 0;
	add_time(&evidence->time_ratio, verdicts->time, !cpu && !memory, text, bytes);
	if (cpu) {
		add_part(&evidence->cpu_ratio, verdicts->cpu, verdicts->time, "CPU time", text,
			 bytes);
		add_text(text, bytes, ")");
	}
	if (memory) {
		add_part(&evidence->memory_ratio, verdicts->memory, verdicts->time, "memory", text,
			 bytes);
		add_text(text, bytes, "; %.1f MB)",
			 (memory_kb < 0 ? -memory_kb : memory_kb) / 1024);
	}
}

void cause_text(const struct evidence *evidence, enum cause cause, char *text, size_t bytes)
{
	*text = 0;
	switch (cause) {
	case CAUSE_NONE:
		break;
	case CAUSE_WAITS:
		add_text(text, bytes,
			 "The program does not work more, it waits more: for input or output, "
			 "locks, "
			 "or a CPU that others use.");
		break;
	case CAUSE_START:
		add_text(text, bytes,
			 "The program is short: it takes %.2f ms more, about what the library's "
			 "start and the first huge page cost.",
			 (evidence->cpu[1] - evidence->cpu[0]) * 1000);
		break;
	case CAUSE_PROGRAM:
		add_text(text, bytes, "The difference is not in the kernel.");
		break;
	case CAUSE_PROCESSES:
		add_text(text, bytes,
			 "The kernel copies huge pages at each fork, or clears them for each "
			 "process: try --auto, --fork=cow, or fewer features (--compare=each).");
		break;
	case CAUSE_CLEARING:
		add_text(text, bytes,
			 "The kernel works %.3f s more: it clears huge pages that are hardly "
			 "used, or makes room for them.",
			 evidence->kernel[1] - evidence->kernel[0]);
		break;
	}
}
