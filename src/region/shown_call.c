/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system call that a thread is in: see shown_call.h.
 */
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "proc/status.h"
#include "region/shown_call.h"

#define WORDS 8 /* after the number: the arguments, the stack, the instruction */

/* The next word, hexadecimal after "0x". False: there is none. */
static bool parse_word(const char **text, uint64_t *word)
{
	while (**text == ' ')
		++*text;
	if ((*text)[0] != '0' || (*text)[1] != 'x')
		return false;
	*text += 2;
	*word = word_number(text, 16);
	return true;
}

/* -1: /proc does not say. */
static long count_sleeps(long process, int id)
{
	uint64_t count;
	char path[64];

	text_format(path, sizeof(path), "/proc/%d/task/%d/status", (int)process, id);
	return status_number(path, "voluntary_ctxt_switches:", 10, &count) ? (long)count : -1;
}

bool shown_call_read(struct shown_call *call, long process, int id)
{
	char path[64], text[256];
	const char *at = text;
	uint64_t words[WORDS];
	long number;

	*call = (struct shown_call){.number = -1, .sleeps = count_sleeps(process, id)};
	text_format(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)process, id);
	if (SYS_IS_ERROR(sys_read_file(path, text, sizeof(text))) || *at < '0' || *at > '9')
		return false;
	number = (long)word_number(&at, 10);
	for (int i = 0; i < WORDS; i++)
		if (!parse_word(&at, &words[i]))
			return false;
	memcpy(call->arguments, words, sizeof(call->arguments));
	call->stack = words[6];
	call->instruction = words[7];
	call->number = number;
	return true;
}

bool shown_call_lasted(const struct shown_call *call, long process, int id)
{
	return call->number >= 0 && call->sleeps >= 0 &&
	       count_sleeps(process, id) == call->sleeps + 1;
}
