/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system call that a thread is in: see shown_call.h.
 */
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "region/shown_call.h"

#define WORDS 8 /* after the number: the arguments, the stack, the instruction */

/* The next word, hexadecimal after "0x". False: there is none. */
static bool parse_word(const char **text, uint64_t *word)
{
	const char *at = *text;

	while (*at == ' ')
		at++;
	if (at[0] != '0' || at[1] != 'x')
		return false;
	*word = 0;
	for (at += 2; (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'); at++)
		*word = *word << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	*text = at;
	return true;
}

/* -1: /proc does not say. */
static long count_sleeps(long process, int id)
{
	static const char name[] = "voluntary_ctxt_switches:";
	char path[64], text[4096];
	const char *at;
	long count = 0;

	text_format(path, sizeof(path), "/proc/%d/task/%d/status", (int)process, id);
	if (SYS_IS_ERROR(sys_read_file(path, text, sizeof(text))))
		return -1;
	at = strstr(text, name);
	if (!at)
		return -1;
	for (at += sizeof(name) - 1; *at == ' ' || *at == '\t'; at++)
		;
	for (; *at >= '0' && *at <= '9'; at++)
		count = count * 10 + (*at - '0');
	return count;
}

bool shown_call_read(struct shown_call *call, long process, int id)
{
	char path[64], text[256];
	const char *at = text;
	uint64_t words[WORDS];
	long number = 0;

	*call = (struct shown_call){.number = -1, .sleeps = count_sleeps(process, id)};
	text_format(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)process, id);
	if (SYS_IS_ERROR(sys_read_file(path, text, sizeof(text))) || *at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (*at - '0');
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
