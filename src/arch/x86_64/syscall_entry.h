/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entry point that replaces libc's syscall(2): x86-64.
 *
 * The library does nothing for most calls, and some (vfork, clone with a stack) must find neither a
 * frame nor a changed stack when they return. So a call whose number is not in the table
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
		"	.type	call_syscall, @function\n"        \
		"call_syscall:\n"                         \
		"	.cfi_startproc\n"                       \
		"	endbr64\n"                              \
		"	mov	%edi, %eax\n"                       \
		"	cmp	$" #numbers ", %eax\n"    \
		"	jae	1f\n"                               \
		"	lea	call_syscall_seen(%rip), %r11\n"    \
		"	cmpb	$1, (%r11,%rax)\n"                 \
		"	je	call_syscall_ours\n"                 \
		"	jb	1f\n"                                \
		"	push	%rdi\n"                            \
		"	push	%rsi\n"                            \
		"	push	%rdx\n"                            \
		"	push	%rcx\n"                            \
		"	push	%r8\n"                             \
		"	push	%r9\n"                             \
		"	sub	$8, %rsp\n"                         \
		"	.cfi_adjust_cfa_offset 56\n"            \
		"	call	call_syscall_is_ours\n"            \
		"	add	$8, %rsp\n"                         \
		"	pop	%r9\n"                              \
		"	pop	%r8\n"                              \
		"	pop	%rcx\n"                             \
		"	pop	%rdx\n"                             \
		"	pop	%rsi\n"                             \
		"	pop	%rdi\n"                             \
		"	.cfi_adjust_cfa_offset -56\n"           \
		"	test	%al, %al\n"                        \
		"	jne	call_syscall_ours\n"                \
		"1:\n"                                    \
		"	mov	%rdi, %rax\n"                       \
		"	mov	%rsi, %rdi\n"                       \
		"	mov	%rdx, %rsi\n"                       \
		"	mov	%rcx, %rdx\n"                       \
		"	mov	%r8, %r10\n"                        \
		"	mov	%r9, %r8\n"                         \
		"	mov	8(%rsp), %r9\n"                     \
		"	syscall\n"                              \
		"	cmp	$-4095, %rax\n"                     \
		"	jae	2f\n"                               \
		"	ret\n"                                  \
		"2:\n"                                    \
		"	mov	%rax, %rdi\n"                       \
		"	jmp	call_syscall_failed\n"              \
		"	.cfi_endproc\n"                         \
		"	.size	call_syscall, . - call_syscall\n" \
		"	.popsection\n")

#endif
