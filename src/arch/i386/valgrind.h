/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The instructions that valgrind answers: i386.
 */
#ifndef CPU_VALGRIND_H
#define CPU_VALGRIND_H

#define VALGRIND_SEQUENCE     \
	"roll $3, %%edi\n\t"  \
	"roll $13, %%edi\n\t" \
	"roll $29, %%edi\n\t" \
	"roll $19, %%edi\n\t" \
	"xchgl %%ebx, %%ebx"

#include "../x86/valgrind.h"

#endif
