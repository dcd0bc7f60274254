/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text of many small pages, each with a function that returns its number and the file's VERSION,
 * so that text which is lost, moved or another program's shows itself.
 */
#ifndef BIG_TEXT_H
#define BIG_TEXT_H

#include "test.h"

#ifndef VERSION
#define VERSION 1
#endif
#define TEXT_PAGES 4000 /* of 4K, and fewer than 65536 / 16: an instruction holds the number */

#define TEXT_OF(value)  TEXT_OF_(value)
#define TEXT_OF_(value) #value

#if defined(__x86_64__) || defined(__i386__)
#define RETURN_NUMBER ".byte 0xb8\n.long number\n.byte 0xc3\n"
#elif defined(__aarch64__)
/* with a landing pad, for pages where indirect branches need one */
#define RETURN_NUMBER ".long 0xd503245f, 0x52800000 + (number << 5), 0xd65f03c0\n"
#else
#error "the bytes of a function that returns a number are missing for this CPU"
#endif

__asm__(".pushsection .text.big, \"ax\"\n.balign 4096\n.hidden big_text\n.globl "
	"big_text\nbig_text:\n"
	".set number, " TEXT_OF(VERSION) "\n.rept " TEXT_OF(
		TEXT_PAGES) "\n.balign 4096\n" RETURN_NUMBER
			    ".set number, number + 16\n.endr\n.balign 4096\n.popsection\n");

extern __attribute__((visibility("hidden"))) char big_text[];

static inline void check_big_text(int version)
{
	for (int page = 0; page < TEXT_PAGES; page++) {
		int (*function)(void) = (int (*)(void))(uintptr_t)(big_text + 4096 * page);

		CHECK(function() == version + 16 * page, "page %d of text returns %d", page,
		      function());
	}
}

#endif
