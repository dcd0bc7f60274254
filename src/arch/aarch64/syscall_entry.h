/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entry point that replaces libc's syscall(2): arm64.
 *
 * The library does nothing for most calls, and some (clone with a stack) must find neither a frame
 * nor a changed stack when they return. So a call whose number is not in the table
 * call_syscall_seen is made here, as libc makes it, without using the stack. The other calls
 * continue to call_syscall_ours(), with all arguments in place; those with 2 in the table do so
 * only if call_syscall_is_ours() returns true. An error continues to call_syscall_failed(), with
 * the kernel's result as its argument.
 */
#ifndef CPU_SYSCALL_ENTRY_H
#define CPU_SYSCALL_ENTRY_H

/* The table has `numbers` entries of one byte. */
#define CPU_SYSCALL_ENTRY(numbers)                        \
	__asm__(".pushsection .text\n"                    \
		"	.balign	16\n"                           \
		"	.globl	call_syscall\n"                  \
		"	.hidden	call_syscall\n"                 \
		"	.type	call_syscall, %function\n"        \
		"call_syscall:\n"                         \
		"	.cfi_startproc\n"                       \
		"	hint	#34\n" /* bti c */        \
		"	mov	w8, w0\n"                           \
		"	cmp	w8, #" #numbers "\n"      \
		"	b.hs	1f\n"                              \
		"	adrp	x9, call_syscall_seen\n"           \
		"	add	x9, x9, :lo12:call_syscall_seen\n"  \
		"	ldrb	w9, [x9, x8]\n"                    \
		"	cbz	w9, 1f\n"                           \
		"	cmp	w9, #1\n"                           \
		"	b.eq	3f\n"                              \
		"	stp	x29, x30, [sp, #-80]!\n"            \
		"	.cfi_adjust_cfa_offset 80\n"            \
		"	.cfi_rel_offset x30, 8\n"               \
		"	stp	x0, x1, [sp, #16]\n"                \
		"	stp	x2, x3, [sp, #32]\n"                \
		"	stp	x4, x5, [sp, #48]\n"                \
		"	str	x6, [sp, #64]\n"                    \
		"	bl	call_syscall_is_ours\n"              \
		"	mov	w9, w0\n"                           \
		"	ldr	x6, [sp, #64]\n"                    \
		"	ldp	x4, x5, [sp, #48]\n"                \
		"	ldp	x2, x3, [sp, #32]\n"                \
		"	ldp	x0, x1, [sp, #16]\n"                \
		"	ldp	x29, x30, [sp], #80\n"              \
		"	.cfi_adjust_cfa_offset -80\n"           \
		"	.cfi_restore x30\n"                     \
		"	tst	w9, #0xff\n"                        \
		"	b.eq	4f\n"                              \
		"3:\n"                                    \
		"	b	call_syscall_ours\n"                  \
		"4:\n"                                    \
		"	mov	w8, w0\n"                           \
		"1:\n"                                    \
		"	mov	x0, x1\n"                           \
		"	mov	x1, x2\n"                           \
		"	mov	x2, x3\n"                           \
		"	mov	x3, x4\n"                           \
		"	mov	x4, x5\n"                           \
		"	mov	x5, x6\n"                           \
		"	svc	#0\n"                               \
		"	cmn	x0, #4095\n"                        \
		"	b.cs	2f\n"                              \
		"	ret\n"                                  \
		"2:\n"                                    \
		"	b	call_syscall_failed\n"                \
		"	.cfi_endproc\n"                         \
		"	.size	call_syscall, . - call_syscall\n" \
		"	.popsection\n")

#endif
