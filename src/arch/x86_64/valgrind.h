/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The instructions that valgrind answers: x86-64.
 */
#ifndef CPU_VALGRIND_H
#define CPU_VALGRIND_H

#define VALGRIND_SEQUENCE    \
	"rol $3, %%rdi\n\t"  \
	"rol $13, %%rdi\n\t" \
	"rol $61, %%rdi\n\t" \
	"rol $51, %%rdi\n\t" \
	"xchg %%rbx, %%rbx"

#include "../x86/valgrind.h"

#endif
