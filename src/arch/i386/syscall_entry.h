/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entry point that takes the place of libc's syscall(2): i386.
 *
 * Arguments are on the stack, and stay there: a call whose number is in the table call_syscall_seen
 * goes on to call_syscall_ours(); those with 2 in the table only where call_syscall_is_ours() says
 * so. The others are made here as libc makes them, with the same registers saved in the same order
 * (a child on a stack of its own returns by what its parent has laid out there). An error goes on
 * to call_syscall_failed(), with the kernel's result as its argument.
 */
#ifndef CPU_SYSCALL_ENTRY_H
#define CPU_SYSCALL_ENTRY_H

/* The table has `numbers` entries of one byte. */
#define CPU_SYSCALL_ENTRY(numbers)                           \
	__asm__(".pushsection .text\n"                       \
		"	.balign	16\n"                              \
		"	.globl	call_syscall\n"                     \
		"	.hidden	call_syscall\n"                    \
		"	.type	call_syscall, @function\n"           \
		"call_syscall:\n"                            \
		"	.cfi_startproc\n"                          \
		"	movl	4(%esp), %eax\n"                      \
		"	cmpl	$" #numbers ", %eax\n"       \
		"	jae	1f\n"                                  \
		"	call	0f\n"                                 \
		"	.cfi_adjust_cfa_offset 4\n"                \
		"0:	popl	%ecx\n"                             \
		"	.cfi_adjust_cfa_offset -4\n"               \
		"	leal	call_syscall_seen - 0b(%ecx), %ecx\n" \
		"	cmpb	$1, (%ecx,%eax)\n"                    \
		"	je	call_syscall_ours\n"                    \
		"	jb	1f\n"                                   \
		"	pushl	12(%esp)\n"                          \
		"	pushl	12(%esp)\n"                          \
		"	pushl	12(%esp)\n"                          \
		"	.cfi_adjust_cfa_offset 12\n"               \
		"	call	call_syscall_is_ours\n"               \
		"	addl	$12, %esp\n"                          \
		"	.cfi_adjust_cfa_offset -12\n"              \
		"	testb	%al, %al\n"                          \
		"	jne	call_syscall_ours\n"                   \
		"1:	pushl	%ebp\n"                            \
		"	pushl	%edi\n"                              \
		"	pushl	%esi\n"                              \
		"	pushl	%ebx\n"                              \
		"	.cfi_adjust_cfa_offset 16\n"               \
		"	movl	44(%esp), %ebp\n"                     \
		"	movl	40(%esp), %edi\n"                     \
		"	movl	36(%esp), %esi\n"                     \
		"	movl	32(%esp), %edx\n"                     \
		"	movl	28(%esp), %ecx\n"                     \
		"	movl	24(%esp), %ebx\n"                     \
		"	movl	20(%esp), %eax\n"                     \
		"	int	$0x80\n"                               \
		"	popl	%ebx\n"                               \
		"	popl	%esi\n"                               \
		"	popl	%edi\n"                               \
		"	popl	%ebp\n"                               \
		"	.cfi_adjust_cfa_offset -16\n"              \
		"	cmpl	$-4095, %eax\n"                       \
		"	jae	2f\n"                                  \
		"	ret\n"                                     \
		"2:	subl	$8, %esp\n"                         \
		"	pushl	%eax\n"                              \
		"	.cfi_adjust_cfa_offset 12\n"               \
		"	call	call_syscall_failed\n"                \
		"	addl	$12, %esp\n"                          \
		"	.cfi_adjust_cfa_offset -12\n"              \
		"	ret\n"                                     \
		"	.cfi_endproc\n"                            \
		"	.size	call_syscall, . - call_syscall\n"    \
		"	.popsection\n")

#endif
